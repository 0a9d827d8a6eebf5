/* topic_filter.c - TopicFilter.java: blanks out, commas are alternatives, quotes around are dropped. */
#include "tools/topic_filter.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

static char *pattern_of(const char *text)
{
	char *pattern = xmalloc(strlen(text) + 1);
	size_t n = 0;

	for (; *text; text++)
		if (*text != ' ' && *text != '\t')
			pattern[n++] = *text == ',' ? '|' : *text;
	while (n > 0 && strchr("\"'", pattern[n - 1]))
		n--;
	pattern[n] = '\0';
	n = strspn(pattern, "\"'");
	memmove(pattern, pattern + n, strlen(pattern + n) + 1);
	return pattern;
}

int topic_filter_compile(const char *text, struct java_regex **ret, char **ret_error)
{
	CLEANUP(freep) char *pattern = pattern_of(text);
	char why[JAVA_REGEX_ERROR_MAX];

	if (java_regex_compile(pattern, ret, why) == 0)
		return 0;
	*ret_error = xasprintf("%s is an invalid regex.", pattern);
	return -EINVAL;
}
