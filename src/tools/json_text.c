/* json_text.c - see the header. */
#include "tools/json_text.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "broker/config_def.h"

static void put_ascii(FILE *out, char c)
{
	static const char escaped[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	const char *at = c ? strchr(escaped, c) : NULL;

	if (at)
		fprintf(out, "\\%c", letters[at - escaped]);
	else if ((unsigned char)c < ' ')
		fprintf(out, "\\u%04X", c);
	else
		putc(c, out);
}

void json_put_string(FILE *out, struct str s)
{
	if (s.len < 0) {
		fputs("null", out);
		return;
	}
	putc('"', out);
	for (int32_t i = 0; i < s.len;) {
		uint32_t code;
		int n;

		if ((unsigned char)s.p[i] < 0x80) {
			put_ascii(out, s.p[i++]);
			continue;
		}
		n = utf8_decode(s.p + i, (size_t)(s.len - i), &code);
		if (n > 0)
			fwrite(s.p + i, 1, (size_t)n, out);
		else
			fputs("\xef\xbf\xbd", out);
		i += n > 0 ? n : -n;
	}
	putc('"', out);
}

void json_put_real(FILE *out, double d)
{
	char text[40];

	fprintf(out, isfinite(d) ? "%s" : "\"%s\"", java_double(d, text, sizeof(text)));
}

void json_event_begin(FILE *out, const char *name)
{
	flockfile(out);
	fprintf(out, "{\"timestamp\":%lld,\"name\":\"%s\"", (long long)clock_wall_ms(&clock_real),
		name);
}

void json_event_key(FILE *out, const char *key)
{
	fprintf(out, ",\"%s\":", key);
}

void json_event_string(FILE *out, const char *key, struct str value)
{
	json_event_key(out, key);
	json_put_string(out, value);
}

void json_event_number(FILE *out, const char *key, int64_t value)
{
	json_event_key(out, key);
	fprintf(out, "%lld", (long long)value);
}

void json_event_end(FILE *out)
{
	fputs("}\n", out);
	funlockfile(out);
}
