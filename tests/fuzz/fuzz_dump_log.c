/* fuzz_dump_log.c - any bytes as any file that kafka-dump-log.sh reads. The first byte chooses the file and the options; of
 * indexes the second one says how many entries there are, and the segment follows. The tool has to end by itself. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "tools/tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *suffix, *option;
	size_t entry; /* of an index */
} kinds[] = {
	{"log", "--deep-iteration", 0},
	{"log", "--print-data-log", 0},
	{"log", "--offsets-decoder", 0},
	{"log", "--transaction-log-decoder", 0},
	{"log", "--cluster-metadata-decoder", 0},
	{"log", "--remote-log-metadata-decoder", 0},
	{"snapshot", "--deep-iteration", 0},
	{"txnindex", "--deep-iteration", 0},
	{"index", "--deep-iteration", 8},
	{"index", "--index-sanity-check", 8},
	{"timeindex", "--deep-iteration", 12},
	{"timeindex", "--index-sanity-check", 12},
};

static char directory[] = "/tmp/moldau-fuzz-XXXXXX";

static void remove_directory(void)
{
	(void)fs_remove_tree(directory);
}

/* What the tool says is not wanted. */
static void silence(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 || !mkdtemp(directory))
		abort();
	close(null);
	atexit(remove_directory);
}

static char *put_file(const char *suffix, const uint8_t *data, size_t size)
{
	char *path = xasprintf("%s/00000000000000000000.%s", directory, suffix);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		abort();
	return path;
}

/* An index has its segment beside it. Returns the path of the file to dump. */
static char *put_files(size_t kind, const uint8_t *data, size_t size)
{
	size_t n = 0;

	if (kinds[kind].entry == 0)
		return put_file(kinds[kind].suffix, data, size);
	if (size > 0) {
		n = MIN(size - 1, data[0] * kinds[kind].entry);
		data++;
		size--;
	}
	free(put_file("log", data + n, size - n));
	if (kinds[kind].entry == 12)
		free(put_file("index", data, n / 2));
	return put_file(kinds[kind].suffix, data, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	size_t kind;
	char *path;

	if (!ready)
		silence();
	ready = 1;
	if (size < 1)
		return 0;
	kind = data[0] % ARRAY_LEN(kinds);
	path = put_files(kind, data + 1, size - 1);
	(void)tool_dump_log.run(4, (char *[]){(char *)"dump-log", (char *)"--files", path, (char *)kinds[kind].option, NULL});
	free(path);
	return 0;
}
