/* topics_options.c - the options of the topics tool and which of them go together (cli.md section 3). */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "tools/tool.h"
#include "tools/topics_priv.h"

#define CONFIGS_TOOL                                                                               \
	" (the kafka-configs CLI supports altering topic configs with a --bootstrap-server "       \
	"option)"

const struct option topics_options[TOPICS_OPTION_COUNT] = {
	[TOPICS_ALTER] = {.name = "alter",
		.help = "Give topics more partitions. Settings of a topic are changed with "
			"kafka-configs, or here with --zookeeper."},
	[TOPICS_AT_MIN_ISR] = {.name = "at-min-isr-partitions",
		.help = "With --describe: only partitions with exactly as many in-sync replicas as "
			"min.insync.replicas asks for."},
	[TOPICS_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED, or --zookeeper: the broker or brokers to ask first."},
	[TOPICS_COMMAND_CONFIG] = {.name = "command-config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[TOPICS_CONFIG] = {.name = "config",
		.kind = OPTION_STRING,
		.arg = "name=value",
		.help = "With --create, and with --alter and --zookeeper: a setting of the topic "
			"that differs from the broker's default. May be repeated."},
	[TOPICS_CREATE] = {.name = "create", .help = "Create a topic."},
	[TOPICS_DELETE] = {.name = "delete", .help = "Delete topics."},
	[TOPICS_DELETE_CONFIG] = {.name = "delete-config",
		.kind = OPTION_STRING,
		.arg = "name",
		.help = "With --alter and --zookeeper: a setting to take back. With "
			"--bootstrap-server use kafka-configs."},
	[TOPICS_DESCRIBE] = {.name = "describe",
		.help = "Show details of topics and their partitions."},
	[TOPICS_DISABLE_RACK_AWARE] = {.name = "disable-rack-aware",
		.help = "With --create and --zookeeper: place replicas without regard to racks."},
	[TOPICS_EXCLUDE_INTERNAL] = {.name = "exclude-internal",
		.help = "With --list and --describe: leave out the topics that brokers keep for "
			"themselves."},
	[TOPICS_FORCE] = {.name = "force",
		.help = "With --zookeeper: accepted; nothing is ever asked."},
	[TOPICS_IF_EXISTS] = {.name = "if-exists",
		.help = "With --alter, --delete and --describe: a topic that does not exist is no "
			"error."},
	[TOPICS_IF_NOT_EXISTS] = {.name = "if-not-exists",
		.help = "With --create: a topic that exists is no error."},
	[TOPICS_LIST] = {.name = "list", .help = "Print the names of topics."},
	[TOPICS_PARTITION_SIZE_LIMIT] = {.name = "partition-size-limit-per-response",
		.kind = OPTION_INT,
		.arg = "partitions",
		.help = "Largest number of partitions in an answer to DescribeTopicPartitions, "
			"which brokers "
			"with ZooKeeper do not have."},
	[TOPICS_PARTITIONS] = {.name = "partitions",
		.kind = OPTION_INT,
		.arg = "number",
		.help = "Partitions of a topic that is created, by default the broker's "
			"num.partitions; with "
			"--alter the new number. Note that keys go to other partitions "
			"afterwards."},
	[TOPICS_REPLICA_ASSIGNMENT] = {.name = "replica-assignment",
		.kind = OPTION_STRING,
		.arg = "id:id...,id:id...",
		.help = "Brokers of the replicas: ':' between replicas, the preferred leader "
			"first, ',' between "
			"partitions."},
	[TOPICS_REPLICATION_FACTOR] = {.name = "replication-factor",
		.kind = OPTION_INT,
		.arg = "number",
		.help = "Replicas of each partition of a topic that is created, by default the "
			"broker's "
			"default.replication.factor."},
	[TOPICS_TOPIC] = {.name = "topic",
		.kind = OPTION_STRING,
		.arg = "topic",
		.help = "The topic. Except with --create a regular expression: put it in quotes, "
			"and a '\\' "
			"before a dot, as in \"test\\.topic\"."},
	[TOPICS_TOPIC_ID] = {.name = "topic-id",
		.kind = OPTION_STRING,
		.arg = "topic id",
		.help = "With --describe: the topic with this id."},
	[TOPICS_WITH_OVERRIDES] = {.name = "topics-with-overrides",
		.help = "With --describe: only topics with settings of their own."},
	[TOPICS_UNAVAILABLE] = {.name = "unavailable-partitions",
		.help = "With --describe: only partitions without a living leader."},
	[TOPICS_UNDER_MIN_ISR] = {.name = "under-min-isr-partitions",
		.help = "With --describe: only partitions with fewer in-sync replicas than "
			"min.insync.replicas."},
	[TOPICS_UNDER_REPLICATED] = {.name = "under-replicated-partitions",
		.help = "With --describe: only partitions with replicas that are not in sync."},
	[TOPICS_ZOOKEEPER] = {.name = "zookeeper",
		.kind = OPTION_STRING,
		.arg = "host:port,.../path",
		.help = "Deprecated, as in Kafka 2.x: works on the topics in ZooKeeper, without a broker."},
	[TOPICS_HELP] = OPTION_HELP,
	[TOPICS_VERSION] = OPTION_VERSION,
};

#define BIT(id) (1u << (id))
#define ACTIONS                                                                                    \
	(BIT(TOPICS_ALTER) | BIT(TOPICS_CREATE) | BIT(TOPICS_DESCRIBE) | BIT(TOPICS_LIST) |        \
		BIT(TOPICS_DELETE))
#define REPORTS                                                                                    \
	(BIT(TOPICS_UNDER_REPLICATED) | BIT(TOPICS_UNDER_MIN_ISR) | BIT(TOPICS_AT_MIN_ISR) |       \
		BIT(TOPICS_UNAVAILABLE))

/* Options that may not be there when `used` is (TopicCommand.java, 3.9), checked in this order. */
static const struct {
	enum topics_option used;
	uint32_t refused;
	uint32_t only_with; /* if not 0: a rule for runs with these options only */
} rules[] = {
	{TOPICS_CONFIG, ACTIONS & ~(BIT(TOPICS_ALTER) | BIT(TOPICS_CREATE)), 0},
	{TOPICS_DELETE_CONFIG, (ACTIONS & ~BIT(TOPICS_ALTER)) | BIT(TOPICS_BOOTSTRAP_SERVER), 0},
	{TOPICS_PARTITIONS, ACTIONS & ~(BIT(TOPICS_ALTER) | BIT(TOPICS_CREATE)), 0},
	{TOPICS_REPLICATION_FACTOR, ACTIONS & ~BIT(TOPICS_CREATE), 0},
	{TOPICS_REPLICA_ASSIGNMENT, ACTIONS & ~(BIT(TOPICS_ALTER) | BIT(TOPICS_CREATE)), 0},
	{TOPICS_REPLICA_ASSIGNMENT, BIT(TOPICS_PARTITIONS) | BIT(TOPICS_REPLICATION_FACTOR),
		BIT(TOPICS_CREATE)},
	{TOPICS_UNDER_REPLICATED, (ACTIONS & ~BIT(TOPICS_DESCRIBE)) | BIT(TOPICS_WITH_OVERRIDES),
		0},
	{TOPICS_UNDER_MIN_ISR, (ACTIONS & ~BIT(TOPICS_DESCRIBE)) | BIT(TOPICS_WITH_OVERRIDES), 0},
	{TOPICS_AT_MIN_ISR, (ACTIONS & ~BIT(TOPICS_DESCRIBE)) | BIT(TOPICS_WITH_OVERRIDES), 0},
	{TOPICS_UNDER_MIN_ISR, BIT(TOPICS_ZOOKEEPER), 0},
	{TOPICS_AT_MIN_ISR, BIT(TOPICS_ZOOKEEPER), 0},
	{TOPICS_TOPIC_ID, BIT(TOPICS_ZOOKEEPER), 0},
	{TOPICS_UNAVAILABLE, (ACTIONS & ~BIT(TOPICS_DESCRIBE)) | BIT(TOPICS_WITH_OVERRIDES), 0},
	{TOPICS_WITH_OVERRIDES, (ACTIONS & ~BIT(TOPICS_DESCRIBE)) | REPORTS, 0},
	{TOPICS_IF_EXISTS,
		ACTIONS & ~(BIT(TOPICS_ALTER) | BIT(TOPICS_DELETE) | BIT(TOPICS_DESCRIBE)), 0},
	{TOPICS_IF_NOT_EXISTS, ACTIONS & ~BIT(TOPICS_CREATE), 0},
	{TOPICS_EXCLUDE_INTERNAL, ACTIONS & ~(BIT(TOPICS_LIST) | BIT(TOPICS_DESCRIBE)), 0},
};
static_assert(TOPICS_OPTION_COUNT <= 32, "a bit per option");

static uint32_t given(const struct options *o)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < TOPICS_OPTION_COUNT; i++)
		if (options_has(o, i))
			bits |= BIT(i);
	return bits;
}

static int check_rules(const struct options *o, uint32_t bits)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (rules[i].only_with & ~bits)
			continue;
		for (size_t other = 0; other < TOPICS_OPTION_COUNT; other++)
			if ((rules[i].refused & BIT(other)) &&
				options_refuse(o, rules[i].used, &other, 1))
				return 1;
	}
	return 0;
}

/* What Kafka 2.8 asks for with --zookeeper. */
static int check_required_zookeeper(const struct options *o, uint32_t bits)
{
	bool shows = bits & (BIT(TOPICS_LIST) | BIT(TOPICS_DESCRIBE));
	bool if_exists = (bits & BIT(TOPICS_DESCRIBE)) && (bits & BIT(TOPICS_IF_EXISTS));

	if (bits & BIT(TOPICS_BOOTSTRAP_SERVER)) {
		fprintf(stderr,
			"Only one of --bootstrap-server or --zookeeper must be specified\n");
		return 1;
	}
	if ((!shows || if_exists) && options_require(o, TOPICS_TOPIC))
		return 1;
	if (!(bits & BIT(TOPICS_CREATE)) || (bits & BIT(TOPICS_REPLICA_ASSIGNMENT)))
		return 0;
	return options_require(o, TOPICS_PARTITIONS) ||
	       options_require(o, TOPICS_REPLICATION_FACTOR);
}

/* Options that Kafka 3.9 does not know any more are not known without --zookeeper. */
static int check_old(const struct options *o)
{
	for (size_t i = 0; i < o->order_n; i++)
		if (o->order[i] == TOPICS_FORCE || o->order[i] == TOPICS_DISABLE_RACK_AWARE) {
			fprintf(stderr, "%s is not a recognized option\n",
				o->table[o->order[i]].name);
			return 1;
		}
	return 0;
}

static int check_required(const struct options *o, uint32_t bits)
{
	uint32_t both = BIT(TOPICS_TOPIC) | BIT(TOPICS_TOPIC_ID);

	if (!(bits & BIT(TOPICS_BOOTSTRAP_SERVER))) {
		fprintf(stderr, "--bootstrap-server must be specified\n");
		return 1;
	}
	if ((bits & BIT(TOPICS_DESCRIBE)) && (bits & BIT(TOPICS_IF_EXISTS))) {
		if (!(bits & both))
			return options_usage(
				o, "--topic or --topic-id is required to describe a topic");
		if ((bits & both) == both)
			puts("Only topic id will be used when both --topic and --topic-id are "
			     "specified and topicId "
			     "is not Uuid.ZERO_UUID");
	}
	if (!(bits & (BIT(TOPICS_LIST) | BIT(TOPICS_DESCRIBE))) && options_require(o, TOPICS_TOPIC))
		return 1;
	if (!(bits & BIT(TOPICS_ALTER)))
		return 0;
	if (bits & BIT(TOPICS_CONFIG))
		return options_usage(o, "Option combination \"[[bootstrap-server], [config]]\" "
					"can't be used with option "
					"\"[alter]\"" CONFIGS_TOOL);
	return options_require(o, TOPICS_PARTITIONS);
}

int topics_check_options(const struct options *o, bool *ret_done)
{
	uint32_t bits = given(o);
	int r;

	*ret_done = false;
	if (!(bits & BIT(TOPICS_ZOOKEEPER)) && check_old(o))
		return 1;
	if (options_has_help(o))
		return options_usage(
			o, "This tool helps to create, delete, describe, or change a topic.");
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		*ret_done = true;
		return 0;
	}
	if (__builtin_popcount(bits & ACTIONS) != 1)
		return options_usage(o, "Command must include exactly one action: --list, "
					"--describe, --create, --alter or --delete");
	r = bits & BIT(TOPICS_ZOOKEEPER) ? check_required_zookeeper(o, bits)
					 : check_required(o, bits);
	return r ? r : check_rules(o, bits);
}
