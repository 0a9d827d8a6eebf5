/* payload.c - random letters from SplittableRandom(0), as Kafka has them; parts of a file cut as String.split does. */
#include "tools/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "tools/java_random.h"
#include "tools/java_regex.h"

#define FILE_MAX INT32_MAX /* as large as a Java array */

struct part {
	size_t at, len;
};

enum payload_kind { PAYLOAD_RANDOM, PAYLOAD_NUMBERS, PAYLOAD_PARTS };

struct payload {
	enum payload_kind kind;
	struct java_splittable random;
	uint8_t *bytes; /* of the record, or the whole file */
	size_t size;
	struct part *parts;
	size_t parts_n, parts_cap;
};

struct payload *payload_random(size_t size)
{
	struct payload *p = xcalloc(1, sizeof(*p));

	p->kind = PAYLOAD_RANDOM;
	p->size = size;
	p->bytes = xmalloc(size + 1);
	return p;
}

struct payload *payload_numbers(void)
{
	struct payload *p = xcalloc(1, sizeof(*p));

	p->kind = PAYLOAD_NUMBERS;
	p->bytes = xmalloc(24);
	return p;
}

struct payload *payload_free(struct payload *p)
{
	if (!p)
		return NULL;
	free(p->bytes);
	free(p->parts);
	free(p);
	return NULL;
}

static void print_path(const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/' || !getcwd(here, sizeof(here)))
		printf("Reading payloads from: %s\n", path);
	else
		printf("Reading payloads from: %s/%s\n", here, path);
}

/* The whole file. 0, -ENODATA when there is nothing in it, -errno. */
static int read_file(struct payload *p, const char *path)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	int r = 0;

	if (!in)
		return -errno;
	if (fstat(fileno(in), &st) < 0)
		r = FAIL(-errno);
	else if (st.st_size == 0)
		r = -ENODATA;
	else if (st.st_size > FILE_MAX)
		r = FAIL(-EFBIG);
	if (!r) {
		p->bytes = try_array((size_t)st.st_size + 1, 1, (size_t)FILE_MAX + 1);
		r = p->bytes ? 0 : FAIL(-ENOMEM);
	}
	if (!r) {
		p->size = fread(p->bytes, 1, (size_t)st.st_size, in);
		r = ferror(in) ? FAIL(-EIO) : 0;
	}
	(void)fclose(in);
	return r;
}

static void add_part(struct payload *p, size_t from, size_t to)
{
	p->parts = grow_array(p->parts, &p->parts_cap, p->parts_n + 1, sizeof(*p->parts));
	p->parts[p->parts_n++] = (struct part){from, to - from};
}

/* From one character to the next. */
static size_t step(const struct payload *p, size_t at)
{
	uint32_t code;

	return at < p->size ? (size_t)abs(utf8_decode((const char *)p->bytes + at, p->size - at, &code)) : 1;
}

/* String.split: empty parts at the end are dropped, and one at the beginning that an empty match makes. */
static void split(struct payload *p, const struct java_regex *re)
{
	const char *text = (const char *)p->bytes;
	size_t from = 0, start, end, look = 0;
	bool any = false;

	while (look <= p->size && java_regex_find(re, text, p->size, look, &start, &end)) {
		look = end > start ? end : end + step(p, end);
		if (end == 0 || (end == start && start >= p->size))
			continue;
		add_part(p, from, start);
		from = end;
		any = true;
	}
	add_part(p, from, p->size);
	while (any && p->parts_n > 0 && p->parts[p->parts_n - 1].len == 0)
		p->parts_n--;
}

static int read_parts(
	struct payload *p, const char *path, const char *delimiter, char **ret_exception)
{
	CLEANUP(java_regex_freep) struct java_regex *re = NULL;
	char why[JAVA_REGEX_ERROR_MAX];
	int r = read_file(p, path);

	if (r == -ENOENT || r == -ENOTDIR || r == -ENODATA)
		*ret_exception = xstrdup("java.lang.IllegalArgumentException: File does not exist "
					 "or empty file provided.");
	else if (r == -EACCES)
		*ret_exception = xasprintf("java.nio.file.AccessDeniedException: %s", path);
	else if (r)
		*ret_exception = xasprintf("java.io.IOException: %s", strerror(-r));
	if (r)
		return -EINVAL;
	if (java_regex_compile(delimiter, &re, why)) {
		*ret_exception = xasprintf(
			"java.util.regex.PatternSyntaxException: %s\n%s", why, delimiter);
		return -EINVAL;
	}
	split(p, re);
	printf("Number of messages read: %zu\n", p->parts_n);
	if (p->parts_n > 0)
		return 0;
	*ret_exception = xstrdup("java.lang.IllegalArgumentException: no payload File Path or "
				 "record Size or payload-monotonic option provided");
	return -EINVAL;
}

int payload_file(
	const char *path, const char *delimiter, struct payload **ret, char **ret_exception)
{
	CLEANUP(payload_freep) struct payload *p = xcalloc(1, sizeof(*p));
	int r;

	p->kind = PAYLOAD_PARTS;
	print_path(path);
	r = read_parts(p, path, delimiter, ret_exception);
	if (r)
		return r;
	*ret = TAKE(p);
	return 0;
}

static struct bytes random_letters(struct payload *p)
{
	struct java_splittable random = p->random; /* a copy, since bytes may alias anything */
	uint8_t *to = p->bytes, *end = to + p->size;

	while (to < end)
		*to++ = (uint8_t)('A' + java_splittable_below(&random, 26));
	p->random = random;
	return (struct bytes){p->bytes, (int32_t)p->size};
}

struct bytes payload_next(struct payload *p, int64_t i)
{
	const struct part *part;

	switch (p->kind) {
	case PAYLOAD_RANDOM:
		return random_letters(p);
	case PAYLOAD_NUMBERS:
		return (struct bytes){
			p->bytes, snprintf((char *)p->bytes, 24, "%lld", (long long)i)};
	case PAYLOAD_PARTS:
		break;
	}
	part = &p->parts[java_splittable_below(&p->random, (int32_t)MIN(p->parts_n, INT32_MAX))];
	return (struct bytes){p->bytes + part->at, (int32_t)part->len};
}

size_t payload_smallest(const struct payload *p)
{
	size_t least = p->parts_n ? p->parts[0].len : p->kind == PAYLOAD_NUMBERS ? 1 : p->size;

	for (size_t i = 1; i < p->parts_n; i++)
		least = MIN(least, p->parts[i].len);
	return least;
}
