/* line_reader.h - lines of text to records: keys, headers, null markers (the console producer's LineMessageReader).
 *
 * Owner: the console producer. Thread: main. Layer: tools; pure but for line_reader_next.
 */
#ifndef TOOLS_LINE_READER_H
#define TOOLS_LINE_READER_H

#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/properties.h"
#include "base/str.h"

struct line_header {
	struct str key;
	struct bytes value; /* len -1: null */
};

/* Points into the line. */
struct line_record {
	struct bytes key, value; /* len -1: null */
	const struct line_header *headers;
	size_t headers_n;
};

struct line_reader;

/* From reader properties (cli.md section 4). 0, or -EINVAL with Kafka's message in *ret_error (owned). */
int line_reader_new(
	const struct properties *p, struct line_reader **ret, char **ret_error) MUST_CHECK;
struct line_reader *line_reader_free(struct line_reader *r); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct line_reader *, line_reader_free)

/* Counts the line and takes it apart; the record is valid until the next call.
 *   0        *ret is the record
 *   -EINVAL  line_reader_error says why                                                                 */
int line_reader_parse(
	struct line_reader *r, const char *line, size_t len, struct line_record *ret) MUST_CHECK;
const char *line_reader_error(const struct line_reader *r);

/* Reads the next line, ended by \n, \r or \r\n, as BufferedReader.readLine does, and takes it apart.
 *   1        *ret is the record
 *   0        end of file
 *   -EINVAL  as line_reader_parse
 *   -errno   the input cannot be read                                                                   */
int line_reader_next(struct line_reader *r, FILE *in, struct line_record *ret) MUST_CHECK;

#endif
