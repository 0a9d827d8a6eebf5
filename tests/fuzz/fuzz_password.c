/* fuzz_password.c - any text as an encoded password. What decodes is a password, so it can be encoded and comes back the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "security/password_encoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Many iterations are allowed, and only cost time here. */
static int is_slow(const char *text)
{
	const char *at = text;

	while ((at = strstr(at, "iterations:"))) {
		at += strlen("iterations:");
		if (strspn(at, "+0123456789") > 4)
			return 1;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct password_encoder encoder = {.secret = "the secret",
		.cipher = "AES/CBC/PKCS5Padding", .key_length = 128, .iterations = 1};
	char *text = xstrndup((const char *)data, size), *password, *again, *encoded;

	if (!is_slow(text) && password_decode("the secret", text, &password) == 0) {
		if (password_encode(&encoder, password, &encoded) != 0 ||
			password_decode("the secret", encoded, &again) != 0 || strcmp(again, password) != 0)
			abort();
		free(encoded);
		free(again);
		free(password);
	}
	free(text);
	return 0;
}
