/* thrown.c - see thrown.h. */
#include "tools/thrown.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/alloc.h"

void thrown_fini(struct thrown *t)
{
	free(t->message);
	free(t->text);
	free(t->trace);
	*t = (struct thrown)THROWN_INIT;
}

/* Takes the message over; `cause` is a trace, or NULL. */
static void put(struct thrown *t, const char *class, char *message, const char *cause)
{
	struct thrown next = {.message = message};

	if (class) {
		next.text = xasprintf("%s: %s", class, message);
		next.trace = xasprintf(
			"%s\n%s%s", next.text, cause ? "Caused by: " : "", cause ? cause : "");
	}
	thrown_fini(t);
	*t = next;
}

int thrown_set(struct thrown *t, const char *class, const char *fmt, ...)
{
	va_list ap;
	char *message;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	put(t, class, message, NULL);
	return -EINVAL;
}

int thrown_wrap(struct thrown *t, const char *class, const char *fmt, ...)
{
	va_list ap;
	char *message;

	va_start(ap, fmt);
	message = fmt ? xvasprintf(fmt, ap) : xstrdup(t->text ? t->text : "");
	va_end(ap);
	put(t, class, message, t->trace);
	return -EINVAL;
}

void thrown_print(const struct thrown *t, FILE *out)
{
	fprintf(out, t->trace ? "Error: %s\n" : "%s\n", t->message);
	if (t->trace)
		fprintf(out, "%s\n", t->trace);
}
