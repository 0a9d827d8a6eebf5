/* json_text.h - JSON as Jackson writes it: strings, and the one-line events of Kafka's test programs.
 *
 * Thread: any; an event holds the lock of its FILE from begin to end. Layer: tools.
 */
#ifndef TOOLS_JSON_TEXT_H
#define TOOLS_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

/* A string with quotation marks, or null. What is not UTF-8 becomes U+FFFD. */
void json_put_string(FILE *out, struct str s);
/* A double; what is no number is a string, as JSON has none for it. */
void json_put_real(FILE *out, double d);

/* {"timestamp":1700000000000,"name":"NAME" */
void json_event_begin(FILE *out, const char *name);
/* ,"key":VALUE */
void json_event_string(FILE *out, const char *key, struct str value);
void json_event_number(FILE *out, const char *key, int64_t value);
/* ,"key": for a value that the caller writes */
void json_event_key(FILE *out, const char *key);
/* The end of the line. It is on its way with the next fflush. */
void json_event_end(FILE *out);

#endif
