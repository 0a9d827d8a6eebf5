/* consumer_groups_options.c - the options of the consumer groups tool and which of them go together (cli.md
 * section 8). */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tools/consumer_groups_priv.h"
#include "tools/tool.h"

const struct option groups_options[GROUPS_OPTION_COUNT] = {
	[GROUPS_ALL_GROUPS] = {.name = "all-groups",
		.help = "With --describe, --delete and --reset-offsets: every consumer group."},
	[GROUPS_ALL_TOPICS] = {.name = "all-topics",
		.help = "With --reset-offsets: every partition that the group has committed an "
			"offset of."},
	[GROUPS_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED: the broker or brokers to ask first."},
	[GROUPS_BY_DURATION] = {.name = "by-duration",
		.kind = OPTION_STRING,
		.arg = "duration",
		.help = "Reset to the first record that is no older than this: PnDTnHnMnS."},
	[GROUPS_COMMAND_CONFIG] = {.name = "command-config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[GROUPS_DELETE] = {.name = "delete",
		.help = "Delete groups with all of their offsets. They may not have members."},
	[GROUPS_DELETE_OFFSETS] = {.name = "delete-offsets",
		.help = "Delete the offsets of one group for the topics given with --topic."},
	[GROUPS_DESCRIBE] = {.name = "describe",
		.help = "Show the offsets of groups and how far they lag behind, or their members "
			"or state."},
	[GROUPS_DRY_RUN] = {.name = "dry-run",
		.help = "With --reset-offsets: only show the new offsets, which is the default."},
	[GROUPS_EXECUTE] = {.name = "execute", .help = "With --reset-offsets: change the offsets."},
	[GROUPS_EXPORT] = {.name = "export",
		.help = "With --reset-offsets: print the new offsets as CSV, which --from-file can "
			"read."},
	[GROUPS_FROM_FILE] = {.name = "from-file",
		.kind = OPTION_STRING,
		.arg = "CSV file",
		.help = "Reset to the offsets of a file with lines topic,partition,offset for one "
			"group, or "
			"group,topic,partition,offset."},
	[GROUPS_GROUP] = {.name = "group",
		.kind = OPTION_STRING,
		.arg = "consumer group",
		.help = "The group. May be repeated, except with --delete-offsets."},
	[GROUPS_LIST] = {.name = "list", .help = "Print the ids of all consumer groups."},
	[GROUPS_MEMBERS] = {.name = "members",
		.help = "With --describe: show the members of groups."},
	[GROUPS_OFFSETS] = {.name = "offsets",
		.help = "With --describe: show the offsets of groups, which is the default."},
	[GROUPS_RESET_OFFSETS] = {.name = "reset-offsets",
		.help = "Move the offsets of groups without members. What for: --topic or "
			"--all-topics, not "
			"needed with --from-file. Where to: one of --to-datetime, --by-duration, "
			"--to-earliest, "
			"--to-latest, --shift-by, --from-file, --to-current and --to-offset. "
			"Changes nothing "
			"without --execute."},
	[GROUPS_SHIFT_BY] = {.name = "shift-by",
		.kind = OPTION_LONG,
		.arg = "offsets",
		.help = "Reset to the current offset plus this, which may be negative."},
	[GROUPS_STATE] = {.name = "state",
		.kind = OPTION_MAYBE,
		.help = "With --describe: show the state of groups. With --list: show the state of "
			"each, and "
			"only groups in one of the states given, as in --state stable,empty."},
	[GROUPS_TIMEOUT] = {.name = "timeout",
		.kind = OPTION_LONG,
		.arg = "ms",
		.def = "5000",
		.help = "How long to wait for each answer of the cluster, such as while a group "
			"finds its "
			"coordinator."},
	[GROUPS_TO_CURRENT] = {.name = "to-current", .help = "Reset to the offset committed now."},
	[GROUPS_TO_DATETIME] = {.name = "to-datetime",
		.kind = OPTION_STRING,
		.arg = "datetime",
		.help = "Reset to the first record of this time or later: YYYY-MM-DDTHH:mm:SS.sss, "
			"with a zone "
			"like +01:00 or in UTC."},
	[GROUPS_TO_EARLIEST] = {.name = "to-earliest", .help = "Reset to the oldest record."},
	[GROUPS_TO_LATEST] = {.name = "to-latest", .help = "Reset to the end."},
	[GROUPS_TO_OFFSET] = {.name = "to-offset",
		.kind = OPTION_LONG,
		.arg = "offset",
		.help = "Reset to this offset, or the nearest that exists."},
	[GROUPS_TOPIC] = {.name = "topic",
		.kind = OPTION_STRING,
		.arg = "topic",
		.help = "With --reset-offsets and --delete-offsets: the topic, or some of its "
			"partitions as in "
			"topic1:0,1,2. May be repeated."},
	[GROUPS_TYPE] = {.name = "type",
		.kind = OPTION_MAYBE,
		.help = "With --list: show the type of each group, and only groups of the types "
			"given, as in "
			"--type classic,consumer."},
	[GROUPS_VERBOSE] = {.name = "verbose",
		.help = "With --describe --members: show the partitions of each member."},
	[GROUPS_HELP] = OPTION_HELP,
	[GROUPS_VERSION] = OPTION_VERSION,
};

#define BIT(id) (1u << (id))
static_assert(GROUPS_OPTION_COUNT <= 32, "a bit per option");

/* Lists of options in messages, and the order in which conflicts are looked for, are those of Java's hash sets. */
static const size_t levels[] = {GROUPS_RESET_OFFSETS, GROUPS_DESCRIBE, GROUPS_DELETE, GROUPS_LIST};
static const size_t scopes[] = {GROUPS_ALL_GROUPS, GROUPS_GROUP};
static const size_t scenarios[] = {GROUPS_TO_OFFSET, GROUPS_TO_CURRENT, GROUPS_TO_DATETIME,
	GROUPS_FROM_FILE, GROUPS_BY_DURATION, GROUPS_TO_EARLIEST, GROUPS_TO_LATEST,
	GROUPS_SHIFT_BY};
/* The order in which ConsumerGroupCommandOptions checks them against each other. */
static const size_t scenario_checks[] = {GROUPS_TO_OFFSET, GROUPS_TO_DATETIME, GROUPS_BY_DURATION,
	GROUPS_TO_EARLIEST, GROUPS_TO_LATEST, GROUPS_TO_CURRENT, GROUPS_SHIFT_BY, GROUPS_FROM_FILE};
static const size_t views[] = {GROUPS_MEMBERS, GROUPS_OFFSETS, GROUPS_STATE};

/* Options that are only there with one of others (jopt's availableIf). */
static const struct {
	enum groups_option option;
	uint32_t with;
} available[] = {
	{GROUPS_MEMBERS, BIT(GROUPS_DESCRIBE)},
	{GROUPS_OFFSETS, BIT(GROUPS_DESCRIBE)},
	{GROUPS_STATE, BIT(GROUPS_DESCRIBE) | BIT(GROUPS_LIST)},
	{GROUPS_TYPE, BIT(GROUPS_LIST)},
	{GROUPS_VERBOSE, BIT(GROUPS_DESCRIBE)},
};

static uint32_t given(const struct options *o)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < GROUPS_OPTION_COUNT; i++)
		if (options_has(o, i))
			bits |= BIT(i);
	return bits;
}

/* "[a], [b]" */
static void names_of(const size_t *ids, size_t n, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s[%s]", i ? ", " : "",
			groups_options[ids[i]].name);
}

/* "Option [describe] takes one of these options: [a], [b]" */
static int takes(const struct options *o, enum groups_option option, const char *how,
	const size_t *ids, size_t n)
{
	char names[256], text[512];

	names_of(ids, n, names, sizeof(names));
	snprintf(text, sizeof(text), "Option [%s] takes %s: %s", groups_options[option].name, how,
		names);
	return options_usage(o, text);
}

int groups_missing_scenario(const struct options *o)
{
	char names[256], text[512];

	names_of(scenarios, ARRAY_LEN(scenarios), names, sizeof(names));
	snprintf(text, sizeof(text),
		"Option '[reset-offsets]' requires one of the following scenarios: [%s]", names);
	return options_usage(o, text);
}

static int check_available(const struct options *o, uint32_t bits)
{
	char names[128] = "", text[256];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(available); i++)
		if ((bits & BIT(available[i].option)) && !(bits & available[i].with))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
				len ? ", " : "", groups_options[available[i].option].name);
	if (!len)
		return 0;
	snprintf(text, sizeof(text),
		"Option(s) [%s] are unavailable given other options on the command line", names);
	return options_usage(o, text);
}

static int check_describe(const struct options *o, uint32_t bits)
{
	uint32_t seen = bits & (BIT(GROUPS_MEMBERS) | BIT(GROUPS_OFFSETS) | BIT(GROUPS_STATE));
	size_t values;

	if (!(bits & (BIT(GROUPS_GROUP) | BIT(GROUPS_ALL_GROUPS))))
		return takes(o, GROUPS_DESCRIBE, "one of these options", levels, ARRAY_LEN(levels));
	if (__builtin_popcount(seen) > 1)
		return takes(o, GROUPS_DESCRIBE, "at most one of these options", views,
			ARRAY_LEN(views));
	(void)options_all(o, GROUPS_STATE, &values);
	return values ? options_usage(o, "Option [describe] does not take a value for [state]") : 0;
}

static int check_delete(const struct options *o, uint32_t bits)
{
	if (!(bits & (BIT(GROUPS_GROUP) | BIT(GROUPS_ALL_GROUPS))))
		return takes(o, GROUPS_DELETE, "one of these options", scopes, ARRAY_LEN(scopes));
	if (bits & BIT(GROUPS_TOPIC))
		return options_usage(o,
			"The consumer does not support topic-specific offset deletion "
			"from a consumer group.");
	return 0;
}

static int check_reset(const struct options *o, uint32_t bits)
{
	bool dry_run = bits & BIT(GROUPS_DRY_RUN), execute = bits & BIT(GROUPS_EXECUTE);

	if (dry_run && execute)
		return options_usage(
			o, "Option [reset-offsets] only accepts one of [execute] and [dry-run]");
	if (!dry_run && !execute)
		fputs("WARN: No action will be performed as the --execute option is missing.In a "
		      "future "
		      "major release, the default behavior of this command will be to prompt the "
		      "user "
		      "before executing the reset rather than doing a dry run. You should add the "
		      "--dry-run "
		      "option explicitly if you are scripting this command and want to keep the "
		      "current "
		      "default behavior without prompting.\n",
			stderr);
	if (!(bits & (BIT(GROUPS_GROUP) | BIT(GROUPS_ALL_GROUPS))))
		return takes(
			o, GROUPS_RESET_OFFSETS, "one of these options", scopes, ARRAY_LEN(scopes));
	for (size_t i = 0; i < ARRAY_LEN(scenario_checks); i++)
		for (size_t k = 0; k < ARRAY_LEN(scenarios); k++)
			if (scenarios[k] != scenario_checks[i] &&
				options_refuse(o, scenario_checks[i], &scenarios[k], 1))
				return 1;
	return 0;
}

static int check_actions(const struct options *o, uint32_t bits)
{
	static const size_t with_group[] = {GROUPS_LIST};
	static const size_t with_topic[] = {GROUPS_DESCRIBE, GROUPS_LIST};
	uint32_t actions = bits & (BIT(GROUPS_LIST) | BIT(GROUPS_DESCRIBE) | BIT(GROUPS_DELETE) |
					  BIT(GROUPS_RESET_OFFSETS) | BIT(GROUPS_DELETE_OFFSETS));

	if (options_refuse(o, GROUPS_GROUP, scopes, 1) ||
		options_refuse(o, GROUPS_GROUP, with_group, ARRAY_LEN(with_group)) ||
		options_refuse(o, GROUPS_TOPIC, with_topic, ARRAY_LEN(with_topic)))
		return 1;
	if (__builtin_popcount(actions) != 1)
		return options_usage(o,
			"Command must include exactly one action: --list, --describe, "
			"--delete, --reset-offsets, --delete-offsets");
	return 0;
}

static int check_rules(const struct options *o, uint32_t bits)
{
	int r = options_require(o, GROUPS_BOOTSTRAP_SERVER);

	if (!r && (bits & BIT(GROUPS_DESCRIBE)))
		r = check_describe(o, bits);
	if (!r && (bits & BIT(GROUPS_DELETE)))
		r = check_delete(o, bits);
	if (!r && (bits & BIT(GROUPS_DELETE_OFFSETS)) &&
		(!(bits & BIT(GROUPS_GROUP)) || !(bits & BIT(GROUPS_TOPIC))))
		r = takes(o, GROUPS_DELETE_OFFSETS, "the following options", scopes,
			ARRAY_LEN(scopes));
	if (!r && (bits & BIT(GROUPS_RESET_OFFSETS)))
		r = check_reset(o, bits);
	return r ? r : check_actions(o, bits);
}

int groups_check_options(const struct options *o, int argc, bool *ret_done)
{
	uint32_t bits = given(o);
	int r;

	*ret_done = false;
	if (argc < 2 || options_has_help(o))
		return options_usage(o,
			"List and describe consumer groups, delete them, and move their "
			"offsets.");
	r = check_available(o, bits);
	if (r)
		return r;
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		*ret_done = true;
		return 0;
	}
	return check_rules(o, bits);
}
