/* producer_perf_options.c - the options of kafka-producer-perf-test.sh (cli.md section 6).
 *
 * Guides of Kafka 0.8 print a command line with other names: --broker-list, --topics, --messages, --message-size. They
 * are turned into today's before anything is read; what was not needed then has its default.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "tools/argparse.h"
#include "tools/client_properties.h"
#include "tools/producer_perf_priv.h"

#define ONE_PAYLOAD "One of --record-size, --payload-file and --payload-monotonic must be given."

const struct option producer_perf_options[PERF_OPTION_COUNT] = {
	[PERF_HELP] = ARGPARSE_HELP,
	[PERF_TOPIC] = {"topic", OPTION_STRING, "TOPIC", NULL, "The topic to send to.",
		.required = true},
	[PERF_NUM_RECORDS] = {"num-records", OPTION_LONG, "NUM-RECORDS", NULL,
		"How many records to send.", .required = true},
	[PERF_PAYLOAD_DELIMITER] = {"payload-delimiter", OPTION_STRING, "PAYLOAD-DELIMITER", "\\n",
		"What stands between two payloads in the payload file, a Java expression."},
	[PERF_THROUGHPUT] = {"throughput", OPTION_REAL, "THROUGHPUT", NULL,
		"Records per second, about; with -1 as many as possible.", .required = true},
	[PERF_PRODUCER_PROPS] = {"producer-props", OPTION_STRING, "PROP-NAME=PROP-VALUE", NULL,
		"Settings of the producer by their Java names, such as bootstrap.servers; these go "
		"before those of --producer.config.",
		.many = true},
	[PERF_PRODUCER_CONFIG] = {"producer.config", OPTION_STRING, "CONFIG-FILE", NULL,
		"Properties file with producer settings."},
	[PERF_PRINT_METRICS] = {"print-metrics", OPTION_FLAG, NULL, NULL,
		"Print the client's metrics at the end."},
	[PERF_TRANSACTIONAL_ID] = {"transactional-id", OPTION_STRING, "TRANSACTIONAL-ID",
		"performance-producer-default-transactional-id",
		"Id of the transactions, when --transaction-duration-ms asks for some. Tools that "
		"run at the same time need different ones."},
	[PERF_TRANSACTION_DURATION_MS] = {"transaction-duration-ms", OPTION_LONG,
		"TRANSACTION-DURATION", "0",
		"Send in transactions, each of which is committed at this age; 0 sends without."},
	[PERF_RECORD_SIZE] = {"record-size", OPTION_INT, "RECORD-SIZE", NULL,
		"Send records of so many random letters.", .group = 1},
	[PERF_PAYLOAD_FILE] = {"payload-file", OPTION_STRING, "PAYLOAD-FILE", NULL,
		"Send parts of this file, picked at random.", .group = 1},
	[PERF_PAYLOAD_MONOTONIC] = {"payload-monotonic", OPTION_FLAG, NULL, NULL,
		"Send the numbers 0, 1, 2 and so on as text.", .group = 1},
};

static const struct argparse_group groups[] = {{.description = ONE_PAYLOAD, .required = true}};

static const struct argparse parser = {
	.prog = "producer-performance",
	.description = "Measures how fast records can be sent, and how long they take.",
	.table = producer_perf_options,
	.n = PERF_OPTION_COUNT,
	.groups = groups,
	.groups_n = ARRAY_LEN(groups),
	.help_without_words = true,
};

static const struct {
	const char *old, *name;
} old_names[] = {
	{"--topics", "--topic"},
	{"--messages", "--num-records"},
	{"--message-size", "--record-size"},
};

/* What Java says when main() throws. */
static int throw(const char *exception)
{
	fflush(stdout);
	fprintf(stderr, "Exception in thread \"main\" %s\n", exception);
	return 1;
}

/* Copies the words with old names replaced; --broker-list and its value are taken out. */
static int translate(struct producer_perf_settings *s, int argc, char *const argv[])
{
	bool old = false, throughput = false;
	int n = 0;

	s->words = xcalloc((size_t)argc + 4, sizeof(*s->words));
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];

		if (i > 0 && strcmp(word, "--broker-list") == 0 && i + 1 < argc) {
			free(s->servers);
			s->servers = xstrdup(argv[++i]);
			old = true;
			continue;
		}
		for (size_t k = 0; k < ARRAY_LEN(old_names); k++) {
			if (i == 0 || strcmp(word, old_names[k].old) != 0)
				continue;
			word = old_names[k].name;
			old = true;
		}
		throughput = throughput || strncmp(word, "--throughput", 12) == 0;
		s->words[n++] = xstrdup(word);
	}
	if (old && !throughput) {
		s->words[n++] = xstrdup("--throughput");
		s->words[n++] = xstrdup("-1");
	}
	return n;
}

/* String.split("=") must give two parts; empty ones at the end do not count. */
static int add_property(struct producer_perf_settings *s, const char *word)
{
	size_t len = strlen(word);
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) char *key = NULL;
	const char *eq;

	while (len > 0 && word[len - 1] == '=')
		len--;
	text = xstrndup(word, len);
	eq = strchr(text, '=');
	if (!eq || strchr(eq + 1, '=')) {
		CLEANUP(freep) char *why = xasprintf(
			"java.lang.IllegalArgumentException: Invalid property: %s", word);

		return throw(why);
	}
	key = xstrndup(text, (size_t)(eq - text));
	properties_set(&s->config, key, eq + 1, 0);
	return 0;
}

static int read_config(struct producer_perf_settings *s)
{
	size_t n;
	const char *const *words = options_all(&s->options, PERF_PRODUCER_PROPS, &n), *path = NULL;
	char *error = NULL;

	(void)!options_text(&s->options, PERF_PRODUCER_CONFIG, &path);
	if (path) {
		int r = client_properties_load(&s->config, path, &error);
		CLEANUP(freep) char *why = NULL;

		why = r ? xasprintf("%s: %s",
				  r == -ENOENT ? "java.nio.file.NoSuchFileException"
					       : "java.io.IOException",
				  error)
			: NULL;
		free(error);
		if (r)
			return throw(why);
	}
	if (s->servers)
		properties_set(&s->config, "bootstrap.servers", s->servers, 0);
	for (size_t i = 0; i < n; i++)
		if (add_property(s, words[i]))
			return 1;
	if (!properties_get(&s->config, "client.id"))
		properties_set(&s->config, "client.id", "perf-producer-client", 0);
	return 0;
}

static int read_payload_file(struct producer_perf_settings *s, const char *path)
{
	const char *delimiter = NULL;
	CLEANUP(freep) char *exception = NULL;

	(void)!options_text(&s->options, PERF_PAYLOAD_DELIMITER, &delimiter);
	if (strcmp(delimiter, "\\n") == 0)
		delimiter = "\n";
	return payload_file(path, delimiter, &s->payload, &exception) ? throw(exception) : 0;
}

static int read_payload(struct producer_perf_settings *s)
{
	const char *path = NULL;
	int64_t size = -1;

	(void)!options_text(&s->options, PERF_PAYLOAD_FILE, &path);
	(void)!options_number(&s->options, PERF_RECORD_SIZE, &size);
	if (path)
		return read_payload_file(s, path);
	if (options_has(&s->options, PERF_PAYLOAD_MONOTONIC)) {
		s->payload = payload_numbers();
		return 0;
	}
	if (size < 0) {
		CLEANUP(freep) char *why = xasprintf(
			"java.lang.NegativeArraySizeException: %lld", (long long)size);

		return throw(why);
	}
	s->payload = payload_random((size_t)size);
	return 0;
}

/* Java's messages come out of the arithmetic of its sampling. */
static int check_records(const struct producer_perf_settings *s)
{
	CLEANUP(freep) char *why = NULL;

	if (s->records > 0)
		return 0;
	if (s->records == 0)
		return throw("java.lang.ArithmeticException: / by zero");
	if (s->records == -1)
		return throw("java.lang.ArrayIndexOutOfBoundsException: Index 0 out of bounds for "
			     "length 0");
	why = xasprintf(
		"java.lang.NegativeArraySizeException: %d", (int32_t)((uint64_t)s->records + 1));
	return throw(why);
}

static int read_all(struct producer_perf_settings *s)
{
	struct options *o = &s->options;
	const char *id = NULL;

	(void)!options_text(o, PERF_TOPIC, &s->topic);
	(void)!options_number(o, PERF_NUM_RECORDS, &s->records);
	(void)!options_real(o, PERF_THROUGHPUT, &s->per_second);
	(void)!options_number(o, PERF_TRANSACTION_DURATION_MS, &s->transaction_ms);
	(void)!options_text(o, PERF_TRANSACTIONAL_ID, &id);
	s->print_metrics = options_has(o, PERF_PRINT_METRICS);
	s->transaction_ms = MAX(s->transaction_ms, 0);
	if (!options_has(o, PERF_PRODUCER_PROPS) && !options_has(o, PERF_PRODUCER_CONFIG) &&
		!s->servers)
		return argparse_error(&parser, ARGPARSE_NO_COMMAND,
			"Either --producer-props or --producer.config must be specified.");
	if (read_payload(s) || read_config(s))
		return 1;
	if (s->transaction_ms > 0)
		properties_set(&s->config, "transactional.id", id, 0);
	return check_records(s);
}

int producer_perf_settings_read(
	struct producer_perf_settings *s, int argc, char **argv, int *ret_exit_code)
{
	int command;

	*s = (struct producer_perf_settings){.payload = NULL};
	argc = translate(s, argc, argv);
	if (argparse_read(&parser, argc, s->words, &s->options, &command, ret_exit_code))
		return -1;
	*ret_exit_code = read_all(s);
	return *ret_exit_code ? -1 : 0;
}

void producer_perf_settings_fini(struct producer_perf_settings *s)
{
	payload_free(s->payload);
	properties_fini(&s->config);
	options_fini(&s->options);
	for (char **word = s->words; word && *word; word++)
		free(*word);
	free(s->words);
	free(s->servers);
}
