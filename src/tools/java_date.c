/* java_date.c - SimpleDateFormat for the locale "en": weeks begin on Sunday, the first of a year is the one with
 * January 1. What is different: the zone's full name (zzzz) is its short one, which is all that C knows.
 */
#include "tools/java_date.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};
static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int java_date_check(const char *pattern, char **ret_error)
{
	bool quoted = false;

	for (const char *p = pattern; *p; p++) {
		if (*p == '\'')
			quoted = !quoted;
		if (quoted || !is_letter(*p))
			continue;
		if (!strchr("GyMdkHmsSEDFwWahKzZYuXL", *p)) {
			*ret_error = xasprintf("Illegal pattern character '%c'", *p);
			return -EINVAL;
		}
		if (*p == 'X' && strspn(p, "X") > 3) {
			*ret_error = xasprintf(
				"invalid ISO 8601 format: length=%zu", strspn(p, "X"));
			return -EINVAL;
		}
		p += strspn(p, (char[]){*p, '\0'}) - 1;
	}
	if (!quoted)
		return 0;
	*ret_error = xstrdup("Unterminated quote");
	return -EINVAL;
}

static void put_number(FILE *out, int64_t n, size_t width)
{
	fprintf(out, "%0*lld", (int)MIN(width, 64), (long long)n);
}

/* A name, or its first three letters. */
static void put_name(FILE *out, const char *name, size_t width)
{
	fprintf(out, "%.*s", width >= 4 ? (int)strlen(name) : 3, name);
}

static void put_year(FILE *out, int64_t year, size_t width)
{
	put_number(out, width == 2 ? year % 100 : year, width);
}

static void put_month(FILE *out, const struct tm *tm, size_t width)
{
	if (width >= 3)
		put_name(out, months[tm->tm_mon], width);
	else
		put_number(out, tm->tm_mon + 1, width);
}

/* The week of the year in which week 1 has January 1; the last days of a year may belong to the next. */
static int week_of_year(const struct tm *tm, int *ret_year)
{
	int days_in_year = 365 + ((tm->tm_year % 4 == 0 && tm->tm_year % 100 != 0) ||
					 (tm->tm_year + 1900) % 400 == 0);
	int saturday = tm->tm_yday + 6 - tm->tm_wday; /* of this week, as day of the year */
	int first = (tm->tm_wday - tm->tm_yday % 7 + 7) % 7; /* weekday of January 1 */

	*ret_year = tm->tm_year + 1900 + (saturday >= days_in_year);
	return saturday >= days_in_year ? 1 : (tm->tm_yday + first) / 7 + 1;
}

static int week_of_month(const struct tm *tm)
{
	int first = (tm->tm_wday - (tm->tm_mday - 1) % 7 + 7) % 7; /* weekday of the 1st */

	return (tm->tm_mday - 1 + first) / 7 + 1;
}

/* +0530, or by ISO 8601 in one of three lengths, where zero is Z. */
static void put_offset(FILE *out, const struct tm *tm, size_t iso)
{
	long minutes = tm->tm_gmtoff / 60, hours = labs(minutes) / 60;

	if (iso > 0 && minutes == 0) {
		fputc('Z', out);
		return;
	}
	fprintf(out, "%c%02ld", minutes < 0 ? '-' : '+', hours);
	if (iso != 1)
		fprintf(out, "%s%02ld", iso == 3 ? ":" : "", labs(minutes) % 60);
}

static int or_if_zero(int n, int other)
{
	return n ? n : other;
}

static void put_field(FILE *out, char letter, size_t width, const struct tm *tm, int ms)
{
	int week_year, week = week_of_year(tm, &week_year);

	switch (letter) {
	case 'G':
		fputs(tm->tm_year > -1900 ? "AD" : "BC", out);
		break;
	case 'y':
		put_year(out, tm->tm_year + 1900, width);
		break;
	case 'Y':
		put_year(out, week_year, width);
		break;
	case 'M':
	case 'L':
		put_month(out, tm, width);
		break;
	case 'E':
		put_name(out, days[tm->tm_wday], width);
		break;
	case 'a':
		fputs(tm->tm_hour < 12 ? "AM" : "PM", out);
		break;
	case 'z':
		fputs(tm->tm_zone, out);
		break;
	case 'Z':
		put_offset(out, tm, 0);
		break;
	case 'X':
		put_offset(out, tm, width);
		break;
	default: {
		const struct {
			char letter;
			int n;
		} numbers[] = {{'d', tm->tm_mday}, {'D', tm->tm_yday + 1},
			{'F', (tm->tm_mday - 1) / 7 + 1}, {'w', week}, {'W', week_of_month(tm)},
			{'u', or_if_zero(tm->tm_wday, 7)}, {'H', tm->tm_hour},
			{'k', or_if_zero(tm->tm_hour, 24)}, {'K', tm->tm_hour % 12},
			{'h', or_if_zero(tm->tm_hour % 12, 12)}, {'m', tm->tm_min},
			{'s', tm->tm_sec}, {'S', ms}};

		for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
			if (numbers[i].letter == letter)
				put_number(out, numbers[i].n, width);
	}
	}
}

char *java_date_format(const char *pattern, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
	char *text = NULL;
	size_t size, width;
	bool quoted = false;
	FILE *out = open_memstream(&text, &size);
	struct tm tm;

	if (!out)
		abort();
	localtime_r(&seconds, &tm);
	for (const char *p = pattern; *p; p += width) {
		width = 1;
		if (p[0] == '\'' && p[1] == '\'') { /* also between quotes */
			fputc('\'', out);
			width = 2;
		} else if (*p == '\'') {
			quoted = !quoted;
		} else if (quoted || !is_letter(*p)) {
			fputc(*p, out);
		} else {
			width = strspn(p, (char[]){*p, '\0'});
			put_field(out, *p, width, &tm, (int)(ms - (int64_t)seconds * 1000));
		}
	}
	(void)fclose(out);
	return text;
}
