/* text_file.h - a file that an option names, whole in memory; it may be a pipe.
 *
 * Thread: any. Layer: tools.
 */
#ifndef TOOLS_TEXT_FILE_H
#define TOOLS_TEXT_FILE_H

#include <stddef.h>

#include "base/attr.h"

/* 0 with the text, owned by the caller and not terminated; -errno, -EFBIG above 64 MiB. */
int text_file_read(const char *path, char **ret, size_t *ret_n) MUST_CHECK;

#endif
