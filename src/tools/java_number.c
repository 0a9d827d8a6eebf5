/* java_number.c - java.util.Formatter's %f: the digits of Double.toString, cut by hand. */
#include "tools/java_number.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 0.DDDD * 10^point, without trailing zeros. */
struct decimal {
	char digits[24];
	int n, point;
};

/* The fewest digits that read back as the same double. */
static struct decimal shortest(double d)
{
	struct decimal r = {.n = 0};
	char sci[40];

	for (int precision = 0; precision < 17; precision++) {
		snprintf(sci, sizeof(sci), "%.*e", precision, d);
		if (strtod(sci, NULL) == d)
			break;
	}
	r.point = d == 0 ? 1 : atoi(strchr(sci, 'e') + 1) + 1;
	for (const char *p = sci; *p != 'e'; p++)
		if (*p != '.')
			r.digits[r.n++] = *p;
	return r;
}

/* Keeps `keep` digits. Half goes up, whatever digits follow. */
static void cut(struct decimal *x, int keep)
{
	bool up = keep >= 0 && keep < x->n && x->digits[keep] >= '5';

	if (keep >= x->n)
		return;
	x->n = keep < 0 ? 0 : keep;
	for (int i = x->n - 1; up && i >= 0; i--) {
		up = x->digits[i] == '9';
		x->digits[i] = (char)(up ? '0' : x->digits[i] + 1);
	}
	if (!up)
		return;
	memmove(x->digits + 1, x->digits, (size_t)x->n);
	x->digits[0] = '1';
	x->n++;
	x->point++;
}

static char digit_at(const struct decimal *x, int i)
{
	return i >= 0 && i < x->n ? x->digits[i] : '0';
}

const char *java_fixed(double d, int decimals, char buf[JAVA_FIXED_MAX])
{
	struct decimal x;
	char *p = buf;

	assert(decimals >= 0 && decimals <= 20);
	if (isnan(d))
		return strcpy(buf, "NaN");
	if (signbit(d))
		*p++ = '-';
	if (isinf(d)) {
		strcpy(p, "Infinity");
		return buf;
	}
	x = shortest(fabs(d));
	cut(&x, x.point + decimals);
	if (x.point <= 0)
		*p++ = '0';
	for (int i = 0; i < x.point; i++)
		*p++ = digit_at(&x, i);
	if (decimals > 0)
		*p++ = '.';
	for (int i = x.point; i < x.point + decimals; i++)
		*p++ = digit_at(&x, i);
	*p = '\0';
	return buf;
}
