/* formatter.h - records as text on the console consumer's output, by the names of Kafka's formatter classes.
 *
 * Owner: the console consumer. Thread: main. Layer: tools; pure.
 */
#ifndef TOOLS_FORMATTER_H
#define TOOLS_FORMATTER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/properties.h"
#include "base/str.h"

enum timestamp_kind { TIMESTAMP_NONE, TIMESTAMP_CREATE, TIMESTAMP_LOG_APPEND };

struct shown_header {
	struct str key;
	struct bytes value; /* len -1: null */
};

struct shown_record {
	int32_t partition;
	int64_t offset;
	enum timestamp_kind timestamp_kind;
	int64_t timestamp;
	struct bytes key, value; /* len -1: null */
	const struct shown_header *headers;
	size_t headers_n;
};

struct formatter;

/* `class` may be an old name: a warning on stderr then says the new one. Properties as cli.md section 5; a deserializer
 * that we do not have is an ERROR line, and bytes are printed as they are, as Java does with a class it cannot find.
 *   0
 *   -EINVAL  there is no such formatter; Kafka's message is the name of the class                      */
int formatter_new(const char *class, const struct properties *p, struct formatter **ret) MUST_CHECK;
struct formatter *formatter_free(struct formatter *f); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct formatter *, formatter_free)

/* 0, or -EINVAL when a value cannot be read; *ret_error is the exception, constant text. Fields before the bad one have
 * been written. */
int formatter_write(const struct formatter *f, const struct shown_record *r, FILE *out,
	const char **ret_error) MUST_CHECK;

#endif
