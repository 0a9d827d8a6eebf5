/* java_base64.h - why java.util.Base64's URL decoder refuses a text, in its words.
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_JAVA_BASE64_H
#define TOOLS_JAVA_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#define JAVA_BASE64_WHY_MAX 96

/* False when it can be decoded: *ret_n is the number of bytes. */
bool java_base64_fault(const char *text, char why[JAVA_BASE64_WHY_MAX], size_t *ret_n);

#endif
