/* dump_log_priv.h - the parts of kafka-dump-log.sh: a function for each kind of file.
 *
 * Files are read only, with bounded memory, and nothing in them is trusted: what ends Kafka's tool with an exception ends
 * ours with the first line of it. Every function returns 0, or the exit code after its message.
 *
 * Owner: run() of dump_log.c. Thread: main. Layer: tools.
 */
#ifndef TOOLS_DUMP_LOG_PRIV_H
#define TOOLS_DUMP_LOG_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "record/batch.h"
#include "tools/findings.h"
#include "tools/options.h"
#include "tools/record_decoder.h"

struct file;

enum dump_option {
	DUMP_CLUSTER_METADATA_DECODER,
	DUMP_DEEP_ITERATION,
	DUMP_FILES,
	DUMP_INDEX_SANITY_CHECK,
	DUMP_KEY_DECODER_CLASS,
	DUMP_MAX_BYTES,
	DUMP_MAX_MESSAGE_SIZE,
	DUMP_OFFSETS_DECODER,
	DUMP_PRINT_DATA_LOG,
	DUMP_REMOTE_LOG_METADATA_DECODER,
	DUMP_SKIP_RECORD_METADATA,
	DUMP_TRANSACTION_LOG_DECODER,
	DUMP_VALUE_DECODER_CLASS,
	DUMP_VERIFY_INDEX_ONLY,
	DUMP_HELP,
	DUMP_VERSION,
	DUMP_OPTION_COUNT,
};

struct dump {
	struct options options;
	bool print_content, deep, verify_only, sanity_only, skip_metadata;
	/* what is said after all files */
	struct findings mismatches, time_mismatches, out_of_order, not_found, not_consecutive;
};

/* A file of the command line, or one beside it. */
struct dump_file {
	const char *path; /* as java.io.File writes it */
	const char *name; /* its last part */
	char *absolute;
};

int dump_records(struct dump *d, const struct dump_file *f) MUST_CHECK;
int dump_offset_index(struct dump *d, const struct dump_file *f) MUST_CHECK;
int dump_time_index(struct dump *d, const struct dump_file *f) MUST_CHECK;
int dump_producer_snapshot(const struct dump_file *f) MUST_CHECK;
int dump_txn_index(const struct dump_file *f) MUST_CHECK;

/* The number that a file's name begins with. */
int dump_base_offset(const char *name, int64_t *ret) MUST_CHECK;
/* Opens for reading. */
int dump_open(const char *path, struct file **ret, int64_t *ret_size) MUST_CHECK;
/* The same with the check of Kafka's FileRecords. */
int dump_open_records(const char *path, struct file **ret, int64_t *ret_size) MUST_CHECK;
/* The file of another kind in the same segment: absolute path, owned by the caller. */
char *dump_sibling(const struct dump_file *f, const char *suffix);

/* An exception about records: of a batch's framing, or of what is in it. `r` is what the record layer answered. */
int dump_batch_exception(int r, struct file *f, const char *path, int64_t position);
int dump_record_exception(int r, const struct batch *b);

#endif
