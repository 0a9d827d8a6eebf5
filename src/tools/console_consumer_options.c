/* console_consumer_options.c - the options of the console consumer and what they mean for the client (cli.md section 5).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/str.h"
#include "tools/client_properties.h"
#include "tools/console_consumer_priv.h"
#include "tools/tool.h"

const struct option consumer_options[CONSUMER_OPTION_COUNT] = {
	[CONSUMER_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, "host:port,...", NULL,
		"REQUIRED: the broker or brokers to ask first."},
	[CONSUMER_CONFIG] = {"consumer.config", OPTION_STRING, "file", NULL,
		"Properties file with consumer settings. --consumer-property goes before it."},
	[CONSUMER_PROPERTY] = {"consumer-property", OPTION_STRING, "key=value", NULL,
		"A consumer setting by its Java name. May be repeated."},
	[CONSUMER_SYSTEST_EVENTS] = {"enable-systest-events", OPTION_FLAG, NULL, NULL,
		"Print shutdown_complete at the end, for test programs."},
	[CONSUMER_FORMATTER] = {"formatter", OPTION_STRING, "class",
		"org.apache.kafka.tools.consumer.DefaultMessageFormatter",
		"How records are printed."},
	[CONSUMER_FORMATTER_CONFIG] = {"formatter-config", OPTION_STRING, "file", NULL,
		"Properties file with what --property sets, which goes before it."},
	[CONSUMER_FROM_BEGINNING] = {"from-beginning", OPTION_FLAG, NULL, NULL,
		"Begin with the oldest record instead of the next one to come, where the group has "
		"no offset yet."},
	[CONSUMER_GROUP] = {"group", OPTION_STRING, "group id", NULL,
		"Consume as a member of this group."},
	[CONSUMER_INCLUDE] = {"include", OPTION_STRING, "Java regex", NULL,
		"Consume all topics whose whole name matches."},
	[CONSUMER_ISOLATION_LEVEL] = {"isolation-level", OPTION_STRING,
		"read_committed|read_uncommitted", "read_uncommitted",
		"read_committed leaves out records of transactions that are not committed."},
	[CONSUMER_KEY_DESERIALIZER] = {"key-deserializer", OPTION_STRING, "class", NULL,
		"How keys become text; without it their bytes are printed."},
	[CONSUMER_MAX_MESSAGES] = {"max-messages", OPTION_INT, "number", NULL,
		"End after so many records."},
	[CONSUMER_OFFSET] = {"offset", OPTION_STRING, "offset", "latest",
		"Where to begin in the partition: an offset, earliest or latest."},
	[CONSUMER_PARTITION] = {"partition", OPTION_INT, "partition", NULL,
		"Consume this partition, from its end unless --offset says otherwise."},
	[CONSUMER_FORMATTER_PROPERTY] = {"property", OPTION_STRING, "key=value", NULL,
		"How to print records. May be repeated.\n"
		" print.timestamp=true|false\n"
		" print.partition=true|false\n"
		" print.offset=true|false\n"
		" print.headers=true|false\n"
		" print.key=true|false\n"
		" print.value=true|false\n"
		" key.separator=TAB\n"
		" line.separator=newline\n"
		" headers.separator=,\n"
		" null.literal=null\n"
		" key.deserializer=class\n"
		" value.deserializer=class\n"
		" headers.deserializer=class"},
	[CONSUMER_SKIP_ON_ERROR] = {"skip-message-on-error", OPTION_FLAG, NULL, NULL,
		"Go on after a record that cannot be printed."},
	[CONSUMER_TIMEOUT_MS] = {"timeout-ms", OPTION_LONG, "ms", NULL,
		"End when no record has come for so long."},
	[CONSUMER_TOPIC] = {"topic", OPTION_STRING, "topic", NULL, "The topic to consume."},
	[CONSUMER_VALUE_DESERIALIZER] = {"value-deserializer", OPTION_STRING, "class", NULL,
		"How values become text; without it their bytes are printed."},
	[CONSUMER_WHITELIST] = {"whitelist", OPTION_STRING, "Java regex", NULL,
		"Old name of --include; ignored when both are given."},
	[CONSUMER_HELP] = OPTION_HELP,
	[CONSUMER_VERSION] = OPTION_VERSION,
};

/* Everything below returns 0, or the exit code after its message. */

static int usage(struct consumer_settings *s, const char *message)
{
	return options_usage(&s->options, message);
}

/* An option's value was wrong: the message alone. 0 passes through. */
static int check(struct consumer_settings *s, int r)
{
	if (r)
		fprintf(stderr, "%s\n", s->options.error);
	return r ? 1 : 0;
}

static int text_of(struct consumer_settings *s, enum consumer_option id, const char **ret)
{
	*ret = NULL;
	if (!options_has(&s->options, id))
		return 0;
	return check(s, options_text(&s->options, id, ret));
}

static int read_topics(struct consumer_settings *s)
{
	bool old = options_has(&s->options, CONSUMER_WHITELIST);
	int r = text_of(s, CONSUMER_TOPIC, &s->topic);

	if (!r)
		r = text_of(s,
			options_has(&s->options, CONSUMER_INCLUDE) ? CONSUMER_INCLUDE
								   : CONSUMER_WHITELIST,
			&s->include);
	if (r)
		return r;
	if (!s->topic == !s->include)
		return usage(s, old ? "Exactly one of --include/--topic is required. --whitelist "
				      "is DEPRECATED use --include "
				      "instead; ignored if --include specified."
				    : "Exactly one of --include/--topic is required. ");
	return 0;
}

static int read_partition(struct consumer_settings *s)
{
	struct options *o = &s->options;
	int64_t partition = -1;

	if (check(s, options_number(o, CONSUMER_PARTITION, &partition)))
		return 1;
	s->partition = (int32_t)partition;
	if (!options_has(o, CONSUMER_PARTITION)) {
		s->partition = -1;
		return options_has(o, CONSUMER_OFFSET)
			       ? usage(s, "The partition is required when offset is specified.")
			       : 0;
	}
	if (!s->topic)
		return usage(s, "The topic is required when partition is specified.");
	if (options_has(o, CONSUMER_FROM_BEGINNING) && options_has(o, CONSUMER_OFFSET))
		return usage(s, "Options from-beginning and offset cannot be specified together.");
	if (partition < 0) {
		fprintf(stderr,
			"Invalid partition: %lld. Partition number should always be "
			"non-negative.\n",
			(long long)partition);
		return 1;
	}
	return 0;
}

static int load_file(struct consumer_settings *s, enum consumer_option id, struct properties *to)
{
	const char *path;
	char *error = NULL;

	if (text_of(s, id, &path))
		return 1;
	if (!path || !client_properties_load(to, path, &error))
		return 0;
	fprintf(stderr, "%s\n", error);
	free(error);
	return 1;
}

static void add_arguments(
	struct consumer_settings *s, enum consumer_option id, struct properties *to)
{
	size_t n;
	const char *const *args = options_all(&s->options, id, &n);

	client_properties_arguments(to, args, n);
}

/* The group ids of --group, file and properties must agree. */
static int check_groups(const struct consumer_settings *s, const char *option, const char *file,
	const char *property)
{
	const char *ids[] = {option, file, property}, *different[3];
	size_t n = 0;
	char text[1024];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		bool known = !ids[i];

		for (size_t j = 0; j < n; j++)
			known = known || strcmp(ids[i], different[j]) == 0;
		if (!known)
			different[n++] = ids[i];
	}
	if (n > 1) {
		snprintf(text, sizeof(text),
			"The group ids provided in different places (directly using '--group', via "
			"'--consumer-property', or via '--consumer.config') do not match. Detected "
			"group ids: '%s', "
			"'%s'%s%s%s",
			different[0], different[1], n > 2 ? ", '" : "", n > 2 ? different[2] : "",
			n > 2 ? "'" : "");
		return options_usage(&s->options, text);
	}
	if (n > 0 && s->partition >= 0)
		return options_usage(
			&s->options, "Options group and partition cannot be specified together.");
	return 0;
}

static int read_config(struct consumer_settings *s)
{
	struct properties extra = PROPERTIES_INIT;
	const char *group;
	int r;

	if (text_of(s, CONSUMER_GROUP, &group) || load_file(s, CONSUMER_CONFIG, &s->config))
		return 1;
	add_arguments(s, CONSUMER_PROPERTY, &extra);
	r = check_groups(s, group, properties_get(&s->config, "group.id"),
		properties_get(&extra, "group.id"));
	for (size_t i = 0; i < extra.n; i++)
		properties_set(&s->config, extra.v[i].key, extra.v[i].value, 0);
	if (group)
		properties_set(&s->config, "group.id", group, 0);
	properties_fini(&extra);
	return r;
}

static int set_reset(struct consumer_settings *s)
{
	const char *reset = properties_get(&s->config, "auto.offset.reset");
	bool beginning = options_has(&s->options, CONSUMER_FROM_BEGINNING);

	if (!reset) {
		properties_set(
			&s->config, "auto.offset.reset", beginning ? "earliest" : "latest", 0);
		return 0;
	}
	if (!beginning || strcmp(reset, "earliest") == 0)
		return 0;
	fprintf(stderr,
		"Can't simultaneously specify --from-beginning and 'auto.offset.reset=%s', please "
		"remove one option\n",
		reset);
	return 1;
}

static int set_config(struct consumer_settings *s)
{
	struct properties *c = &s->config;
	const char *servers, *level = NULL;
	char group[48];

	if (set_reset(s) || text_of(s, CONSUMER_BOOTSTRAP_SERVER, &servers))
		return 1;
	properties_set(c, "bootstrap.servers", servers, 0);
	if (!properties_get(c, "client.id"))
		properties_set(c, "client.id", "console-consumer", 0);
	if (check(s, options_text(&s->options, CONSUMER_ISOLATION_LEVEL, &level)))
		return 1;
	if (options_has(&s->options, CONSUMER_ISOLATION_LEVEL) ||
		!properties_get(c, "isolation.level"))
		properties_set(c, "isolation.level", level, 0);
	s->has_group = properties_get(c, "group.id") != NULL;
	if (s->has_group)
		return 0;
	snprintf(group, sizeof(group), "console-consumer-%llu",
		(unsigned long long)random_below(100000));
	properties_set(c, "group.id", group, 0);
	if (!properties_get(c, "enable.auto.commit"))
		properties_set(c, "enable.auto.commit", "false", 0);
	return 0;
}

static int read_offset(struct consumer_settings *s)
{
	const char *text;
	char message[256];

	s->offset = options_has(&s->options, CONSUMER_FROM_BEGINNING) ? CONSUME_EARLIEST
								      : CONSUME_LATEST;
	if (text_of(s, CONSUMER_OFFSET, &text))
		return 1;
	if (!text)
		return 0;
	if (strcasecmp(text, "earliest") == 0)
		s->offset = CONSUME_EARLIEST;
	else if (strcasecmp(text, "latest") == 0)
		s->offset = CONSUME_LATEST;
	else if (!str_to_i64(str_of(text), 0, INT64_MAX, &s->offset)) {
		snprintf(message, sizeof(message),
			"The provided offset value '%.64s' is incorrect. Valid values are "
			"'earliest', 'latest', or a "
			"non-negative long.",
			text);
		return usage(s, message);
	}
	return 0;
}

static int read_timeout(struct consumer_settings *s)
{
	int64_t ms = -1;

	if (check(s, options_number(&s->options, CONSUMER_TIMEOUT_MS, &ms)))
		return 1;
	s->timeout_ms = ms >= 0 ? ms : INT64_MAX;
	return 0;
}

static int make_formatter(struct consumer_settings *s, struct properties *p)
{
	const char *class, *key, *value;

	if (check(s, options_text(&s->options, CONSUMER_FORMATTER, &class)) ||
		load_file(s, CONSUMER_FORMATTER_CONFIG, p) ||
		text_of(s, CONSUMER_KEY_DESERIALIZER, &key) ||
		text_of(s, CONSUMER_VALUE_DESERIALIZER, &value))
		return 1;
	if (key && *key)
		properties_set(p, "key.deserializer", key, 0);
	if (value && *value)
		properties_set(p, "value.deserializer", value, 0);
	add_arguments(s, CONSUMER_FORMATTER_PROPERTY, p);
	return formatter_new(class, p, &s->formatter) ? usage(s, class) : 0;
}

static int read_formatter(struct consumer_settings *s)
{
	struct properties p = PROPERTIES_INIT;
	int r = make_formatter(s, &p);

	properties_fini(&p);
	return r;
}

static int read_all(struct consumer_settings *s)
{
	int r = read_topics(s);

	if (!r)
		r = read_partition(s);
	if (!r)
		r = options_require(&s->options, CONSUMER_BOOTSTRAP_SERVER);
	if (!r)
		r = read_config(s);
	if (!r)
		r = set_config(s);
	if (!r)
		r = read_offset(s);
	if (!r)
		r = read_timeout(s);
	return r ? r : read_formatter(s);
}

int consumer_settings_read(struct consumer_settings *s, int argc, char **argv, int *ret_exit_code)
{
	*s = (struct consumer_settings){.partition = -1};
	if (options_parse(&s->options, consumer_options, CONSUMER_OPTION_COUNT, argc, argv)) {
		*ret_exit_code = usage(s, s->options.error);
		return -1;
	}
	if (argc < 2 || options_has_help(&s->options)) {
		*ret_exit_code = usage(s, "This tool helps to read data from Kafka topics and "
					  "outputs it to standard output.");
		return -1;
	}
	if (options_has_version(&s->options)) {
		puts(TOOL_KAFKA_VERSION);
		*ret_exit_code = 0;
		return -1;
	}
	*ret_exit_code = read_all(s);
	s->skip_on_error = options_has(&s->options, CONSUMER_SKIP_ON_ERROR);
	s->systest_events = options_has(&s->options, CONSUMER_SYSTEST_EVENTS);
	return *ret_exit_code ? -1 : 0;
}

void consumer_settings_fini(struct consumer_settings *s)
{
	formatter_free(s->formatter);
	properties_fini(&s->config);
	options_fini(&s->options);
}

int consumer_max_messages(struct consumer_settings *s, int64_t *ret)
{
	*ret = -1;
	return options_number(&s->options, CONSUMER_MAX_MESSAGES, ret);
}
