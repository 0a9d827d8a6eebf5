/* unit.h - what every unit test includes: cmocka with the headers it needs, and a directory to work in. */
#ifndef TESTS_BASE_UNIT_H
#define TESTS_BASE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"

/* A new directory below $TMPDIR or /tmp; temp_dir_free removes it with all in it. */
static inline char *temp_dir_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xasprintf("%s/moldau-test-XXXXXX", tmp ? tmp : "/tmp");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static inline void temp_dir_free(char *dir)
{
	assert_int_equal(0, fs_remove_tree(dir));
	free(dir);
}

/* The path of a file in the source tree, e.g. source_path("tests/base/data/x"). Owned by the caller. */
static inline char *source_path(const char *path)
{
	const char *dir = getenv("TEST_SRCDIR");

	return xasprintf("%s/%s", dir ? dir : ".", path);
}

#endif
