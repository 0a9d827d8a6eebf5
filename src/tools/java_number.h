/* java_number.h - numbers as java.util.Formatter prints them, which is not as C does: half is rounded up, on the shortest
 * decimal digits that stand for the double; NaN and Infinity are written out.
 *
 * Thread: any. Layer: tools.
 */
#ifndef TOOLS_JAVA_NUMBER_H
#define TOOLS_JAVA_NUMBER_H

#include <stddef.h>

#define JAVA_FIXED_MAX 352 /* the largest double with 20 decimals */

/* "%.<decimals>f", at most 20 decimals. Returns buf. */
const char *java_fixed(double d, int decimals, char buf[JAVA_FIXED_MAX]);

#endif
