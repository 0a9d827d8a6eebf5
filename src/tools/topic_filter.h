/* topic_filter.h - the regular expression of --topic, as Kafka's tools read it: "a,b" is "a|b", blanks and quotes around
 * it do not count, and it has to match the whole name.
 *
 * Thread: main. Layer: tools; pure.
 */
#ifndef TOOLS_TOPIC_FILTER_H
#define TOOLS_TOPIC_FILTER_H

#include "base/attr.h"
#include "tools/java_regex.h"

/* 0, or -EINVAL with Kafka's message in *ret_error (owned). Ask the result with java_regex_matches. */
int topic_filter_compile(const char *text, struct java_regex **ret, char **ret_error) MUST_CHECK;

#endif
