/* test_password_encoder.c - passwords that Apache Kafka encoded, our own, and bytes that are none. */
#include "security/password_encoder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"

#define SECRET "the secret"

static const struct password_encoder plain = {SECRET, NULL, "AES/CBC/PKCS5Padding", 128, 1024};

static void what_apache_encoded_is_read(void **state)
{
	const char *dir = getenv("TEST_SRCDIR");
	char *path = xasprintf("%s/tests/security/data/encoded-passwords.txt", dir ? dir : "."), *text, *save = NULL;
	int n = 0;

	(void)state;
	assert_int_equal(0, fs_read_file(path, 1 << 20, &text, NULL));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *password = strchr(line, '|'), *encoded = password ? strchr(password + 1, '|') : NULL, *got;

		if (*line == '#')
			continue;
		assert_non_null(encoded);
		*password++ = *encoded++ = '\0';
		assert_int_equal(0, password_decode(line, encoded, &got));
		assert_string_equal(password, got);
		free(got);
		assert_int_equal(-EBADMSG, password_decode("another secret", encoded, &got));
		n++;
	}
	assert_int_equal(11, n);
	free(text);
	free(path);
}

static void comes_back(const struct password_encoder *e, const char *password)
{
	char *encoded, *again, *got;

	assert_int_equal(0, password_encode(e, password, &encoded));
	assert_int_equal(0, password_encode(e, password, &again));
	assert_string_not_equal(encoded, again); /* salted */
	if (strlen(password) > 8)
		assert_null(strstr(encoded, password));
	assert_int_equal(0, password_decode(e->secret, encoded, &got));
	assert_string_equal(password, got);
	free(encoded);
	free(again);
	free(got);
}

static void our_own_come_back(void **state)
{
	static const char *const passwords[] = {"", "x", "exactly16bytes!!", "pässwörd😀",
		"-----BEGIN PRIVATE KEY-----\nMIIEvg,IBADANBg:kqhkiG9w0\n-----END PRIVATE KEY-----\n"};
	static const struct password_encoder ways[] = {
		{SECRET, NULL, "AES/CBC/PKCS5Padding", 128, 4096},
		{SECRET, "PBKDF2WithHmacSHA1", "AES/CBC/PKCS5Padding", 256, 1024},
		{SECRET, NULL, "AES/GCM/NoPadding", 192, 1024},
		{"ß", "PBKDF2WithHmacSHA256", "AES/CTR/NoPadding", 128, 1024},
		{SECRET, NULL, "DESede/CBC/PKCS5Padding", 192, 1024},
		{SECRET, NULL, "DES/CBC/PKCS5Padding", 64, 1024},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		for (size_t j = 0; j < ARRAY_LEN(passwords); j++) {
			/* GCM and the stream modes of Java take the empty text too */
			comes_back(&ways[i], passwords[j]);
		}
	}
}

static void the_fields_are_in_javas_order(void **state)
{
	static const char *const names[] = {"initializationVector:", ",keyLength:128,salt:",
		",keyFactoryAlgorithm:PBKDF2WithHmacSHA512,cipherAlgorithm:AES/CBC/PKCS5Padding,iterations:1024,"
		"passwordLength:10,encryptedPassword:"};
	char *encoded, *at;

	(void)state;
	assert_int_equal(0, password_encode(&plain, "pässwörd😀", &encoded)); /* ten UTF-16 units */
	at = encoded;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *found = strstr(at, names[i]);

		assert_non_null(found);
		at = found + strlen(names[i]);
	}
	assert_int_equal(24, strlen(at));
	free(encoded);
}

static void what_cannot_be_used_is_named(void **state)
{
	static const struct {
		struct password_encoder e;
		const char *names;
	} rows[] = {
		{{SECRET, "PBEWithMD5AndDES", "AES/CBC/PKCS5Padding", 128, 1024}, "keyfactory.algorithm=PBEWithMD5AndDES"},
		{{SECRET, NULL, "Blowfish/CBC/PKCS5Padding", 128, 1024}, "cipher.algorithm=Blowfish"},
		{{SECRET, NULL, "AES", 128, 1024}, "cipher.algorithm=AES "},
		{{SECRET, NULL, "AES/CBC/PKCS5Padding", 127, 1024}, "key.length=127"},
		{{SECRET, NULL, "DESede/CBC/PKCS5Padding", 128, 1024}, "key.length=128"},
	};
	char why[256], *encoded;

	(void)state;
	assert_int_equal(0, password_encoder_check(&plain, why, sizeof(why)));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(-EINVAL, password_encoder_check(&rows[i].e, why, sizeof(why)));
		assert_non_null(strstr(why, rows[i].names));
		assert_int_equal(-EINVAL, password_encode(&rows[i].e, "x", &encoded));
	}
	assert_int_equal(-EINVAL, password_encode(&plain, "\xff", &encoded));
}

/* One pair of an encoded password replaced by another. */
static void refused_with(const char *encoded, const char *name, const char *pair)
{
	const char *at = strstr(encoded, name), *rest;
	char *bad, *got;

	assert_non_null(at);
	rest = at + strcspn(at, ",");
	bad = xasprintf("%.*s%s%s", (int)(at - encoded), encoded, pair, rest);
	assert_int_equal(-EBADMSG, password_decode(SECRET, bad, &got));
	free(bad);
}

static void damaged_ones_are_refused(void **state)
{
	static const char *const nonsense[] = {"", "x", ",,,", ":", "a:b", "salt:", "password", "keyLength:128,salt:AA=="};
	char *encoded, *got;

	(void)state;
	assert_int_equal(0, password_encode(&plain, "password", &encoded));
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
		assert_int_equal(-EBADMSG, password_decode(SECRET, nonsense[i], &got));
	refused_with(encoded, "iterations", "iterations:0");
	refused_with(encoded, "iterations", "iterations:-5");
	refused_with(encoded, "iterations", "iterations:2147483647"); /* would take an hour */
	refused_with(encoded, "iterations", "iterations:99999999999");
	refused_with(encoded, "iterations", "iterations:1023");
	refused_with(encoded, "keyLength", "keyLength:129");
	refused_with(encoded, "keyLength", "keyLength:2147483647");
	refused_with(encoded, "passwordLength", "passwordLength:9");
	refused_with(encoded, "passwordLength", "x:9");
	refused_with(encoded, "salt", "salt:%%%%");
	refused_with(encoded, "initializationVector", "initializationVector:AAAA");
	refused_with(encoded, "encryptedPassword", "encryptedPassword:");
	refused_with(encoded, "encryptedPassword", "encryptedPassword:AAAA");
	refused_with(encoded, "cipherAlgorithm", "cipherAlgorithm:AES/GCM/NoPadding");
	refused_with(encoded, "cipherAlgorithm", "cipherAlgorithm:%d%s%n");
	refused_with(encoded, "keyFactoryAlgorithm", "keyFactoryAlgorithm:");
	for (size_t len = 0; len < strlen(encoded); len += 7) {
		char *cut = xstrndup(encoded, len);

		assert_int_equal(-EBADMSG, password_decode(SECRET, cut, &got));
		free(cut);
	}
	free(encoded);
}

static void blanks_around_pairs_do_not_matter(void **state)
{
	char *encoded, *spaced, *got;
	size_t n = 0;

	(void)state;
	assert_int_equal(0, password_encode(&plain, "password", &encoded));
	spaced = xcalloc(2, strlen(encoded) + 1);
	for (const char *p = encoded; *p; p++) {
		spaced[n++] = *p;
		if (*p == ',' || *p == ':')
			spaced[n++] = ' ';
	}
	assert_int_equal(0, password_decode(SECRET, spaced, &got));
	assert_string_equal("password", got);
	free(got);
	free(spaced);
	free(encoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_apache_encoded_is_read),
		cmocka_unit_test(our_own_come_back),
		cmocka_unit_test(the_fields_are_in_javas_order),
		cmocka_unit_test(what_cannot_be_used_is_named),
		cmocka_unit_test(damaged_ones_are_refused),
		cmocka_unit_test(blanks_around_pairs_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
