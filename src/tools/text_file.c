/* text_file.c - see text_file.h. By stdio, since the file may be a pipe. */
#include "tools/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

#define FILE_MAX (64 * 1024 * 1024)
#define PIECE 65536

int text_file_read(const char *path, char **ret, size_t *ret_n)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t n = 0, cap = 0;
	int r;

	if (!in)
		return -errno;
	do {
		text = grow_array(text, &cap, n + PIECE, 1);
		errno = EIO;
		n += fread(text + n, 1, PIECE, in);
	} while (!feof(in) && !ferror(in) && n <= FILE_MAX);
	r = ferror(in) ? -errno : n > FILE_MAX ? -EFBIG : 0;
	(void)fclose(in);
	if (r) {
		free(text);
		return r;
	}
	*ret = text;
	*ret_n = n;
	return 0;
}
