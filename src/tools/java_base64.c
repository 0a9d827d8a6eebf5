/* java_base64.c - see java_base64.h (OpenJDK 17, Base64.Decoder). */
#include "tools/java_base64.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool fault(char why[JAVA_BASE64_WHY_MAX], const char *text)
{
	snprintf(why, JAVA_BASE64_WHY_MAX, "%s", text);
	return true;
}

bool java_base64_fault(const char *text, char why[JAVA_BASE64_WHY_MAX], size_t *ret_n)
{
	size_t len = strlen(text), at = 0, rest;

	if (len == 1)
		return fault(why, "Input byte[] should at least have 2 bytes for base64 bytes");
	for (; at < len && text[at] != '='; at++)
		if (!isalnum((unsigned char)text[at]) && text[at] != '-' && text[at] != '_') {
			snprintf(why, JAVA_BASE64_WHY_MAX, "Illegal base64 character %s%x",
				(signed char)text[at] < 0 ? "-" : "",
				(signed char)text[at] < 0 ? -(signed char)text[at] : text[at]);
			return true;
		}
	rest = at % 4;
	*ret_n = at / 4 * 3 + (rest ? rest - 1 : 0);
	if (at < len) { /* padding: one after three, two after two */
		at++;
		if (rest == 0 || (rest == 2 && text[at++] != '='))
			return fault(why, "Input byte array has wrong 4-byte ending unit");
	}
	if (rest == 1)
		return fault(why, "Last unit does not have enough valid bits");
	if (at < len) {
		snprintf(why, JAVA_BASE64_WHY_MAX, "Input byte array has incorrect ending byte at "
			"%zu",
			at);
		return true;
	}
	return false;
}
