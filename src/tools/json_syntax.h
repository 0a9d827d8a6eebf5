/* json_syntax.h - what is wrong with a text that is no JSON, in the words of Jackson's parser (2.16), which Kafka's tools
 * pass on.
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_JSON_SYNTAX_H
#define TOOLS_JSON_SYNTAX_H

#include <stddef.h>

/* The first fault in the first value of the text, owned by the caller; NULL when there is none. *ret_class is the Java
 * class of its exception. Bytes that are not UTF-8 count as U+FFFD. */
char *json_syntax_fault(const char *text, size_t len, const char **ret_class);

#endif
