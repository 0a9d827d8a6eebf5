/* topics.c - kafka-topics.sh: creates, lists, changes and deletes topics. --describe is in topics_describe.c, --zookeeper
 * in topics_zookeeper.c.
 *
 * All through the codec: librdkafka's admin functions know no topic ids and hide the messages of brokers. Output, error
 * texts and exit codes as cli.md section 3.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/client_properties.h"
#include "tools/java_regex.h"
#include "tools/report.h"
#include "tools/tool.h"
#include "tools/topic_filter.h"
#include "tools/topic_settings.h"
#include "tools/topics_priv.h"

#define COMMAND "org.apache.kafka.tools.TopicCommand"

typedef struct metadata_response_metadata_response_topic topic_row;

int topics_fail(struct topics *t, int code, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	free(t->message);
	t->message = text;
	t->code = code;
	return -1;
}

int topics_fail_code(struct topics *t, int code, struct str message)
{
	if (message.len > 0)
		return topics_fail(t, code, "%.*s", STR_ARG(message));
	return topics_fail(t, code, "%s", report_default_message(code));
}

int topics_fail_admin(struct topics *t)
{
	return topics_fail(t, KERR_REQUEST_TIMED_OUT, "%s", admin_error(t->admin));
}

int topics_fail_option(struct topics *t, int r)
{
	return r ? topics_fail(t, 0, "%s", t->options->error) : 0;
}

/* The text of an option that is known to be there once. */
static const char *text_of(struct topics *t, enum topics_option id)
{
	const char *text = NULL;

	(void)!options_text(t->options, id, &text);
	return text;
}

static int by_topic_name(const void *a, const void *b)
{
	const topic_row *const *x = a, *const *y = b;

	return str_cmp((*x)->name, (*y)->name);
}

int topics_filter(struct topics *t, struct java_regex **ret)
{
	CLEANUP(freep) char *error = NULL;
	const char *text;

	*ret = NULL;
	if (topics_fail_option(t, options_text(t->options, TOPICS_TOPIC, &text)))
		return -1;
	if (text && topic_filter_compile(text, ret, &error))
		return topics_fail(t, 0, "%s", error);
	return 0;
}

static int fetch_metadata(struct topics *t, struct metadata_response *ret)
{
	struct metadata_request in;
	int version;

	admin_begin(t->admin, "listTopics");
	if (admin_version(t->admin, false, API_METADATA, &version))
		return topics_fail_admin(t);
	CODEC_INIT(metadata_request, &in);
	in.topics_n = version == 0 ? 0 : -1; /* all */
	in.allow_auto_topic_creation = true; /* the default, the only value before version 4 */
	if (admin_call(t->admin, false, API_METADATA, &in, &t->arena, ret))
		return topics_fail_admin(t);
	return 0;
}

int topics_select(struct topics *t, bool by_name, struct metadata_response *ret,
	const topic_row ***ret_topics, size_t *ret_n)
{
	CLEANUP(java_regex_freep) struct java_regex *filter = NULL;
	bool internal = !options_has(t->options, TOPICS_EXCLUDE_INTERNAL);
	const topic_row **topics;
	size_t n = 0;

	if (fetch_metadata(t, ret) || (by_name && topics_filter(t, &filter)))
		return -1;
	topics = xcalloc((size_t)MAX(ret->topics_n, 1), sizeof(*topics));
	for (int32_t i = 0; i < ret->topics_n; i++) {
		const topic_row *row = &ret->topics[i];

		if (row->is_internal && !internal)
			continue;
		if (!filter ||
			java_regex_matches(filter, row->name.p, (size_t)MAX(row->name.len, 0)))
			topics[n++] = row;
	}
	qsort(topics, n, sizeof(*topics), by_topic_name);
	*ret_topics = topics;
	*ret_n = n;
	return 0;
}

int topics_must_exist(struct topics *t, size_t found)
{
	const char *text = text_of(t, TOPICS_TOPIC);

	if (found || !text || !*text || options_has(t->options, TOPICS_IF_EXISTS))
		return 0;
	return topics_fail(t, 0, "Topic 'Optional[%s]' does not exist as expected", text);
}

/* One partition's "a:b" into *ret, in the arena. */
static int parse_replicas(
	struct topics *t, struct str text, int32_t partition, struct replica_list *ret)
{
	int32_t at = 0;

	ret->ids = arena_array(&t->arena, (size_t)text.len + 1, sizeof(*ret->ids));
	ret->n = 0;
	while (at <= text.len) {
		const char *p = text.p + at;
		const char *colon = memchr(p, ':', (size_t)(text.len - at));
		int32_t len = colon ? (int32_t)(colon - p) : text.len - at;
		struct str id = {p, len};
		int64_t value;

		at += len + 1;
		for (; id.len > 0 && *id.p == ' '; id.p++, id.len--)
			;
		for (; id.len > 0 && id.p[id.len - 1] == ' '; id.len--)
			;
		if (!str_to_i64(id, INT32_MIN, INT32_MAX, &value))
			return topics_fail(t, 0, "For input string: \"%.*s\"", STR_ARG(id));
		for (int32_t i = 0; i < ret->n; i++)
			if (ret->ids[i] == value)
				return topics_fail(t, 0,
					"Partition replica lists may not contain duplicate "
					"entries: %lld",
					(long long)value);
		ret->ids[ret->n++] = (int32_t)value;
	}
	(void)partition;
	return 0;
}

static int wrong_factor(struct topics *t, int32_t partition, const struct replica_list *l)
{
	char text[256] = "";
	size_t n = 0;

	for (int32_t i = 0; i < l->n && n < sizeof(text) - 16; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d", i ? ", " : "", l->ids[i]);
	return topics_fail(
		t, 0, "Partition %d has different replication factor: [%s]", partition, text);
}

int topics_assignment(struct topics *t, struct replica_list **ret, int32_t *ret_n)
{
	struct replica_list *lists;
	const char *text;
	int32_t n = 0;

	*ret = NULL;
	*ret_n = 0;
	if (topics_fail_option(t, options_text(t->options, TOPICS_REPLICA_ASSIGNMENT, &text)))
		return -1;
	if (!text || !*text)
		return 0;
	lists = arena_array(&t->arena, strlen(text) + 1, sizeof(*lists));
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ",");

		if (parse_replicas(t, (struct str){p, (int32_t)len}, n, &lists[n]))
			return -1;
		if (lists[n].n != lists[0].n)
			return wrong_factor(t, n, &lists[n]);
		n++;
		p += len;
		p += *p == ',';
	}
	*ret = lists;
	*ret_n = n;
	return 0;
}

struct str topics_trimmed(const char *p, size_t len)
{
	for (; len > 0 && (*p == ' ' || *p == '\t'); p++, len--)
		;
	for (; len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t'); len--)
		;
	return (struct str){p, (int32_t)len};
}

/* Checks the settings as Kafka's tool does before it connects. */
static int check_configs(struct topics *t, const struct properties *configs)
{
	const char *format = properties_get(configs, "message.format.version");
	char why[TOPIC_SETTINGS_WHY_MAX];
	int r = topic_settings_check(configs, why);

	if (r)
		return topics_fail(t, r == KERR_INVALID_CONFIG ? r : 0, "%s", why);
	if (format)
		printf("WARNING: The configuration message.format.version=%s is specified. This "
		       "configuration will be ignored if the version is newer than the "
		       "inter.broker.protocol.version specified in the broker or if the "
		       "inter.broker.protocol.version is 3.0 or newer. This configuration is deprecated "
		       "and it will be removed in Apache Kafka 4.0.\n",
			format);
	return 0;
}

/* --config k=v ... A value may not contain '=': Kafka's tool splits at each of them. */
int topics_configs(struct topics *t, struct properties *configs)
{
	size_t n;
	const char *const *args = options_all(t->options, TOPICS_CONFIG, &n);

	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(args[i], '=');
		CLEANUP(freep) char *key = NULL;
		CLEANUP(freep) char *value = NULL;

		if (!eq || !eq[1] || strchr(eq + 1, '='))
			return topics_fail(t, 0,
				"requirement failed: Invalid topic config: all configs to be added "
				"must be in the "
				"format \"key=val\".");
		key = str_dup(topics_trimmed(args[i], (size_t)(eq - args[i])));
		value = str_dup(topics_trimmed(eq + 1, strlen(eq + 1)));
		properties_set(configs, key, value, 0);
	}
	return check_configs(t, configs);
}

typedef struct create_topics_request_creatable_topic new_topic;

static int set_shape(struct topics *t, new_topic *topic)
{
	int64_t partitions = -1, factor = -1;
	struct replica_list *lists;
	int32_t n;

	if (topics_fail_option(t, options_number(t->options, TOPICS_PARTITIONS, &partitions)) ||
		topics_fail_option(
			t, options_number(t->options, TOPICS_REPLICATION_FACTOR, &factor)) ||
		topics_assignment(t, &lists, &n))
		return -1;
	if (options_has(t->options, TOPICS_REPLICATION_FACTOR) &&
		(factor < 1 || factor > INT16_MAX))
		return topics_fail(t, 0,
			"The replication factor must be between 1 and %d inclusive", INT16_MAX);
	if (options_has(t->options, TOPICS_PARTITIONS) && partitions < 1)
		return topics_fail(t, 0, "The partitions must be greater than 0");
	topic->num_partitions = (int32_t)partitions;
	topic->replication_factor = (int16_t)factor;
	topic->assignments =
		CODEC_NEW(&t->arena, create_topics_request_creatable_replica_assignment, (size_t)n);
	topic->assignments_n = n;
	for (int32_t i = 0; i < n; i++) {
		topic->assignments[i].partition_index = i;
		topic->assignments[i].broker_ids = lists[i].ids;
		topic->assignments[i].broker_ids_n = lists[i].n;
	}
	return 0;
}

static void set_configs(struct topics *t, new_topic *topic, const struct properties *configs)
{
	topic->configs =
		CODEC_NEW(&t->arena, create_topics_request_creatable_topic_config, configs->n);
	topic->configs_n = (int32_t)configs->n;
	for (size_t i = 0; i < configs->n; i++) {
		topic->configs[i].name = str_of(configs->v[i].key);
		topic->configs[i].value = str_of(configs->v[i].value);
	}
}

/* The request until it has reached the controller. */
static int send_create(struct topics *t, new_topic *topic, struct create_topics_response *out)
{
	struct create_topics_request in;
	int version;

	admin_begin(t->admin, "createTopics");
	do {
		if (admin_version(t->admin, true, API_CREATE_TOPICS, &version))
			return topics_fail_admin(t);
		if (version < 4 && topic->assignments_n == 0 &&
			(topic->num_partitions < 0 || topic->replication_factor < 0))
			return topics_fail(t, KERR_UNSUPPORTED_VERSION,
				"Creating topics with default partitions/replication factor are "
				"only supported in "
				"CreateTopicRequest version 4+. The following topics need values "
				"for partitions and "
				"replicas: [%.*s]",
				STR_ARG(topic->name));
		CODEC_INIT(create_topics_request, &in);
		in.topics = topic;
		in.topics_n = 1;
		in.timeout_ms = admin_timeout_ms(t->admin);
		if (admin_call(t->admin, true, API_CREATE_TOPICS, &in, &t->arena, out))
			return topics_fail_admin(t);
	} while (out->topics_n > 0 && admin_again(t->admin, out->topics[0].error_code));
	return out->topics_n > 0 ? 0 : topics_fail(t, 0, "The controller's answer lacks the topic");
}

static int create_with(struct topics *t, const char *name, const struct properties *configs)
{
	struct create_topics_response out;
	new_topic topic;

	CODEC_INIT(create_topics_request_creatable_topic, &topic);
	topic.name = str_of(name);
	if (set_shape(t, &topic))
		return -1;
	set_configs(t, &topic, configs);
	if (!*name)
		return topics_fail(t, KERR_INVALID_TOPIC_EXCEPTION,
			"The given topic name '' cannot be represented in a request.");
	if (strpbrk(name, "._"))
		puts(TOPICS_COLLISION_WARNING);
	if (send_create(t, &topic, &out))
		return -1;
	if (out.topics[0].error_code == KERR_TOPIC_ALREADY_EXISTS &&
		options_has(t->options, TOPICS_IF_NOT_EXISTS))
		return 0;
	if (out.topics[0].error_code)
		return topics_fail_code(t, out.topics[0].error_code, out.topics[0].error_message);
	printf("Created topic %s.\n", name);
	return 0;
}

int topics_create(struct topics *t)
{
	struct properties configs = PROPERTIES_INIT;
	const char *name;
	int r;

	if (topics_fail_option(t, options_text(t->options, TOPICS_TOPIC, &name)))
		return -1;
	r = topics_configs(t, &configs);
	if (!r)
		r = create_with(t, name, &configs);
	properties_fini(&configs);
	return r;
}

int topics_list(struct topics *t)
{
	struct metadata_response metadata;
	const topic_row **topics;
	size_t n;

	if (topics_select(t, true, &metadata, &topics, &n))
		return -1;
	for (size_t i = 0; i < n; i++)
		printf("%.*s\n", STR_ARG(topics[i]->name));
	if (n == 0)
		putchar('\n');
	free(topics);
	return 0;
}

typedef struct create_partitions_request_create_partitions_topic grown_topic;

/* The new partitions' replicas: the list begins with those that exist. */
static void set_new_replicas(struct topics *t, grown_topic *to, int32_t existing,
	const struct replica_list *lists, int32_t n)
{
	int32_t more = MAX(n - existing, 0);

	if (n == 0)
		return; /* null: the controller chooses */
	to->assignments = CODEC_NEW(
		&t->arena, create_partitions_request_create_partitions_assignment, (size_t)more);
	to->assignments_n = more;
	for (int32_t i = 0; i < more; i++) {
		to->assignments[i].broker_ids = lists[existing + i].ids;
		to->assignments[i].broker_ids_n = lists[existing + i].n;
	}
}

static int send_partitions(struct topics *t, grown_topic *grown, size_t n)
{
	struct create_partitions_request in;
	struct create_partitions_response out;
	int code;

	admin_begin(t->admin, "createPartitions");
	do {
		CODEC_INIT(create_partitions_request, &in);
		in.topics = grown;
		in.topics_n = (int32_t)n;
		in.timeout_ms = admin_timeout_ms(t->admin);
		if (admin_call(t->admin, true, API_CREATE_PARTITIONS, &in, &t->arena, &out))
			return topics_fail_admin(t);
		code = out.results_n > 0 ? out.results[0].error_code : 0;
	} while (admin_again(t->admin, code));
	for (int32_t i = 0; i < out.results_n; i++)
		if (out.results[i].error_code)
			return topics_fail_code(
				t, out.results[i].error_code, out.results[i].error_message);
	return 0;
}

static int alter_topics(struct topics *t, const topic_row **topics, size_t n)
{
	struct replica_list *lists;
	int32_t lists_n;
	int64_t count = 0;
	grown_topic *grown;

	if (topics_assignment(t, &lists, &lists_n) ||
		topics_fail_option(t, options_number(t->options, TOPICS_PARTITIONS, &count)) ||
		topics_must_exist(t, n))
		return -1;
	if (n == 0)
		return 0;
	grown = CODEC_NEW(&t->arena, create_partitions_request_create_partitions_topic, n);
	for (size_t i = 0; i < n; i++) {
		grown[i].name = topics[i]->name;
		grown[i].count = (int32_t)count;
		grown[i].assignments_n = -1;
		set_new_replicas(t, &grown[i], topics[i]->partitions_n, lists, lists_n);
	}
	return send_partitions(t, grown, n);
}

int topics_alter(struct topics *t)
{
	struct metadata_response metadata;
	const topic_row **topics;
	size_t n;
	int r;

	if (topics_select(t, true, &metadata, &topics, &n))
		return -1;
	r = alter_topics(t, topics, n);
	free(topics);
	return r;
}

/* Before version 6 topics are a list of names. */
static void set_deleted(struct topics *t, struct delete_topics_request *in, int version,
	const topic_row **topics, size_t n)
{
	CODEC_INIT(delete_topics_request, in);
	in->timeout_ms = admin_timeout_ms(t->admin);
	if (version >= 6) {
		in->topics = CODEC_NEW(&t->arena, delete_topics_request_delete_topic_state, n);
		in->topics_n = (int32_t)n;
	} else {
		in->topic_names = arena_array(&t->arena, n, sizeof(*in->topic_names));
		in->topic_names_n = (int32_t)n;
	}
	for (size_t i = 0; i < n; i++)
		*(version >= 6 ? &in->topics[i].name : &in->topic_names[i]) = topics[i]->name;
}

static int delete_topics(struct topics *t, const topic_row **topics, size_t n)
{
	struct delete_topics_request in;
	struct delete_topics_response out;
	int version, code;

	if (topics_must_exist(t, n))
		return -1;
	if (n == 0)
		return 0;
	admin_begin(t->admin, "deleteTopics");
	do {
		if (admin_version(t->admin, true, API_DELETE_TOPICS, &version))
			return topics_fail_admin(t);
		set_deleted(t, &in, version, topics, n);
		if (admin_call(t->admin, true, API_DELETE_TOPICS, &in, &t->arena, &out))
			return topics_fail_admin(t);
		code = out.responses_n > 0 ? out.responses[0].error_code : 0;
	} while (admin_again(t->admin, code));
	for (int32_t i = 0; i < out.responses_n; i++)
		if (out.responses[i].error_code)
			return topics_fail_code(
				t, out.responses[i].error_code, out.responses[i].error_message);
	return 0;
}

int topics_delete(struct topics *t)
{
	struct metadata_response metadata;
	const topic_row **topics;
	size_t n;
	int r;

	if (topics_select(t, true, &metadata, &topics, &n))
		return -1;
	r = delete_topics(t, topics, n);
	free(topics);
	return r;
}

static int run_command(struct topics *t)
{
	static const struct {
		enum topics_option option;
		int (*run)(struct topics *t);
	} commands[] = {
		{TOPICS_CREATE, topics_create},
		{TOPICS_ALTER, topics_alter},
		{TOPICS_LIST, topics_list},
		{TOPICS_DESCRIBE, topics_describe},
		{TOPICS_DELETE, topics_delete},
	};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (options_has(t->options, commands[i].option))
			return commands[i].run(t);
	return 0;
}

static int print_failure(const struct topics *t)
{
	char exception[96];

	printf("Error while executing topic command : %s\n", t->message);
	fflush(stdout);
	if (t->code)
		report("ERROR", COMMAND, "%s: %s\n",
			report_exception(t->code, exception, sizeof(exception)), t->message);
	else
		report("ERROR", COMMAND, "%s", t->message);
	return 1;
}

/* The settings of the admin client. */
static int load_config(struct options *o, struct properties *config, char **error)
{
	const char *path, *servers;

	if (options_text(o, TOPICS_COMMAND_CONFIG, &path) ||
		options_text(o, TOPICS_BOOTSTRAP_SERVER, &servers)) {
		*error = xstrdup(o->error);
		return -EINVAL;
	}
	if (path) {
		int r = client_properties_load(config, path, error);

		if (r)
			return r;
	}
	properties_set(config, "bootstrap.servers", servers, 0);
	return 0;
}

static int run_with_zookeeper(struct options *o)
{
	struct topics t = {.options = o};
	const char *connect;
	bool connected = false;
	int exit_code = 0;

	if (options_text(o, TOPICS_ZOOKEEPER, &connect)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	arena_init(&t.arena, 0);
	if (topics_zookeeper(&t, connect, &connected)) {
		if (connected)
			print_failure(&t);
		else
			fprintf(stderr, "%s\n", t.message);
		exit_code = 1;
	}
	arena_fini(&t.arena);
	free(t.message);
	return exit_code;
}

static int run_with_broker(struct options *o)
{
	struct topics t = {.options = o};
	struct properties config = PROPERTIES_INIT;
	char *error = NULL;
	int exit_code = 0;

	if (load_config(o, &config, &error) || admin_open(&config, &t.admin, &error)) {
		fprintf(stderr, "%s\n", error);
		exit_code = 1;
	} else {
		arena_init(&t.arena, 0);
		if (run_command(&t))
			exit_code = print_failure(&t);
		arena_fini(&t.arena);
	}
	admin_close(t.admin);
	properties_fini(&config);
	free(t.message);
	free(error);
	return exit_code;
}

static int run(int argc, char **argv)
{
	struct options o;
	bool done;
	int exit_code;

	if (options_parse(&o, topics_options, TOPICS_OPTION_COUNT, argc, argv)) {
		fprintf(stderr, "%s\n", o.error);
		options_fini(&o);
		return 1;
	}
	exit_code = argc < 2 ? options_usage(&o, "Create, delete, describe, or change a topic.")
			     : topics_check_options(&o, &done);
	if (!exit_code && !done)
		exit_code = options_has(&o, TOPICS_ZOOKEEPER) ? run_with_zookeeper(&o)
							      : run_with_broker(&o);
	options_fini(&o);
	return exit_code;
}

const struct tool tool_topics = {
	.name = "topics",
	.script = "kafka-topics.sh",
	.summary = "create, list, describe, change and delete topics",
	.synopsis = "--bootstrap-server HOST:PORT,... --create|--list|--describe|--alter|--delete [OPTION]...",
	.options = topics_options,
	.options_n = TOPICS_OPTION_COUNT,
	.run = run,
	.description =
		"Does one of five things to the topics of a cluster. Which topics is said by a name, or, except "
		"with `--create`, by a regular expression that has to match the whole name; without "
		"`--topic` `--list` and `--describe` are about all of them.",
	.examples =
		"\tkafka-topics.sh --bootstrap-server host:9092 --create --topic clicks --partitions 6 \\\n"
		"\t    --replication-factor 3 --config retention.ms=86400000\n"
		"\tkafka-topics.sh --bootstrap-server host:9092 --describe --topic 'clicks.*'\n"
		"\tkafka-topics.sh --bootstrap-server host:9092 --describe --under-replicated-partitions",
	.see_also = "kafka-console-producer.sh(1), kafka-console-consumer.sh(1)",
};
