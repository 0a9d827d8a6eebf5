/* base64.h - standard base64 (RFC 4648 section 4).
 *
 * Pure. Thread: any.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Bytes of the text for n bytes, with the NUL; and at most so many bytes are in a text of n. */
#define BASE64_SIZE(n)	(((n) + 2) / 3 * 4 + 1)
#define BASE64_BYTES(n) (((n) + 3) / 4 * 3)

/* Writes padded, NUL-terminated text of BASE64_SIZE(n) bytes; returns buf. */
char *base64_encode(const uint8_t *p, size_t n, char *buf);
/* Decodes into `buf`, which holds BASE64_BYTES(len) bytes. Padding may be missing, as in Java; nothing else may be there.
 * 0 | -EBADMSG */
int base64_decode(const char *text, size_t len, uint8_t *buf, size_t *ret_n) MUST_CHECK;

#endif
