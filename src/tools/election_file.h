/* election_file.h - the file that the tools for elections read: {"partitions":[{"topic":"t","partition":0}]}.
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_ELECTION_FILE_H
#define TOOLS_ELECTION_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

struct election_partition {
	struct str topic;
	int32_t partition;
};

struct election_partitions {
	struct election_partition *v;
	size_t n;
};

enum election_file_fault {
	ELECTION_FILE_OK,
	ELECTION_FILE_EMPTY, /* it is no JSON */
	ELECTION_FILE_LACKS, /* there is no member "partitions" */
	ELECTION_FILE_TYPE,  /* *ret_error has Jackson's words, owned by the caller */
	ELECTION_FILE_TWICE, /* partitions are named more than once: ret->v[0..n) are these, each once */
	ELECTION_FILE_MEMORY,
};

/* The partitions in the order of the file, in the arena. */
enum election_file_fault election_file_parse(const char *text, size_t len, struct arena *a,
	struct election_partitions *ret, char **ret_error) MUST_CHECK;

/* "t-0, t-1" with `separator` between; owned by the caller. */
char *election_partitions_text(const struct election_partitions *p, const char *separator);
/* Puts them in the order of order[0..n). */
void election_partitions_permute(struct election_partitions *p, const size_t *order);
/* hashCode of each, owned by the caller. */
int32_t *election_partitions_hashes(const struct election_partitions *p);

#endif
