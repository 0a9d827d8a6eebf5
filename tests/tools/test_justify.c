/* test_justify.c - lines are broken and filled as argparse4j does on Java's BreakIterator; the expected texts are its. */
#include "tools/justify.h"

#include "tests/base/unit.h"

static void expect(const char *want, const char *text, size_t width, size_t offset, size_t indent)
{
	char *got = justify(text, width, offset, indent);

	assert_string_equal(want, got);
	free(got);
}

static void short_texts_stay(void **state)
{
	(void)state;
	expect("", "", 75, 0, 0);
	expect("a b", "a b", 75, 0, 0);
	expect("prog: error: argument --topic is required\n",
		"prog: error: argument --topic is required\n", 75, 0, 0);
}

static void lines_are_filled_from_the_middle(void **state)
{
	(void)state;
	expect("producer-performance: error: one of  the arguments --record-size --payload-\n"
	       "file --payload-monotonic is required",
		"producer-performance: error: one of the arguments --record-size --payload-file "
		"--payload-monotonic is required",
		75, 0, 0);
	expect("producer-performance:  error:  argument  --payload-monotonic:  not  allowed\n"
	       "with argument --record-size",
		"producer-performance: error: argument --payload-monotonic: not allowed with "
		"argument --record-size",
		75, 0, 0);
	expect("kafka-cluster: error:  invalid  choice:  'bad'  (choose  from 'cluster-id',\n"
	       "'unregister')",
		"kafka-cluster: error: invalid choice: 'bad' (choose from 'cluster-id', "
		"'unregister')",
		75, 0, 0);
}

static void other_lines_are_indented(void **state)
{
	(void)state;
	expect("REQUIRED: The  server(s)  to  connect  to.  Comma-\n"
	       "                         separated list of Kafka brokers in the form HOST1:\n"
	       "                         PORT1,HOST2:PORT2,...",
		"REQUIRED: The server(s) to connect to. Comma-separated list of Kafka brokers in "
		"the form HOST1:PORT1,HOST2:PORT2,...",
		75, 25, 25);
}

static void numbers_and_quotations_stay_whole(void **state)
{
	(void)state;
	expect("{0,1,\n-1}) x", "{0,1,-1}) x", 8, 0, 0);
	expect("at  most\n1.5 x", "at most 1.5 x", 8, 0, 0);
	expect("aaaa\n'b'  \"c-\nd\" e", "aaaa 'b' \"c-d\" e", 8, 0, 0);
	expect("version\nv2.1b", "version v2.1b", 10, 0, 0);
	expect("org.\napache.\nkafka", "org.apache.kafka", 7, 0, 0);
	expect("a\nb  c\nd", "a\nb c d", 4, 0, 0);
	expect("\nlongword", "longword", 4, 0, 0); /* as Java does: an empty first line */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_texts_stay),
		cmocka_unit_test(lines_are_filled_from_the_middle),
		cmocka_unit_test(other_lines_are_indented),
		cmocka_unit_test(numbers_and_quotations_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
