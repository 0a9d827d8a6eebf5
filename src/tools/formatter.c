/* formatter.c - DefaultMessageFormatter and its relatives of Kafka 3.9.
 *
 * A formatter is a function and its settings. The fields of a line and their order are in formatter_write_default; each
 * is followed by key.separator when a later one is printed, else by line.separator.
 */
#include "tools/formatter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "tools/deserializer.h"
#include "tools/formatter_log.h"
#include "tools/report.h"

#define PACKAGE "org.apache.kafka.tools.consumer."
#define DEFAULT_CLASS PACKAGE "DefaultMessageFormatter"

typedef int formatter_fn(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error);

struct formatter {
	formatter_fn *write;
	bool print_timestamp, print_partition, print_offset, print_headers, print_key, print_value;
	struct str key_separator, line_separator, headers_separator, null_literal;
	const struct deserializer *key, *value, *headers; /* NULL: the bytes themselves */
	struct properties properties;                     /* what the strings above point into */
};

static void put(FILE *out, struct str s)
{
	fwrite(s.p, 1, (size_t)s.len, out);
}

/* A null is the text of null.literal, which goes through the deserializer too, as in Java. */
static int put_data(const struct formatter *f, const struct deserializer *d, struct bytes b,
	FILE *out, const char **ret_error)
{
	if (b.len < 0)
		b = (struct bytes){(const uint8_t *)f->null_literal.p, f->null_literal.len};
	if (!d) {
		fwrite(b.p, 1, (size_t)b.len, out);
		return 0;
	}
	if (d->print(b.p, (size_t)b.len, out) == 0)
		return 0;
	*ret_error = d->error;
	return -EINVAL;
}

static void put_timestamp(const struct shown_record *r, FILE *out)
{
	if (r->timestamp_kind == TIMESTAMP_NONE)
		fputs("NO_TIMESTAMP", out);
	else
		fprintf(out, "%s:%" PRId64,
			r->timestamp_kind == TIMESTAMP_CREATE ? "CreateTime" : "LogAppendTime",
			r->timestamp);
}

static int put_headers(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	int fault_code = 0;

	if (r->headers_n == 0)
		fputs("NO_HEADERS", out);
	for (size_t i = 0; i < r->headers_n && !fault_code; i++) {
		if (i)
			put(out, f->headers_separator);
		fprintf(out, "%.*s:", STR_ARG(r->headers[i].key));
		fault_code = put_data(f, f->headers, r->headers[i].value, out, ret_error);
	}
	return fault_code;
}

static int write_default(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	bool after_headers = f->print_key || f->print_value;
	bool after_offset = f->print_headers || after_headers;
	bool after_partition = f->print_offset || after_offset;

	if (f->print_timestamp) {
		put_timestamp(r, out);
		put(out, f->print_partition || after_partition ? f->key_separator
							       : f->line_separator);
	}
	if (f->print_partition) {
		fprintf(out, "Partition:%" PRId32, r->partition);
		put(out, after_partition ? f->key_separator : f->line_separator);
	}
	if (f->print_offset) {
		fprintf(out, "Offset:%" PRId64, r->offset);
		put(out, after_offset ? f->key_separator : f->line_separator);
	}
	if (f->print_headers) {
		if (put_headers(f, r, out, ret_error))
			return -EINVAL;
		put(out, after_headers ? f->key_separator : f->line_separator);
	}
	if (f->print_key) {
		if (put_data(f, f->key, r->key, out, ret_error))
			return -EINVAL;
		put(out, f->print_value ? f->key_separator : f->line_separator);
	}
	if (f->print_value) {
		if (put_data(f, f->value, r->value, out, ret_error))
			return -EINVAL;
		put(out, f->line_separator);
	}
	return 0;
}

static int write_nothing(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	(void)r;
	(void)out;
	(void)ret_error;
	return 0;
}

/* The line of the log is at level INFO, which tools do not show (tools-log4j.properties: WARN). */
static int write_logging(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	return write_default(f, r, out, ret_error);
}

static int write_offsets(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	return formatter_log_write(FORMATTER_LOG_OFFSETS, r->key, r->value, out, ret_error);
}

static int write_groups(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	return formatter_log_write(FORMATTER_LOG_GROUPS, r->key, r->value, out, ret_error);
}

static int write_transactions(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	return formatter_log_write(FORMATTER_LOG_TRANSACTIONS, r->key, r->value, out, ret_error);
}

static int write_old_offsets(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	return formatter_log_write_text(FORMATTER_LOG_OFFSETS, r->key, r->value, out, ret_error);
}

static int write_old_groups(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	return formatter_log_write_text(FORMATTER_LOG_GROUPS, r->key, r->value, out, ret_error);
}

static int write_old_transactions(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	(void)f;
	return formatter_log_write_text(
		FORMATTER_LOG_TRANSACTIONS, r->key, r->value, out, ret_error);
}

static const struct {
	const char *class, *old;         /* `old` is accepted with a warning */
	formatter_fn *write, *write_old; /* write_old: what the old class did, if it still does */
} classes[] = {
	{DEFAULT_CLASS, "kafka.tools.DefaultMessageFormatter", write_default, NULL},
	{PACKAGE "LoggingMessageFormatter", "kafka.tools.LoggingMessageFormatter", write_logging,
		NULL},
	{PACKAGE "NoOpMessageFormatter", "kafka.tools.NoOpMessageFormatter", write_nothing, NULL},
	{PACKAGE "OffsetsMessageFormatter",
		"kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter",
		write_offsets, write_old_offsets},
	{PACKAGE "GroupMetadataMessageFormatter",
		"kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter",
		write_groups, write_old_groups},
	{PACKAGE "TransactionLogMessageFormatter",
		"kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter",
		write_transactions, write_old_transactions},
};

static bool find_class(const char *class, formatter_fn **ret)
{
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (strcmp(class, classes[i].class) == 0) {
			*ret = classes[i].write;
			return true;
		}
		if (!classes[i].old || strcmp(class, classes[i].old) != 0)
			continue;
		fprintf(stderr,
			"WARNING: %s is deprecated and will be removed in the next major release. "
			"Please use %s "
			"instead\n",
			class, classes[i].class);
		*ret = classes[i].write_old ? classes[i].write_old : classes[i].write;
		return true;
	}
	return false;
}

static void set_flag(const struct properties *p, const char *key, bool *flag)
{
	const char *v = properties_get(p, key);
	size_t len;

	if (!v)
		return;
	v += strspn(v, " \t");
	len = strcspn(v, " \t");
	*flag = len == 4 && strncasecmp(v, "true", 4) == 0 &&
		v[len + strspn(v + len, " \t")] == '\0';
}

static struct str text_of(const struct properties *p, const char *key, struct str def)
{
	const char *v = properties_get(p, key);

	return v ? str_of(v) : def;
}

static const struct deserializer *deserializer_of(const struct properties *p, const char *key)
{
	const char *class = properties_get(p, key);
	const struct deserializer *d = class ? deserializer_find(class) : NULL;

	if (class && !d) {
		report("ERROR", DEFAULT_CLASS, "Unable to instantiate a deserializer from %s",
			class);
		fprintf(stderr, "java.lang.ClassNotFoundException: %s\n", class);
	}
	return d;
}

int formatter_new(const char *class, const struct properties *p, struct formatter **ret)
{
	struct formatter *f;
	formatter_fn *write;

	if (!find_class(class, &write))
		return -EINVAL;
	f = xcalloc(1, sizeof(*f));
	f->write = write;
	for (size_t i = 0; i < p->n; i++)
		properties_set(&f->properties, p->v[i].key, p->v[i].value, 0);
	p = &f->properties;
	f->print_value = true;
	set_flag(p, "print.timestamp", &f->print_timestamp);
	set_flag(p, "print.partition", &f->print_partition);
	set_flag(p, "print.offset", &f->print_offset);
	set_flag(p, "print.headers", &f->print_headers);
	set_flag(p, "print.key", &f->print_key);
	set_flag(p, "print.value", &f->print_value);
	f->key_separator = text_of(p, "key.separator", STR("\t"));
	f->line_separator = text_of(p, "line.separator", STR("\n"));
	f->headers_separator = text_of(p, "headers.separator", STR(","));
	f->null_literal = text_of(p, "null.literal", STR("null"));
	f->key = deserializer_of(p, "key.deserializer");
	f->value = deserializer_of(p, "value.deserializer");
	f->headers = deserializer_of(p, "headers.deserializer");
	*ret = f;
	return 0;
}

struct formatter *formatter_free(struct formatter *f)
{
	if (!f)
		return NULL;
	properties_fini(&f->properties);
	free(f);
	return NULL;
}

int formatter_write(
	const struct formatter *f, const struct shown_record *r, FILE *out, const char **ret_error)
{
	return f->write(f, r, out, ret_error);
}
