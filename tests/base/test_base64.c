/* test_base64.c - the vectors of RFC 4648, all byte values, and what is no base64. */
#include "base/base64.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static const struct {
	const char *plain, *text;
} vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

static void the_vectors_of_the_rfc(void **state)
{
	char text[32];
	uint8_t bytes[32];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		size_t len = strlen(vectors[i].plain);

		assert_string_equal(vectors[i].text, base64_encode((const uint8_t *)vectors[i].plain, len, text));
		assert_int_equal(0, base64_decode(text, strlen(text), bytes, &n));
		assert_int_equal(len, n);
		assert_memory_equal(vectors[i].plain, bytes, n);
	}
}

static void every_length_and_byte_comes_back(void **state)
{
	uint8_t in[256], out[BASE64_BYTES(BASE64_SIZE(256))];
	char text[BASE64_SIZE(256)];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof(in); len++) {
		assert_int_equal(BASE64_SIZE(len) - 1, strlen(base64_encode(in, len, text)));
		assert_int_equal(0, base64_decode(text, strlen(text), out, &n));
		assert_int_equal(len, n);
		assert_memory_equal(in, out, n);
		assert_int_equal(0, base64_decode(text, strcspn(text, "="), out, &n)); /* without padding */
		assert_int_equal(len, n);
	}
}

static void nothing_else_is_base64(void **state)
{
	static const char *const bad[] = { "Z", "Zg=", "Zg===", "=", "==", "====", "Zg=a", "Z===", "Zm9v\n", " Zm9v", "Zm-v",
		"Zm_v", "Zm9vZ" };
	uint8_t bytes[32];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-EBADMSG, base64_decode(bad[i], strlen(bad[i]), bytes, &n));
	assert_int_equal(-EBADMSG, base64_decode("Zm\0v", 4, bytes, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfc),
		cmocka_unit_test(every_length_and_byte_comes_back),
		cmocka_unit_test(nothing_else_is_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
