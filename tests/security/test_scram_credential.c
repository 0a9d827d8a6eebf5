/* test_scram_credential.c - credentials as Apache Kafka 3.9.1 and RFC 7677 have them. */
#include "base/base64.h"
#include "security/scram_credential.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"

static char *credential(enum scram_mechanism m, const char *password, const char *salt, int32_t iterations)
{
	uint8_t salted[SCRAM_HASH_MAX];

	assert_int_equal(0, scram_salted_password(m, password, strlen(password), (const uint8_t *)salt,
				    strlen(salt), iterations, salted));
	return scram_credential_text(m, (const uint8_t *)salt, strlen(salt), salted, iterations);
}

static void credentials_are_those_of_java(void **state)
{
	char *text;

	(void)state;
	text = credential(SCRAM_SHA_256, "pw", "n9i4blkixyz7w8d7e15vw0hmv", 8192);
	assert_string_equal("salt=bjlpNGJsa2l4eXo3dzhkN2UxNXZ3MGhtdg==,"
			    "stored_key=72yiKtqYeF2vEH73xsFq5Spa5r5+TEgC8BSvjHJY8HY=,"
			    "server_key=/MmUwfoXVxy+VGDm5gZ2FHrY3yflNMsVy0pTDelUJ2k=,iterations=8192",
		text);
	free(text);
	text = credential(SCRAM_SHA_512, "x=y,z", "295hqw1qp9y0svvlgpzvxdvnw", 4096);
	assert_string_equal("salt=Mjk1aHF3MXFwOXkwc3Z2bGdwenZ4ZHZudw==,"
			    "stored_key=2OuadGlh4BOFyWnO082nsBFn3zA+UFrM334w50nL7P9AnHQxV8wjGiusoDoiPdESTwDMJCCUMxLCKndzGvJoMQ==,"
			    "server_key=aQOANpYUolCsKj9l7IZCAcr+fxTu7qlgVwWhcqSTDrJiG9HQIElI0mP148cB1oTaggBh2RXSewk2b59e1HLYbA==,"
			    "iterations=4096",
		text);
	free(text);
}

static void the_vector_of_rfc_7677(void **state)
{
	uint8_t salt[BASE64_BYTES(24)], salted[SCRAM_HASH_MAX];
	size_t n;
	char *text;

	(void)state;
	assert_int_equal(0, base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==", 24, salt, &n));
	assert_int_equal(0, scram_salted_password(SCRAM_SHA_256, "pencil", 6, salt, n, 4096, salted));
	text = scram_credential_text(SCRAM_SHA_256, salt, n, salted, 4096);
	assert_string_equal("salt=W22ZaJ0SNY7soEsUEjb6gQ==,"
			    "stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
			    "server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=,iterations=4096",
		text);
	free(text);
}

static void names_and_sizes(void **state)
{
	(void)state;
	assert_int_equal(SCRAM_SHA_256, scram_mechanism_find("SCRAM-SHA-256"));
	assert_int_equal(SCRAM_SHA_512, scram_mechanism_find("SCRAM-SHA-512"));
	assert_int_equal(SCRAM_UNKNOWN, scram_mechanism_find("SCRAM-SHA-1"));
	assert_string_equal("SCRAM-SHA-512", scram_mechanism_name(SCRAM_SHA_512));
	assert_string_equal("UNKNOWN", scram_mechanism_name((enum scram_mechanism)77));
	assert_int_equal(32, scram_hash_size(SCRAM_SHA_256));
	assert_int_equal(64, scram_hash_size(SCRAM_SHA_512));
}

static void numbers_without_a_meaning_are_refused(void **state)
{
	uint8_t salted[SCRAM_HASH_MAX] = {0};

	(void)state;
	assert_int_equal(-EINVAL, scram_salted_password(SCRAM_UNKNOWN, "x", 1, salted, 1, 4096, salted));
	assert_int_equal(-EINVAL, scram_salted_password(SCRAM_SHA_256, "x", 1, salted, 1, 0, salted));
}

/* 130 bits are at most 26 digits to the base 36, and a number does not begin with 0. */
static void salts_are_numbers_and_differ(void **state)
{
	char first[SCRAM_SALT_MAX], salt[SCRAM_SALT_MAX];
	size_t longest = 0;

	(void)state;
	scram_salt(first);
	for (int i = 0; i < 200; i++) {
		scram_salt(salt);
		assert_int_equal(strlen(salt), strspn(salt, "0123456789abcdefghijklmnopqrstuvwxyz"));
		assert_in_range(strlen(salt), 20, 26);
		assert_int_not_equal('0', salt[0]);
		assert_string_not_equal(first, salt);
		longest = strlen(salt) > longest ? strlen(salt) : longest;
	}
	assert_in_range(longest, 25, 26);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_those_of_java),
		cmocka_unit_test(the_vector_of_rfc_7677),
		cmocka_unit_test(names_and_sizes),
		cmocka_unit_test(numbers_without_a_meaning_are_refused),
		cmocka_unit_test(salts_are_numbers_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
