/* java_exception.c - see java_exception.h. */
#include "tools/java_exception.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int java_exception(const char *class, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "Exception in thread \"main\" %s", class);
	if (fmt) {
		fputs(": ", stderr);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
	}
	putc('\n', stderr);
	return 1;
}

int java_file_exception(int r, const char *path)
{
	if (r == -ENOENT || r == -ENOTDIR)
		return java_exception("java.nio.file.NoSuchFileException", "%s", path);
	if (r == -EACCES)
		return java_exception("java.nio.file.AccessDeniedException", "%s", path);
	return java_exception("java.nio.file.FileSystemException", "%s: %s", path, strerror(-r));
}
