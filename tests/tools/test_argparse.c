/* test_argparse.c - the other parser of Kafka's tools. Usage and errors are what argparse4j printed for the same table.
 */
#include "tools/argparse.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"
#include "tools/similar.h"

enum {
	HELP,
	TOPIC,
	NUM_RECORDS,
	PAYLOAD_DELIMITER,
	THROUGHPUT,
	PRODUCER_PROPS,
	PRODUCER_CONFIG,
	PRINT_METRICS,
	ACKS,
	RECORD_SIZE,
	PAYLOAD_FILE,
	PAYLOAD_MONOTONIC,
	COUNT
};

static const struct option perf_rows[COUNT] = {
	[HELP] = ARGPARSE_HELP,
	[TOPIC] = {"topic", OPTION_STRING, "TOPIC", NULL, "the topic", .required = true},
	[NUM_RECORDS] = {"num-records", OPTION_LONG, "NUM-RECORDS", NULL, "how many",
		.required = true},
	[PAYLOAD_DELIMITER] = {"payload-delimiter", OPTION_STRING, "PAYLOAD-DELIMITER", "\\n",
		"what stands between payloads in the file"},
	[THROUGHPUT] = {"throughput", OPTION_REAL, "THROUGHPUT", NULL,
		"records per second, about; -1 sends as fast as possible", .required = true},
	[PRODUCER_PROPS] = {"producer-props", OPTION_STRING, "PROP-NAME=PROP-VALUE", NULL,
		"settings", .many = true},
	[PRODUCER_CONFIG] = {"producer.config", OPTION_STRING, "CONFIG-FILE", NULL, "a file"},
	[PRINT_METRICS] = {"print-metrics", OPTION_FLAG, NULL, NULL, "metrics at the end"},
	[ACKS] = {"acks", OPTION_INT, "ACKS", "-1", "acks", .choices = "0,1,-1"},
	[RECORD_SIZE] = {"record-size", OPTION_INT, "RECORD-SIZE", NULL, "bytes", .group = 1},
	[PAYLOAD_FILE] = {"payload-file", OPTION_STRING, "PAYLOAD-FILE", NULL, "a file",
		.group = 1},
	[PAYLOAD_MONOTONIC] = {"payload-monotonic", OPTION_FLAG, NULL, NULL, "numbers",
		.group = 1},
};

static const struct argparse_group perf_groups[] = {
	{.description = "exactly one of these", .required = true}};

static const struct argparse perf = {
	.prog = "producer-performance",
	.description = "Measures.",
	.table = perf_rows,
	.n = COUNT,
	.groups = perf_groups,
	.groups_n = ARRAY_LEN(perf_groups),
	.help_without_words = true,
};

enum { CLUSTER_HELP, CLUSTER_SERVER, CLUSTER_CONTROLLER, CLUSTER_CONFIG, CLUSTER_ID, CLUSTER_COUNT };

static const struct option cluster_rows[CLUSTER_COUNT] = {
	[CLUSTER_HELP] = ARGPARSE_HELP,
	[CLUSTER_SERVER] = {"bootstrap-server", OPTION_STRING, "BOOTSTRAP_SERVER", NULL, "brokers",
		.letter = 'b', .group = 1, .commands = 3},
	[CLUSTER_CONTROLLER] = {"bootstrap-controller", OPTION_STRING, "BOOTSTRAP_CONTROLLER", NULL,
		"controllers", .letter = 'C', .group = 1, .commands = 3},
	[CLUSTER_CONFIG] = {"config", OPTION_STRING, "CONFIG", NULL, "a file", .letter = 'c',
		.commands = 3},
	[CLUSTER_ID] = {"id", OPTION_INT, "ID", NULL, "the broker", .letter = 'i',
		.required = true, .commands = 2},
};

static const struct argparse_group cluster_groups[] = {{.required = true}};
static const struct argparse_command cluster_commands[] = {
	{"cluster-id", "Prints the id."}, {"unregister", "Forgets a broker."}};

static const struct argparse cluster = {
	.prog = "kafka-cluster",
	.description = "Clusters.",
	.table = cluster_rows,
	.n = CLUSTER_COUNT,
	.groups = cluster_groups,
	.groups_n = 1,
	.commands = cluster_commands,
	.commands_n = 2,
};

/* What a call printed, and how it ended. */
struct outcome {
	struct options o;
	int result, command, exit_code;
	char out[8192], err[4096];
};

/* Reads the words of a line, with both outputs caught. */
static struct outcome *read_line(const struct argparse *p, const char *line)
{
	static struct outcome r;
	static char words[512];
	char *argv[32] = {"tool"};
	FILE *out = stdout, *err = stderr;
	int argc = 1;

	memset(&r, 0, sizeof(r));
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	stdout = fmemopen(r.out, sizeof(r.out), "w");
	stderr = fmemopen(r.err, sizeof(r.err), "w");
	r.exit_code = -1;
	r.result = argparse_read(p, argc, argv, &r.o, &r.command, &r.exit_code);
	fclose(stdout);
	fclose(stderr);
	stdout = out;
	stderr = err;
	return &r;
}

static void expect_text(struct outcome *r, size_t id, const char *want)
{
	const char *got = NULL;

	assert_int_equal(0, options_text(&r->o, id, &got));
	assert_string_equal(want, got);
}

#define PERF_USAGE                                                                                 \
	"usage: producer-performance [-h] --topic TOPIC --num-records NUM-RECORDS\n"               \
	"                            [--payload-delimiter PAYLOAD-DELIMITER]\n"                    \
	"                            --throughput THROUGHPUT\n"                                    \
	"                            [--producer-props PROP-NAME=PROP-VALUE "                      \
	"[PROP-NAME=PROP-VALUE ...]]\n"                                                            \
	"                            [--producer.config CONFIG-FILE]\n"                            \
	"                            [--print-metrics] [--acks ACKS]\n"                            \
	"                            (--record-size RECORD-SIZE |\n"                               \
	"                            --payload-file PAYLOAD-FILE |\n"                              \
	"                            --payload-monotonic)\n"
#define UNREGISTER_USAGE                                                                           \
	"usage: kafka-cluster unregister [-h] [--config CONFIG] --id ID\n"                         \
	"                     (--bootstrap-server BOOTSTRAP_SERVER |\n"                            \
	"                     --bootstrap-controller BOOTSTRAP_CONTROLLER)\n"
#define CLUSTER_USAGE "usage: kafka-cluster [-h] {cluster-id,unregister} ...\n"

static void all_ways_to_write_an_option(void **state)
{
	static const char *const lines[] = {
		"--topic t --num-records 5 --throughput -1 --record-size 10 --print-metrics",
		"--topic=t --num-records=5 --throughput=-1 --record-size=10 --print-metrics",
		"--to t --num 5 --thr -1 --rec 10 --print",
		"--print-m --topic x --topic t --num-records 4 --num-records 5 --thr=-1 --rec 10",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct outcome *r = read_line(&perf, lines[i]);
		int64_t n = 0;
		double d = 0;

		assert_string_equal("", r->err);
		assert_int_equal(0, r->result);
		expect_text(r, TOPIC, "t");
		assert_int_equal(0, options_number(&r->o, NUM_RECORDS, &n));
		assert_int_equal(5, n);
		assert_int_equal(0, options_real(&r->o, THROUGHPUT, &d));
		assert_true(d == -1.0);
		expect_text(r, PAYLOAD_DELIMITER, "\\n");
		assert_true(options_has(&r->o, PRINT_METRICS));
		assert_false(options_has(&r->o, PAYLOAD_MONOTONIC));
		options_fini(&r->o);
	}
}

static void an_option_may_take_several_words(void **state)
{
	struct outcome *r = read_line(&perf,
		"--producer-props x=y --producer-props a=1 b=2 --topic t --num-records 1 "
		"--throughput 1e3 --payload-monotonic");
	const char *const *all;
	size_t n;

	(void)state;
	assert_int_equal(0, r->result);
	all = options_all(&r->o, PRODUCER_PROPS, &n);
	assert_int_equal(2, n); /* the last time counts */
	assert_string_equal("a=1", all[0]);
	assert_string_equal("b=2", all[1]);
	options_fini(&r->o);
}

static void letters_and_sub_commands(void **state)
{
	static const char *const lines[] = {"unregister -b h:1 -i 5", "unreg -bh:1 -i5",
		"unregister --bootstrap-server h:1 --id=5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct outcome *r = read_line(&cluster, lines[i]);

		assert_string_equal("", r->err);
		assert_int_equal(0, r->result);
		assert_int_equal(1, r->command);
		expect_text(r, CLUSTER_SERVER, "h:1");
		expect_text(r, CLUSTER_ID, "5");
		options_fini(&r->o);
	}
}

static void errors_come_with_usage(void **state)
{
	static const struct {
		const struct argparse *p;
		const char *line, *error;
	} bad[] = {
		{&perf, "--topic",
			PERF_USAGE "producer-performance: error: argument --topic: expected one "
				   "argument\n"},
		{&perf, "--topic --num-records 1",
			PERF_USAGE "producer-performance: error: argument --topic: expected one "
				   "argument\n"},
		{&perf, "--producer-props",
			PERF_USAGE "producer-performance: error: argument --producer-props: "
				   "expected 1 argument\n"
				   "(s)\n"},
		{&perf, "-h=5",
			PERF_USAGE
			"producer-performance: error: argument  -h/--help:  ignore implicit "
			"argument\n"
			"'5'\n"},
		{&perf, "--throughput=",
			PERF_USAGE "producer-performance: error: argument  --throughput:  could  "
				   "not convert ''\n"
				   "to Double (empty String)\n"},
		{&perf, "--record-size 2147483648",
			PERF_USAGE "producer-performance: error:  argument  --record-size:  could  "
				   "not  convert\n"
				   "'2147483648' to Integer (For input string: \"2147483648\")\n"},
		{&perf, "--throughput -1.5",
			PERF_USAGE "producer-performance: error: argument --throughput: expected "
				   "one argument\n"},
		{&perf, "--topic t -- --num-records",
			PERF_USAGE "producer-performance: error: unrecognized arguments: "
				   "'--num-records'\n"},
		/* of several that are missing the last one of the table */
		{&perf, "--topic t",
			PERF_USAGE "producer-performance: error: argument --throughput is "
				   "required\n"},
		{&perf, "--topic t --num-records 1 --throughput 1",
			PERF_USAGE "producer-performance: error: one of  the arguments "
				   "--record-size --payload-\n"
				   "file --payload-monotonic is required\n"},
		{&perf, "--topic t --num-records x",
			PERF_USAGE "producer-performance: error: argument --num-records:  could "
				   "not convert 'x'\n"
				   "to Long (For input string: \"x\")\n"},
		{&perf, "--record-size 1 --payload-monotonic",
			PERF_USAGE "producer-performance:  error:  argument  --payload-monotonic:  "
				   "not  allowed\n"
				   "with argument --record-size\n"},
		{&perf, "--topic t stray --more",
			PERF_USAGE "producer-performance: error: unrecognized arguments: 'stray "
				   "--more'\n"},
		{&perf, "--pay x",
			PERF_USAGE
			"producer-performance: error: ambiguous option: --pay could match "
			"--payload-\n"
			"delimiter, --payload-file, --payload-monotonic\n"},
		{&perf, "--print-metrics=x",
			PERF_USAGE "producer-performance:  error:  argument  --print-metrics:  ignore "
				   " implicit\n"
				   "argument 'x'\n"},
		{&perf, "-topic t",
			PERF_USAGE "producer-performance: error: unrecognized arguments: '-topic'\n"
				   "\nDid you mean:\n\t--topic\n"},
		{&perf, "--acks 5",
			PERF_USAGE "producer-performance: error: argument --acks:  invalid  choice: "
				   "'5' (choose\n"
				   "from {0,1,-1})\n"},
		{&perf, "--bad",
			PERF_USAGE "producer-performance: error: unrecognized arguments: '--bad'\n"
				   "\nDid you mean:\n\t--acks\n"},
		{&perf, "--no-such-thing",
			PERF_USAGE "producer-performance: error: unrecognized arguments: "
				   "'--no-such-thing'\n"},
		{&cluster, "", CLUSTER_USAGE "kafka-cluster: error: too few arguments\n"},
		{&cluster, "-- unregister",
			CLUSTER_USAGE
			"kafka-cluster: error: unrecognized arguments: 'unregister'\n"},
		{&cluster, "bad",
			CLUSTER_USAGE "kafka-cluster: error:  invalid  choice:  'bad'  (choose  "
				      "from 'cluster-id',\n"
				      "'unregister')\n"},
		{&cluster, "unregister -b x",
			UNREGISTER_USAGE "kafka-cluster: error: argument --id/-i is required\n"},
		{&cluster, "unregister -b x -C y",
			UNREGISTER_USAGE "kafka-cluster: error: argument --bootstrap-controller/-C: "
					 " not allowed with\n"
					 "argument --bootstrap-server/-b\n"},
		{&cluster, "unregister -i 1",
			UNREGISTER_USAGE "kafka-cluster:  error:  one  of   the  arguments  "
					 "--bootstrap-server/-b  --\n"
					 "bootstrap-controller/-C is required\n"},
		{&cluster, "unregister -q", UNREGISTER_USAGE
			"kafka-cluster: error: unrecognized arguments: '-q'\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct outcome *r = read_line(bad[i].p, bad[i].line);

		assert_int_equal(-1, r->result);
		assert_int_equal(1, r->exit_code);
		assert_string_equal(bad[i].error, r->err);
		assert_string_equal("", r->out);
		options_fini(&r->o);
	}
}

static void help_is_on_standard_output(void **state)
{
	static const char want[] =
		UNREGISTER_USAGE "\n"
				 "optional arguments:\n"
				 "  -h, --help             Show this help and exit.\n"
				 "  --bootstrap-server BOOTSTRAP_SERVER, -b BOOTSTRAP_SERVER\n"
				 "                         brokers\n"
				 "  --bootstrap-controller BOOTSTRAP_CONTROLLER, -C "
				 "BOOTSTRAP_CONTROLLER\n"
				 "                         controllers\n"
				 "  --config CONFIG, -c CONFIG\n"
				 "                         a file\n"
				 "  --id ID, -i ID         the broker\n";
	struct outcome *r = read_line(&cluster, "unregister --help --bad");

	(void)state;
	assert_int_equal(-1, r->result);
	assert_int_equal(1, r->exit_code); /* as with argparse4j */
	assert_string_equal(want, r->out);
	assert_string_equal("", r->err);
	options_fini(&r->o);
}

static void help_lists_commands_groups_and_defaults(void **state)
{
	struct outcome *r = read_line(&cluster, "-h");

	(void)state;
	assert_string_equal(CLUSTER_USAGE "\nClusters.\n"
					  "\npositional arguments:\n"
					  "  {cluster-id,unregister}\n"
					  "    cluster-id           Prints the id.\n"
					  "    unregister           Forgets a broker.\n"
					  "\noptional arguments:\n"
					  "  -h, --help             Show this help and exit.\n",
		r->out);
	options_fini(&r->o);
	r = read_line(&perf, "");
	assert_int_equal(0, r->exit_code);
	assert_non_null(strstr(r->out, "  --acks ACKS            acks (default: -1)\n"
				       "\n"
				       "  exactly one of these\n"
				       "\n"
				       "  --record-size RECORD-SIZE\n"
				       "                         bytes\n"
				       "  --payload-file PAYLOAD-FILE\n"
				       "                         a file\n"
				       "  --payload-monotonic    numbers (default: false)\n"));
	options_fini(&r->o);
}

static void similar_names_by_cost(void **state)
{
	const char *names[] = {"topic", "num-records", "throughput"};

	(void)state;
	assert_int_equal(1, similar_names("tpoic", names, 3));
	assert_string_equal("topic", names[0]);
	assert_int_equal(0, similar_names("something-else", (const char *[]){"topic"}, 1));
	assert_int_equal(2, similar_names("b", (const char *[]){"bc", "ba", "xyzxyzxyz"}, 3));
}

static int plain_width(void **state)
{
	(void)state;
	return setenv("COLUMNS", "80", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ways_to_write_an_option),
		cmocka_unit_test(an_option_may_take_several_words),
		cmocka_unit_test(letters_and_sub_commands),
		cmocka_unit_test(errors_come_with_usage),
		cmocka_unit_test(help_is_on_standard_output),
		cmocka_unit_test(help_lists_commands_groups_and_defaults),
		cmocka_unit_test(similar_names_by_cost),
	};

	return cmocka_run_group_tests(tests, plain_width, NULL);
}
