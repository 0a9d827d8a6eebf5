/* uuid.h - 16-byte ids as Kafka writes them: 22 characters of unpadded base64url. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define UUID_TEXT_LEN 22

struct uuid {
	uint8_t b[16];
};

#define UUID_ZERO ((struct uuid){ { 0 } })

/* Random version 4, not reserved (first 100 values), text not starting with '-' (protocol.md section 2). */
struct uuid uuid_random(void);
bool uuid_is_zero(struct uuid u);
bool uuid_eq(struct uuid a, struct uuid b);
/* buf has room for UUID_TEXT_LEN + 1; returns buf. */
char *uuid_text(struct uuid u, char *buf);
bool uuid_parse(struct str s, struct uuid *ret);

#endif
