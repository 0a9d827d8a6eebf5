/* delete_records.c - kafka-delete-records.sh: deletes the records of partitions before an offset (cli.md section 15). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_job.h"
#include "tools/delete_records_priv.h"
#include "tools/options.h"
#include "tools/report.h"
#include "tools/text_file.h"
#include "tools/tool.h"
#include "tools/tool_admin.h"

enum delete_records_option {
	DELETE_RECORDS_BOOTSTRAP_SERVER,
	DELETE_RECORDS_COMMAND_CONFIG,
	DELETE_RECORDS_OFFSET_JSON_FILE,
	DELETE_RECORDS_HELP,
	DELETE_RECORDS_VERSION,
	DELETE_RECORDS_OPTION_COUNT,
};

static const struct option delete_records_options[DELETE_RECORDS_OPTION_COUNT] = {
	[DELETE_RECORDS_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED: the broker or brokers to ask first."},
	[DELETE_RECORDS_COMMAND_CONFIG] = {.name = "command-config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[DELETE_RECORDS_OFFSET_JSON_FILE] = {.name = "offset-json-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "REQUIRED: the partitions and the offsets before which their records go, "
			"-1 for all records, as in\n"
			"{\"partitions\":\n"
			"  [{\"topic\": \"t\", \"partition\": 0, \"offset\": 10}],\n"
			" \"version\":1\n"
			"}"},
	[DELETE_RECORDS_HELP] = OPTION_HELP,
	[DELETE_RECORDS_VERSION] = OPTION_VERSION,
};

struct delete_records {
	struct tool_admin tool;
	struct targets to;
};

static int parse_file(struct delete_records *d, const char *path)
{
	char *text = NULL, *error = NULL;
	size_t n = 0;
	int r;

	if (text_file_read(path, &text, &n))
		return tool_admin_fault(&d->tool, "Unable to read file %s", path);
	r = targets_parse(text, n, &d->tool.arena, &d->to, &error);
	free(text);
	if (r)
		(void)tool_admin_fault(&d->tool, "%s", error);
	free(error);
	return r ? -1 : 0;
}

/* ---- the request ---- */

typedef struct delete_records_request_delete_records_topic topic_part;

static int build(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *in_arg)
{
	struct delete_records *d = arg;
	struct delete_records_request *in = in_arg;
	topic_part *t = NULL;

	(void)version;
	CODEC_INIT(delete_records_request, in);
	in->timeout_ms = admin_timeout_ms(d->tool.admin);
	in->topics = CODEC_NEW(arena, delete_records_request_delete_records_topic, n);
	if (!in->topics)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!t || !str_eq(t->name, pieces[i]->name)) {
			t = &in->topics[in->topics_n++];
			t->name = pieces[i]->name;
			t->partitions = CODEC_NEW(
				arena, delete_records_request_delete_records_partition, n - i);
			if (!t->partitions)
				return -ENOMEM;
		}
		t->partitions[t->partitions_n].partition_index = pieces[i]->partition;
		t->partitions[t->partitions_n++].offset = d->to.v[pieces[i]->index].offset;
	}
	return 0;
}

static const struct admin_job job_rows;

static void take(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	const void *out_arg)
{
	struct delete_records *d = arg;
	const struct delete_records_response *out = out_arg;

	(void)version;
	for (int32_t i = 0; i < out->topics_n; i++)
		for (int32_t j = 0; j < out->topics[i].partitions_n; j++) {
			const struct delete_records_response_delete_records_partition_result *p =
				&out->topics[i].partitions[j];
			struct admin_piece *piece = admin_piece_find(
				pieces, n, out->topics[i].name, p->partition_index);

			if (!piece)
				continue;
			d->to.v[piece->index].low_watermark = p->low_watermark;
			admin_piece_end(&job_rows, piece, p->error_code, STR_NULL);
		}
}

static const struct admin_job job_rows = {
	.place = ADMIN_AT_LEADER,
	.key = API_DELETE_RECORDS,
	.build = build,
	.take = take,
};

static void print_piece(const struct delete_records *d, const struct admin_piece *p)
{
	char exception[96];

	printf("partition: %.*s-%d\t", STR_ARG(p->name), p->partition);
	if (p->code)
		printf("error: %s: %.*s\n",
			report_exception(p->code, exception, sizeof(exception)),
			STR_ARG(p->message));
	else
		printf("low_watermark: %" PRId64 "\n", d->to.v[p->index].low_watermark);
}

static int delete(struct delete_records *d)
{
	struct admin_piece *pieces = arena_array(&d->tool.arena, d->to.n, sizeof(*pieces));
	struct admin_job job = job_rows;

	if (!pieces)
		return tool_admin_fault(&d->tool, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < d->to.n; i++)
		pieces[i] = (struct admin_piece){.name = d->to.v[i].topic,
			.partition = d->to.v[i].partition,
			.node = ADMIN_ANY,
			.index = i};
	puts("Executing records delete operation");
	fflush(stdout);
	job.arg = d;
	admin_begin(d->tool.admin, "deleteRecords");
	admin_run(d->tool.admin, &job, pieces, d->to.n, &d->tool.arena);
	puts("Records delete operation completed:");
	for (size_t i = 0; i < d->to.n; i++)
		print_piece(d, &pieces[i]);
	return 0;
}

/* ---- running ---- */

static int run_with(struct tool_admin *tool)
{
	struct delete_records *d = CONTAINER_OF(tool, struct delete_records, tool);
	struct options *o = &tool->options;
	CLEANUP(freep) char *error = NULL;
	const char *servers, *path, *file;

	if (options_require(o, DELETE_RECORDS_BOOTSTRAP_SERVER) ||
		options_require(o, DELETE_RECORDS_OFFSET_JSON_FILE))
		return 1;
	if (options_text(o, DELETE_RECORDS_COMMAND_CONFIG, &path) ||
		options_text(o, DELETE_RECORDS_BOOTSTRAP_SERVER, &servers))
		return tool_admin_fault(tool, "%s", o->error);
	if (tool_admin_open(servers, path, NULL, &tool->admin, &error))
		return tool_admin_fault(tool, "%s", error);
	if (options_text(o, DELETE_RECORDS_OFFSET_JSON_FILE, &file))
		return tool_admin_fault(tool, "%s", o->error);
	if (parse_file(d, file))
		return -1;
	return delete(d);
}

static int run(int argc, char **argv)
{
	struct delete_records d = {.to = {0}};

	return tool_admin_run(&d.tool, delete_records_options, DELETE_RECORDS_OPTION_COUNT,
		"This tool helps to delete records of the given partitions down to the specified offset.",
		run_with, argc, argv);
}

const struct tool tool_delete_records = {
	.name = "delete-records",
	.script = "kafka-delete-records.sh",
	.summary = "delete records of partitions before an offset",
	.synopsis = "--bootstrap-server HOST:PORT,... --offset-json-file FILE",
	.options = delete_records_options,
	.options_n = DELETE_RECORDS_OPTION_COUNT,
	.run = run,
	.description =
		"Moves the beginning of partitions forward. Records before it cannot be read any more; their disk space is "
		"free when the segment files that hold nothing else have been deleted. This cannot be undone.",
	.examples =
		"\techo '{\"partitions\": [{\"topic\": \"clicks\", \"partition\": 0, \"offset\": 1000}], "
		"\"version\": 1}' >before.json\n"
		"\tkafka-delete-records.sh --bootstrap-server host:9092 --offset-json-file before.json",
	.exit_status =
		"`1` when the command line or the file was wrong. `0` otherwise, also when a partition was refused, "
		"which its line says.",
	.see_also = "kafka-get-offsets.sh(1)",
};
