/* test_password_encoder.c - what Apache Kafka 3.9.1 encoded is decoded, and there and back. */
#include "security/password_encoder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"

static void java_s_are_decoded(void **state)
{
	char *path = source_path("tests/security/data/java_passwords.txt");
	char line[1024];
	FILE *in = fopen(path, "re");
	int n = 0;

	(void)state;
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		char *rest = line, *secret = strsep(&rest, "\t"), *password = strsep(&rest, "\t");
		char *text = strsep(&rest, "\n"), *got = NULL;

		if (line[0] == '#')
			continue;
		assert_int_equal(0, password_decode(secret, text, &got));
		assert_string_equal(password, got);
		free(got);
		n++;
	}
	assert_int_equal(6, n);
	(void)fclose(in);
	free(path);
}

static char *encode(const char *secret, const char *password, const char *cipher, int32_t bits)
{
	struct password_encoding e = {cipher, bits, 1024};
	char why[PASSWORD_WHY_MAX], *text = NULL;

	assert_int_equal(0, password_encode(secret, password, &e, &text, why));
	return text;
}

static void there_and_back(void **state)
{
	static const char *const ciphers[] = {"AES/CBC/PKCS5Padding", "AES/CFB/NoPadding", "AES/CTR/NoPadding",
		"AES/GCM/NoPadding", "AES/OFB/NoPadding"};
	static const char *const passwords[] = {"", "x", "exactly16bytes..", "p\xc3\xa4ss \xf0\x9f\x98\x80,:="};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++)
		for (size_t j = 0; j < ARRAY_LEN(passwords); j++)
			for (int32_t bits = 128; bits <= 256; bits += 64) {
				char *text = encode("s", passwords[j], ciphers[i], bits), *got = NULL;

				assert_non_null(strstr(text, ciphers[i]));
				assert_int_equal(0, password_decode("s", text, &got));
				assert_string_equal(passwords[j], got);
				free(got);
				free(text);
			}
}

/* Two encodings of a password tell nobody that they are the same. */
static void salts_differ(void **state)
{
	char *a = encode("s", "x", PASSWORD_CIPHER_DEFAULT, 128);
	char *b = encode("s", "x", PASSWORD_CIPHER_DEFAULT, 128);

	(void)state;
	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

static void pairs_are_in_java_s_order(void **state)
{
	char *text = encode("s", "p\xc3\xa4ss", "AES/GCM/NoPadding", 256), *at = text;
	static const char *const pairs[] = {"initializationVector:", ",keyLength:256,", "salt:",
		",keyFactoryAlgorithm:PBKDF2WithHmacSHA512,cipherAlgorithm:AES/GCM/NoPadding,",
		"authenticationTagLength:128,iterations:1024,passwordLength:4,encryptedPassword:"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		at = strstr(at, pairs[i]);
		assert_non_null(at);
		at += strlen(pairs[i]);
	}
	free(text);
}

static void refuse(const char *cipher, int32_t bits, int32_t iterations, int code, const char *want)
{
	struct password_encoding e = {cipher, bits, iterations};
	char why[PASSWORD_WHY_MAX], *text = NULL;

	assert_int_equal(code, password_encode("s", "x", &e, &text, why));
	assert_string_equal(want, why);
	assert_null(text);
}

static void parameters_that_java_refuses(void **state)
{
	(void)state;
	refuse("FOO", 128, 1, -ENOTSUP, "java.security.NoSuchAlgorithmException: Cannot find any provider supporting FOO");
	refuse(PASSWORD_CIPHER_DEFAULT, 100, 1, -ENOTSUP,
		"java.security.InvalidKeyException: Invalid AES key length: 12 bytes");
	refuse(PASSWORD_CIPHER_DEFAULT, 0, 1, -EINVAL, "invalid keyLength value");
	refuse(PASSWORD_CIPHER_DEFAULT, 128, 0, -EINVAL, "invalid iterationCount value");
	refuse(PASSWORD_CIPHER_DEFAULT, 128, -1, -EINVAL, "invalid iterationCount value");
}

static void another_secret_or_damage_is_noticed(void **state)
{
	char *text = encode("s", "password", "AES/GCM/NoPadding", 128), *got = NULL;

	(void)state;
	assert_int_equal(-EINVAL, password_decode("t", text, &got));
	for (size_t i = 0; i < strlen(text); i++) {
		char before = text[i];

		text[i] = before == 'A' ? 'B' : 'A';
		if (password_decode("s", text, &got) == 0) {
			assert_string_equal("password", got); /* the pair is not needed to decode */
			free(got);
			got = NULL;
		}
		text[i] = before;
	}
	assert_null(got);
	for (size_t n = strlen(text); n-- > 0;) {
		text[n] = '\0';
		assert_int_equal(-EINVAL, password_decode("s", text, &got));
	}
	free(text);
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {"", ",,,", ":", "salt", "iterations:0", "keyLength:128,keyLength"};
	char *got = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-EINVAL, password_decode("s", bad[i], &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(java_s_are_decoded),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(salts_differ),
		cmocka_unit_test(pairs_are_in_java_s_order),
		cmocka_unit_test(parameters_that_java_refuses),
		cmocka_unit_test(another_secret_or_damage_is_noticed),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
