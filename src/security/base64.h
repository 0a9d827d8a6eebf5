/* base64.h - binary values as text: the standard alphabet with padding (java.util.Base64). */
#ifndef SECURITY_BASE64_H
#define SECURITY_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Owned text. */
char *base64_encode(const uint8_t *p, size_t n);
/* The bytes of the first `len` characters; *ret is owned by the caller. 0, or -EINVAL: not base64 with padding. */
int base64_decode(const char *text, size_t len, uint8_t **ret, size_t *ret_n) MUST_CHECK;

#endif
