/* test_line_reader.c - lines become records as in Kafka's LineMessageReader; literals from runs of Kafka 3.9.1. */
#include "tools/line_reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

/* A reader with settings "key=value" separated by newlines. */
static struct line_reader *reader(const char *settings)
{
	struct properties p = PROPERTIES_INIT;
	struct line_reader *r = NULL;
	char *error = NULL, *copy = xstrdup(settings);

	for (char *s = strtok(copy, "\n"); s; s = strtok(NULL, "\n")) {
		char *eq = strchr(s, '=');

		*eq = '\0';
		properties_set(&p, s, eq + 1, 0);
	}
	if (line_reader_new(&p, &r, &error))
		fail_msg("%s", error);
	properties_fini(&p);
	free(copy);
	return r;
}

static void put(char *out, struct bytes b)
{
	if (b.len < 0)
		strcat(out, "null");
	else
		strncat(out, (const char *)b.p, (size_t)b.len);
}

/* The record as "header:value,|key|value". */
static const char *show(const struct line_record *r)
{
	static char out[512];

	out[0] = '\0';
	for (size_t i = 0; i < r->headers_n; i++) {
		strncat(out, r->headers[i].key.p, (size_t)r->headers[i].key.len);
		strcat(out, ":");
		put(out, r->headers[i].value);
		strcat(out, ",");
	}
	strcat(out, "|");
	put(out, r->key);
	strcat(out, "|");
	put(out, r->value);
	return out;
}

#define KEYS "parse.key=true\n"
#define HEADERS "parse.headers=true\n"

static void lines_become_records(void **state)
{
	static const struct {
		const char *settings, *line, *want;
	} cases[] = {
		{"", "a\tb", "|null|a\tb"},
		{"", "", "|null|"},
		{KEYS, "k\tv\tw", "|k|v\tw"},
		{KEYS, "\t", "||"},
		{"parse.key= TRUE \nkey.separator=::", "k::v", "|k|v"},
		{KEYS "ignore.error=true", "nosep", "|null|nosep"},
		{HEADERS, "h1:v1,h2:v2\tv", "h1:v1,h2:v2,|null|v"},
		{HEADERS KEYS, "h1:v1,h2:v2\tk\tv", "h1:v1,h2:v2,|k|v"},
		{HEADERS KEYS "null.marker=NULL", "NULL\tNULL\tNULL", "|null|null"},
		{HEADERS "null.marker=NULL", "h:NULL\tv", "h:null,|null|v"},
		{HEADERS KEYS "null.marker=NULL\nignore.error=true", "h1:NULL,,x:y,\tk\tv",
			"h1:null,:null,x:y,|k|v"},
		{HEADERS, "h:\tv", "h:,|null|v"},
		{HEADERS "headers.separator=[;|]", "a:1;b:2|c:3\tv", "a:1,b:2,c:3,|null|v"},
		{HEADERS "headers.separator=;\nheaders.key.separator==\nheaders.delimiter= ",
			"a=1;b=2 v", "a:1,b:2,|null|v"},
		{HEADERS "ignore.error=true", ",\tv", "|null|v"}, /* nothing but separators */
		{HEADERS "ignore.error=true", "\tv", ":null,|null|v"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line_reader *r = reader(cases[i].settings);
		struct line_record record;

		if (line_reader_parse(r, cases[i].line, strlen(cases[i].line), &record))
			fail_msg("%s: %s", cases[i].line, line_reader_error(r));
		assert_string_equal(cases[i].want, show(&record));
		line_reader_free(r);
	}
}

static void errors_name_the_line(void **state)
{
	static const struct {
		const char *settings, *line, *want;
	} cases[] = {
		{KEYS, "nosep", "No key separator found on line number 2: 'nosep'"},
		{HEADERS, "a", "No headers delimiter found on line number 2: 'a'"},
		{HEADERS KEYS, "h1:v1,h2\tk\tv",
			"No header key separator found in pair 'h2' on line number 2"},
		{HEADERS "null.marker=N", "N:v\tv",
			"Header keys should not be equal to the null marker 'N' as they can't be "
			"null"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line_reader *r = reader(cases[i].settings);
		struct line_record record;

		assert_int_equal(0, line_reader_parse(r, "h:v\tk\tv", 7, &record));
		assert_int_equal(-EINVAL,
			line_reader_parse(r, cases[i].line, strlen(cases[i].line), &record));
		assert_string_equal(cases[i].want, line_reader_error(r));
		line_reader_free(r);
	}
}

static void separators_must_differ(void **state)
{
	static const struct {
		const char *key, *value, *want;
	} cases[] = {
		{"headers.delimiter", ",",
			"headers.delimiter and headers.separator may not be equal"},
		{"headers.delimiter", ":",
			"headers.delimiter and headers.key.separator may not be equal"},
		{"headers.separator", ":",
			"headers.separator and headers.key.separator may not be equal"},
		{"null.marker", "\t", "null.marker and key.separator may not be equal"},
		{"null.marker", ",", "null.marker and headers.separator may not be equal"},
		{"null.marker", ":", "null.marker and headers.key.separator may not be equal"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct properties p = PROPERTIES_INIT;
		struct line_reader *r;
		char *error = NULL;

		properties_set(&p, cases[i].key, cases[i].value, 0);
		assert_int_equal(-EINVAL, line_reader_new(&p, &r, &error));
		assert_string_equal(cases[i].want, error);
		free(error);
		properties_fini(&p);
	}
}

static void lines_end_as_in_java(void **state)
{
	static const char text[] = "a\nb\r\nc\rd\n\n\r\nlast";
	static const char *const want[] = {"a", "b", "c", "d", "", "", "last"};
	FILE *in = fmemopen((void *)(uintptr_t)text, sizeof(text) - 1, "r");
	struct line_reader *r = reader("");
	struct line_record record;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(1, line_reader_next(r, in, &record));
		assert_int_equal(strlen(want[i]), record.value.len);
		assert_memory_equal(want[i], record.value.p, strlen(want[i]));
	}
	assert_int_equal(0, line_reader_next(r, in, &record));
	line_reader_free(r);
	fclose(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_records),
		cmocka_unit_test(errors_name_the_line),
		cmocka_unit_test(separators_must_differ),
		cmocka_unit_test(lines_end_as_in_java),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
