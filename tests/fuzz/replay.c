/* replay.c - runs a fuzz target over its corpus, so that make check repeats every input that once hurt.
 *
 * Arguments are files and directories of inputs; without any, the corpus of the program's name: fuzz_x reads
 * $TEST_SRCDIR/tests/fuzz/corpus/x. No input at all is a failure: it would mean that nothing was tested.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"

#define INPUT_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is moved to memory of exactly its size, where a sanitizer sees the first byte read too many. */
static int replay_file(const char *path)
{
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) uint8_t *exact = NULL;
	size_t len;

	if (fs_read_file(path, INPUT_MAX, &text, &len) < 0) {
		(void)fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	exact = malloc(len ? len : 1);
	if (!exact)
		exit(1);
	memcpy(exact, text, len);
	(void)LLVMFuzzerTestOneInput(exact, len);
	return 1;
}

static int replay(const char *path)
{
	struct dirent **names;
	struct stat st;
	int n, done = 0;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		CLEANUP(freep) char *child = xasprintf("%s/%s", path, names[i]->d_name);

		if (names[i]->d_name[0] != '.')
			done += replay(child);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return done;
}

/* libtool-less builds run the program by its own name. */
static char *corpus_of(const char *program)
{
	const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;
	const char *dir = getenv("TEST_SRCDIR");

	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	return xasprintf("%s/tests/fuzz/corpus/%s", dir ? dir : ".", name);
}

int main(int argc, char **argv)
{
	CLEANUP(freep) char *corpus = corpus_of(argv[0]);
	int done = 0;

	for (int i = 1; i < argc; i++)
		done += replay(argv[i]);
	if (argc < 2)
		done = replay(corpus);
	(void)printf("%d inputs\n", done);
	return done > 0 ? 0 : 1;
}
