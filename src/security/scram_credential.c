/* scram_credential.c - see scram_credential.h. */
#include "security/scram_credential.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/random.h"

static const struct {
	const char *name;
	size_t size;
	const EVP_MD *(*hash)(void);
} mechanisms[] = {
	[SCRAM_SHA_256] = {"SCRAM-SHA-256", 32, EVP_sha256},
	[SCRAM_SHA_512] = {"SCRAM-SHA-512", 64, EVP_sha512},
};

static bool known(enum scram_mechanism m)
{
	return m == SCRAM_SHA_256 || m == SCRAM_SHA_512;
}

const char *scram_mechanism_name(enum scram_mechanism m)
{
	return known(m) ? mechanisms[m].name : "UNKNOWN";
}

enum scram_mechanism scram_mechanism_find(const char *name)
{
	for (enum scram_mechanism m = SCRAM_SHA_256; m <= SCRAM_SHA_512; m++)
		if (strcmp(mechanisms[m].name, name) == 0)
			return m;
	return SCRAM_UNKNOWN;
}

size_t scram_hash_size(enum scram_mechanism m)
{
	return known(m) ? mechanisms[m].size : 0;
}

/* Divides the big-endian number by 36; returns the remainder. */
static unsigned divide(uint8_t *p, size_t n)
{
	unsigned rest = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned v = rest << 8 | p[i];

		p[i] = (uint8_t)(v / 36);
		rest = v % 36;
	}
	return rest;
}

char *scram_salt(char buf[SCRAM_SALT_MAX])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char text[SCRAM_SALT_MAX - 1]; /* 36 to the 26th is more than 2 to the 130th */
	uint8_t p[17];
	size_t zeros;

	random_bytes(p, sizeof(p));
	p[0] &= 3;
	for (size_t i = sizeof(text); i-- > 0;)
		text[i] = digits[divide(p, sizeof(p))];
	for (zeros = 0; zeros + 1 < sizeof(text) && text[zeros] == '0'; zeros++)
		;
	memcpy(buf, text + zeros, sizeof(text) - zeros);
	buf[sizeof(text) - zeros] = '\0';
	return buf;
}

int scram_salted_password(enum scram_mechanism m, const char *password, size_t len,
	const uint8_t *salt, size_t salt_len, int32_t iterations, uint8_t ret[SCRAM_HASH_MAX])
{
	if (!known(m) || len > INT_MAX || salt_len > INT_MAX || iterations < 1)
		return FAIL(-EINVAL);
	if (PKCS5_PBKDF2_HMAC(password, (int)len, salt, (int)salt_len, iterations,
		    mechanisms[m].hash(), (int)mechanisms[m].size, ret) != 1)
		return FAIL(-EINVAL);
	return 0;
}

static void hmac(enum scram_mechanism m, const uint8_t *key, const char *text, uint8_t *ret)
{
	unsigned size = SCRAM_HASH_MAX;

	if (!HMAC(mechanisms[m].hash(), key, (int)mechanisms[m].size, (const uint8_t *)text,
		    strlen(text), ret, &size))
		abort(); /* out of memory */
}

/* Base64; owned by the caller. */
static char *text_of(const uint8_t *p, size_t n)
{
	return base64_encode(p, n, xmalloc(BASE64_SIZE(n)));
}

char *scram_credential_text(enum scram_mechanism m, const uint8_t *salt, size_t salt_len,
	const uint8_t salted[SCRAM_HASH_MAX], int32_t iterations)
{
	uint8_t client[SCRAM_HASH_MAX], stored[SCRAM_HASH_MAX], server[SCRAM_HASH_MAX];
	char *salt_text, *stored_text, *server_text, *text;

	assert(known(m));
	hmac(m, salted, "Client Key", client);
	hmac(m, salted, "Server Key", server);
	if (EVP_Digest(client, mechanisms[m].size, stored, NULL, mechanisms[m].hash(), NULL) != 1)
		abort(); /* out of memory */
	salt_text = text_of(salt, salt_len);
	stored_text = text_of(stored, mechanisms[m].size);
	server_text = text_of(server, mechanisms[m].size);
	text = xasprintf("salt=%s,stored_key=%s,server_key=%s,iterations=%d", salt_text,
		stored_text, server_text, iterations);
	OPENSSL_cleanse(client, sizeof(client));
	free(salt_text);
	free(stored_text);
	free(server_text);
	return text;
}
