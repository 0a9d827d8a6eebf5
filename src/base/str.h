/* str.h - borrowed strings and bytes: a pointer and a length, not NUL-terminated.
 *
 * Decoded requests point into the received frame through these. `len` -1 is the protocol's null.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	int32_t len; /* -1: null */
};

struct bytes {
	const uint8_t *p;
	int32_t len; /* -1: null */
};

#define STR_NULL    ((struct str){ NULL, -1 })
#define STR(lit)    ((struct str){ (lit), (int32_t)sizeof(lit) - 1 })
#define BYTES_NULL  ((struct bytes){ NULL, -1 })
/* printf("%.*s", STR_ARG(s)): a null prints as nothing. */
#define STR_ARG(s)  ((s).len > 0 ? (s).len : 0), ((s).len > 0 ? (s).p : "")

/* Borrows a C string; NULL becomes the null string. */
struct str str_of(const char *s);
bool str_eq(struct str a, struct str b);	  /* two nulls are equal */
bool str_is(struct str a, const char *s);	  /* compares with a C string; null is never equal */
int str_cmp(struct str a, struct str b);	  /* byte order; null sorts first */
char *str_dup(struct str s);			  /* owned C string; NULL for null */
/* Copies into buf, cut to fit and NUL-terminated; returns buf. */
char *str_copy(struct str s, char *buf, size_t size);
/* Writes s quoted and escaped for a log line ("a\x01b"; null without quotes), cut to fit; returns buf. */
char *str_quote(struct str s, char *buf, size_t size);
/* True when s is valid UTF-8 without NUL; a null string is. */
bool str_is_utf8(struct str s);
/* One code point at p, n > 0 bytes left. Its length in bytes; for malformed bytes *ret is U+FFFD and the
 * result is minus the number of bytes that it stands for (as Java's decoder replaces them). */
int utf8_decode(const char *p, size_t n, uint32_t *ret);
/* Writes at most 4 bytes, no NUL; `code` is a Unicode scalar value. Returns the length. */
size_t utf8_encode(uint32_t code, char *buf);
/* Has it more than `max` UTF-16 units, which is how Java counts a string's length? A null string has none. */
bool str_utf16_longer(struct str s, int32_t max);
/* Parses a whole decimal int64 within [min, max], Java's Long.parseLong syntax (sign allowed, no blanks). */
bool str_to_i64(struct str s, int64_t min, int64_t max, int64_t *ret);
/* java.lang.String.hashCode of the UTF-16 form (coordinator partition, static member hashes). */
int32_t str_java_hash(struct str s);

#endif
