/* dump_log.c - kafka-dump-log.sh: log segments and what lies beside them as text (cli.md section 12). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/str.h"
#include "protocol/errors.h"
#include "tools/dump_log_priv.h"
#include "tools/java_exception.h"
#include "tools/tool.h"

#define STRING_DECODER "org.apache.kafka.tools.api.StringDecoder"

static const struct option options[DUMP_OPTION_COUNT] = {
	[DUMP_CLUSTER_METADATA_DECODER] = {.name = "cluster-metadata-decoder",
		.help = "Show values as records of the metadata log of a KRaft cluster, in JSON."},
	[DUMP_DEEP_ITERATION] = {.name = "deep-iteration",
		.help = "Also look at the records in each batch. Implied by everything that prints their "
			"content."},
	[DUMP_FILES] = {.name = "files",
		.kind = OPTION_STRING,
		.arg = "file, ...",
		.help = "REQUIRED: the files, with commas between them: .log, .index, .timeindex, "
			".txnindex, .snapshot and .checkpoint."},
	[DUMP_INDEX_SANITY_CHECK] = {.name = "index-sanity-check",
		.help = "Of indexes: only the check after which a broker rebuilds an index at its start."},
	[DUMP_KEY_DECODER_CLASS] = {.name = "key-decoder-class",
		.kind = OPTION_MAYBE,
		.arg = "class",
		.def = STRING_DECODER,
		.help = "Show keys, by this class: StringDecoder, LongDecoder, IntegerDecoder or "
			"DefaultDecoder of org.apache.kafka.tools.api."},
	[DUMP_MAX_BYTES] = {.name = "max-bytes",
		.kind = OPTION_INT,
		.arg = "bytes",
		.def = "2147483647",
		.help = "Read no more than so many bytes of a .log file."},
	[DUMP_MAX_MESSAGE_SIZE] = {.name = "max-message-size",
		.kind = OPTION_INT,
		.arg = "bytes",
		.def = "5242880",
		.help = "Of a .index file: how far the batch that an entry points at may reach."},
	[DUMP_OFFSETS_DECODER] = {.name = "offsets-decoder",
		.help = "Show records as those of __consumer_offsets, in JSON."},
	[DUMP_PRINT_DATA_LOG] = {.name = "print-data-log",
		.help = "Show keys and values. Implied by each of the decoders."},
	[DUMP_REMOTE_LOG_METADATA_DECODER] = {.name = "remote-log-metadata-decoder",
		.help = "Show values as records of __remote_log_metadata (tiered storage)."},
	[DUMP_SKIP_RECORD_METADATA] = {.name = "skip-record-metadata",
		.help = "Leave out offset, time and sizes of the records, so that only keys and values are "
			"shown."},
	[DUMP_TRANSACTION_LOG_DECODER] = {.name = "transaction-log-decoder",
		.help = "Show records as those of __transaction_state."},
	[DUMP_VALUE_DECODER_CLASS] = {.name = "value-decoder-class",
		.kind = OPTION_MAYBE,
		.arg = "class",
		.def = STRING_DECODER,
		.help = "Show values, by one of the classes named under --key-decoder-class."},
	[DUMP_VERIFY_INDEX_ONLY] = {.name = "verify-index-only",
		.help = "Of indexes: compare them with the log, without printing their entries."},
	[DUMP_HELP] = OPTION_HELP,
	[DUMP_VERSION] = OPTION_VERSION,
};

int dump_base_offset(const char *name, int64_t *ret)
{
	size_t len = strcspn(name, ".");

	if (str_to_i64((struct str){name, (int32_t)len}, INT64_MIN, INT64_MAX, ret))
		return 0;
	return java_exception(
		"java.lang.NumberFormatException", "For input string: \"%.*s\"", (int)len, name);
}

int dump_open(const char *path, struct file **ret, int64_t *ret_size)
{
	struct file *f;
	int64_t size;
	int r = file_open(path, O_RDONLY | O_NONBLOCK, 0, &f); /* not to wait for a writer of a pipe */

	if (r < 0)
		return java_file_exception(r, path);
	size = file_size(f);
	if (size < 0) {
		file_unref(f);
		return java_file_exception((int)size, path);
	}
	*ret = f;
	*ret_size = size;
	return 0;
}

int dump_open_records(const char *path, struct file **ret, int64_t *ret_size)
{
	int exit_code = dump_open(path, ret, ret_size);

	if (exit_code || *ret_size <= INT32_MAX)
		return exit_code;
	*ret = file_unref(*ret);
	return java_exception("org.apache.kafka.common.KafkaException",
		"The size of segment %s (%" PRId64
		") is larger than the maximum allowed segment size of 2147483647",
		path, *ret_size);
}

char *dump_sibling(const struct dump_file *f, const char *suffix)
{
	const char *slash = strrchr(f->absolute, '/');

	return xasprintf("%.*s/%.*s%s", (int)(slash - f->absolute), f->absolute, (int)strcspn(f->name, "."),
		f->name, suffix);
}

int dump_batch_exception(int r, struct file *f, const char *path, int64_t position)
{
	uint8_t head[BATCH_OVERHEAD];
	struct cursor c = cur_of(head + 8, 4);
	int32_t size;

	if (r == KERR_CORRUPT_MESSAGE)
		r = file_read_full(f, head, sizeof(head), position);
	if (r < 0)
		return java_file_exception(r, path);
	size = cur_i32(&c);
	return java_exception("org.apache.kafka.common.errors.CorruptRecordException",
		"Found record size %" PRId32 " smaller than minimum record overhead (%d) in file %s.", size,
		size < BATCH_MIN_LENGTH ? BATCH_MIN_LENGTH : (int)(BATCH_HEADER_SIZE - BATCH_OVERHEAD), path);
}

int dump_record_exception(int r, const struct batch *b)
{
	if (r == -ENOMEM || r == KERR_MESSAGE_TOO_LARGE)
		return java_exception("java.lang.OutOfMemoryError",
			"a record of the batch at offset %" PRId64 " is too large", b->base_offset);
	if (b->magic >= 2 && b->record_count < 0)
		return java_exception("org.apache.kafka.common.InvalidRecordException",
			"Found invalid record count %" PRId32 " in magic v%d batch", b->record_count, b->magic);
	if (b->magic >= 2 && batch_is_compressed(b))
		return java_exception("org.apache.kafka.common.KafkaException", "Failed to decompress record stream");
	return java_exception("org.apache.kafka.common.InvalidRecordException", "Found invalid record structure");
}

/* --- one file --- */

/* As java.io.File has it: no slash twice, none at the end. Owned by the caller. */
static char *normalized(const char *path, size_t len)
{
	char *out = xstrndup(path, len);
	size_t n = 0;

	for (size_t i = 0; out[i]; i++)
		if (out[i] != '/' || n == 0 || out[n - 1] != '/')
			out[n++] = out[i];
	if (n > 1 && out[n - 1] == '/')
		n--;
	out[n] = '\0';
	return out;
}

static char *absolute(const char *path)
{
	char *cwd, *out;

	if (path[0] == '/')
		return xstrdup(path);
	cwd = getcwd(NULL, 0);
	out = xasprintf("%s/%s", cwd ? cwd : ".", path);
	free(cwd);
	return out;
}

static int dump_by_suffix(struct dump *d, const struct dump_file *f)
{
	const char *suffix = strrchr(f->name, '.');

	if (!suffix)
		return java_exception("java.lang.StringIndexOutOfBoundsException", "begin -1, end %zu, length %zu",
			strlen(f->name), strlen(f->name));
	if (strcmp(suffix, ".log") == 0 || strcmp(suffix, ".checkpoint") == 0)
		return dump_records(d, f);
	if (strcmp(suffix, ".index") == 0)
		return dump_offset_index(d, f);
	if (strcmp(suffix, ".timeindex") == 0)
		return dump_time_index(d, f);
	if (strcmp(suffix, ".snapshot") == 0)
		return dump_producer_snapshot(f);
	if (strcmp(suffix, ".txnindex") == 0)
		return dump_txn_index(f);
	fflush(stdout);
	fprintf(stderr, "Ignoring unknown file %s\n", f->path);
	return 0;
}

static int dump_one(struct dump *d, const char *path, size_t len)
{
	char *text = normalized(path, len);
	const char *slash = strrchr(text, '/');
	struct dump_file f = {.path = text, .name = slash && slash[1] ? slash + 1 : text, .absolute = absolute(text)};
	int exit_code;

	printf("Dumping %s\n", text);
	exit_code = dump_by_suffix(d, &f);
	free(f.absolute);
	free(text);
	return exit_code;
}

/* Empty names at the end of the list are none, as in String.split. */
static int dump_all(struct dump *d, const char *files)
{
	size_t end = strlen(files);
	int exit_code = 0;

	while (end > 0 && files[end - 1] == ',')
		end--;
	if (end == 0)
		return *files ? 0 : dump_one(d, "", 0);
	for (size_t at = 0; at <= end && !exit_code;) {
		size_t len = strcspn(files + at, ",");

		exit_code = dump_one(d, files + at, MIN(len, end - at));
		at += len + 1;
	}
	return exit_code;
}

/* --- what was found --- */

static void say_mismatch_file(const char *path)
{
	fprintf(stderr, "Mismatches in :%s\n", path);
}

static void say_mismatch(struct pair p)
{
	fprintf(stderr, "  Index offset: %" PRId64 ", log offset: %" PRId64 "\n", p.a, p.b);
}

static void say_time_file(const char *path)
{
	fprintf(stderr, "Found timestamp mismatch in :%s\n", path);
}

static void say_time(struct pair p)
{
	fprintf(stderr, "  Index timestamp: %" PRId64 ", log timestamp: %" PRId64 "\n", p.a, p.b);
}

static void say_order_file(const char *path)
{
	fprintf(stderr, "Found out of order timestamp in :%s\n", path);
}

static void say_order(struct pair p)
{
	fprintf(stderr, "  Index timestamp: %" PRId64 ", Previously indexed timestamp: %" PRId64 "\n", p.a, p.b);
}

static void say_lost_file(const char *path)
{
	(void)path;
	fputs("The following indexed offsets are not found in the log.\n", stderr);
}

static void say_lost(struct pair p)
{
	fprintf(stderr, "Indexed offset: %" PRId64 ", found log offset: %" PRId64 "\n", p.a, p.b);
}

static void say_gap_file(const char *path)
{
	fprintf(stderr, "Non-consecutive offsets in %s\n", path);
}

static void say_gap(struct pair p)
{
	fprintf(stderr, "  %" PRId64 " is followed by %" PRId64 "\n", p.a, p.b);
}

static void say_findings(const struct dump *d)
{
	fflush(stdout);
	findings_each(&d->mismatches, true, say_mismatch_file, say_mismatch);
	findings_each(&d->time_mismatches, false, say_time_file, say_time);
	findings_each(&d->out_of_order, false, say_order_file, say_order);
	findings_each(&d->not_found, false, say_lost_file, say_lost);
	findings_each(&d->not_consecutive, true, say_gap_file, say_gap);
}

/* --- the tool --- */

static bool wants_content(const struct options *o)
{
	static const enum dump_option any[] = {DUMP_PRINT_DATA_LOG, DUMP_OFFSETS_DECODER,
		DUMP_TRANSACTION_LOG_DECODER, DUMP_CLUSTER_METADATA_DECODER, DUMP_REMOTE_LOG_METADATA_DECODER,
		DUMP_VALUE_DECODER_CLASS, DUMP_KEY_DECODER_CLASS};

	for (size_t i = 0; i < ARRAY_LEN(any); i++)
		if (options_has(o, any[i]))
			return true;
	return false;
}

static int run_with(struct options *o)
{
	struct dump d = {.options = *o};
	const char *files;
	int exit_code;

	if (options_text(o, DUMP_FILES, &files)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	d.print_content = wants_content(o);
	d.deep = options_has(o, DUMP_DEEP_ITERATION) || d.print_content;
	d.verify_only = options_has(o, DUMP_VERIFY_INDEX_ONLY);
	d.sanity_only = options_has(o, DUMP_INDEX_SANITY_CHECK);
	d.skip_metadata = options_has(o, DUMP_SKIP_RECORD_METADATA);
	exit_code = dump_all(&d, files);
	if (!exit_code)
		say_findings(&d);
	if (fflush(stdout) || ferror(stdout)) {
		perror("standard output");
		exit_code = 1;
	}
	o->error = d.options.error;
	findings_fini(&d.mismatches);
	findings_fini(&d.time_mismatches);
	findings_fini(&d.out_of_order);
	findings_fini(&d.not_found);
	findings_fini(&d.not_consecutive);
	return exit_code;
}

static int run_checked(struct options *o, int argc)
{
	if (argc < 2 || options_has_help(o))
		return options_usage(o, "Print log segments and the files beside them as text, to look into a "
					"segment that seems to be damaged.");
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	if (options_require(o, DUMP_FILES))
		return 1;
	return run_with(o);
}

static int run(int argc, char **argv)
{
	struct options o;
	int exit_code = 1;

	if (options_parse(&o, options, DUMP_OPTION_COUNT, argc, argv))
		fprintf(stderr, "%s\n", o.error);
	else
		exit_code = run_checked(&o, argc);
	options_fini(&o);
	return exit_code;
}

const struct tool tool_dump_log = {
	.name = "dump-log",
	.script = "kafka-dump-log.sh",
	.summary = "print log segments and their indexes",
	.synopsis = "--files FILE,... [OPTION]...",
	.options = options,
	.options_n = DUMP_OPTION_COUNT,
	.run = run,
	.description =
		"Shows what is in the files of a partition's directory: batches and records of `.log`, the "
		"entries of `.index`, `.timeindex` and `.txnindex`, the producers of `.snapshot`. Files are only "
		"read; a broker may be running.\n"
		"\n"
		"What does not fit together, such as an index that points elsewhere or offsets with gaps, is "
		"said on the standard error after all files. It is no failure.",
	.examples =
		"\tkafka-dump-log.sh --files /data/kafka/clicks-0/00000000000000000000.log --print-data-log\n"
		"\tkafka-dump-log.sh --files /data/kafka/__consumer_offsets-7/00000000000000000000.log \\\n"
		"\t    --offsets-decoder",
	.exit_status = "`0` when all files were read, whatever was found in them; `1` when a file cannot be "
		       "read or is so damaged that reading cannot go on, and after wrong usage.",
};
