/* base64.c - see base64.h. */
#include "base/base64.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *p, size_t n, char *buf)
{
	char *at = buf;

	for (; n > 0; p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);

		*at++ = alphabet[v >> 18];
		*at++ = alphabet[v >> 12 & 63];
		*at++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
		*at++ = n > 2 ? alphabet[v & 63] : '=';
		n -= n > 3 ? 3 : n;
	}
	*at = '\0';
	return buf;
}

static int digit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

int base64_decode(const char *text, size_t len, uint8_t *buf, size_t *ret_n)
{
	uint32_t v = 0;
	size_t n = 0, digits = len;

	if (len >= 2 && len % 4 == 0 && text[len - 1] == '=')
		digits -= text[len - 2] == '=' ? 2 : 1;
	if (digits % 4 == 1)
		return FAIL(-EBADMSG);
	for (size_t i = 0; i < digits; i++) {
		int d = digit(text[i]);

		if (d < 0)
			return FAIL(-EBADMSG);
		v = v << 6 | (uint32_t)d;
		if (i % 4 > 0)
			buf[n++] = (uint8_t)(v >> (6 - i % 4 * 2));
	}
	*ret_n = n;
	return 0;
}
