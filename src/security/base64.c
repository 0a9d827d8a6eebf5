/* base64.c - see base64.h. */
#include "security/base64.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *p, size_t n)
{
	char *text = xmalloc((n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, p, (int)n);
	return text;
}

int base64_decode(const char *text, size_t len, uint8_t **ret, size_t *ret_n)
{
	size_t digits = len, padding;
	uint8_t *p;

	while (digits > 0 && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	padding = len - digits;
	if (len > INT_MAX || len % 4 != 0)
		return FAIL(-EINVAL);
	for (size_t i = 0; i < digits; i++)
		if (text[i] == '\0' || !strchr(alphabet, text[i]))
			return FAIL(-EINVAL);
	p = xmalloc(len / 4 * 3 + 1);
	EVP_DecodeBlock(p, (const unsigned char *)text, (int)len);
	*ret = p;
	*ret_n = len / 4 * 3 - padding;
	return 0;
}
