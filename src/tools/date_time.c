/* date_time.c - reading dates and durations with the rules, and the error texts, of the Java classes. */
#include "tools/date_time.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

#define MS_PER_DAY 86400000LL
#define NANOS 1000000000
#define NOT_A_DURATION "Text cannot be parsed to a Duration"
/* Instant.MIN and MAX, in seconds: the years -1,000,000,000 and 1,000,000,000. */
#define INSTANT_MIN (-31557014167219200LL)
#define INSTANT_MAX 31556889864403199LL

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static int64_t days_to(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* A number of at most 9 digits within a range, then the character `end` unless it is NUL. */
static bool take_number(const char **p, int64_t min, int64_t max, char end, int64_t *ret)
{
	const char *at = *p + strspn(*p, " \t");
	size_t digits = strspn(at, "0123456789");
	struct str text = {at, (int32_t)digits};

	if (digits == 0 || digits > 9 || !str_to_i64(text, min, max, ret))
		return false;
	at += digits;
	if (end && *at++ != end)
		return false;
	*p = at;
	return true;
}

static int two_digits(const char *p)
{
	return isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1])
		       ? (p[0] - '0') * 10 + p[1] - '0'
		       : -1;
}

/* Is it an offset that a calendar of Java takes, -13:00 to +14:00? */
static bool is_zone(int64_t minutes)
{
	return minutes >= -13 * 60 && minutes <= 14 * 60;
}

/* Z, +hh, +hh:mm. Minutes that do not make a zone are left over, and without a colon they never count: "+0130" is one
 * hour, as SimpleDateFormat has it. */
static bool take_zone(const char **p, int64_t *ret_ms)
{
	const char *at = *p + strspn(*p, " \t");
	int64_t sign = *at == '-' ? -1 : 1;
	int hours, minutes;

	if (*at == 'Z') {
		*ret_ms = 0;
		*p = at + 1;
		return true;
	}
	if (*at != '+' && *at != '-')
		return false;
	hours = two_digits(at + 1);
	if (hours < 0 || !is_zone(sign * hours * 60))
		return false;
	at += 3;
	minutes = *at == ':' ? two_digits(at + 1) : -1;
	if (minutes < 0 || minutes > 59 || !is_zone(sign * (hours * 60 + minutes)))
		minutes = 0;
	else
		at += 3;
	*ret_ms = sign * (hours * 60 + minutes) * 60000;
	*p = at;
	return true;
}

static bool parse_date_time(const char *p, bool utc, int64_t *ret_ms)
{
	int64_t year, month, day, hour, minute, second, ms, zone = 0;

	if (!take_number(&p, 1, 999999999, '-', &year) || !take_number(&p, 1, 12, '-', &month) ||
		!take_number(&p, 1, days_in(year, (int)month), 'T', &day) ||
		!take_number(&p, 0, 23, ':', &hour) || !take_number(&p, 0, 59, ':', &minute) ||
		!take_number(&p, 0, 59, '.', &second) || !take_number(&p, 0, 999, '\0', &ms))
		return false;
	if (utc ? p[strspn(p, " \t")] != '\0' : !take_zone(&p, &zone))
		return false;
	*ret_ms = days_to(year, (int)month, (int)day) * MS_PER_DAY +
		  ((hour * 60 + minute) * 60 + second) * 1000 + ms - zone;
	return true;
}

int date_time_parse(const char *text, int64_t *ret_ms, char **ret_error)
{
	const char *t = strchr(text, 'T');
	bool utc;

	if (!t || !t[1 + strspn(t + 1, "T")]) {
		*ret_error =
			xstrdup("Error parsing timestamp. It does not contain a 'T' according to "
				"ISO8601 format");
		return -EINVAL;
	}
	utc = strcspn(t + 1, "+-ZT") == strcspn(t + 1, "T");
	if (parse_date_time(text, utc, ret_ms))
		return 0;
	*ret_error = xasprintf("Unparseable date: \"%s%s\"", text, utc ? "Z" : "");
	return -EINVAL;
}

struct duration_sum {
	int64_t seconds;
	bool overflow;
};

static int duration_fault(const char *what, char **ret_error)
{
	*ret_error = what ? xasprintf(NOT_A_DURATION ": %s", what) : xstrdup(NOT_A_DURATION);
	return -EINVAL;
}

/* [-+]digits before `unit`, times so many seconds, into *sum. 0: taken; 1: it is something else; -EINVAL. */
static int take_part(const char **p, char unit, int64_t scale, const char *what,
	struct duration_sum *sum, char **ret_error)
{
	const char *at = *p + (**p == '-' || **p == '+');
	size_t digits = strspn(at, "0123456789");
	int64_t n;

	if (digits == 0 || toupper((unsigned char)at[digits]) != unit)
		return 1;
	if (!str_to_i64((struct str){*p, (int32_t)(at - *p) + (int32_t)digits}, INT64_MIN,
		    INT64_MAX, &n) ||
		__builtin_mul_overflow(n, scale, &n))
		return duration_fault(what, ret_error);
	sum->overflow |= __builtin_add_overflow(sum->seconds, n, &sum->seconds);
	*p = at + digits + 1;
	return 0;
}

/* The seconds, with a fraction of up to nine digits behind '.' or ','. As take_part. */
static int take_seconds(
	const char **p, struct duration_sum *sum, int32_t *ret_nanos, char **ret_error)
{
	bool negative = **p == '-';
	const char *at = *p + (**p == '-' || **p == '+');
	size_t digits = strspn(at, "0123456789"), places = 0;
	int32_t nanos = 0;
	int64_t n;

	if (digits == 0)
		return 1;
	if (at[digits] == '.' || at[digits] == ',') {
		const char *f = at + digits + 1;

		for (; places < 9 && isdigit((unsigned char)f[places]); places++)
			nanos = nanos * 10 + (f[places] - '0');
		for (size_t i = places; i < 9; i++)
			nanos *= 10;
		places++;
	}
	if (toupper((unsigned char)at[digits + places]) != 'S')
		return 1;
	if (!str_to_i64((struct str){*p, (int32_t)(at - *p) + (int32_t)digits}, INT64_MIN,
		    INT64_MAX, &n))
		return duration_fault("seconds", ret_error);
	sum->overflow |= __builtin_add_overflow(sum->seconds, n, &sum->seconds);
	*ret_nanos = negative ? -nanos : nanos;
	*p = at + digits + places + 1;
	return 0;
}

/* The parts behind 'T'; at least one. */
static int take_time(const char **p, struct duration_sum *sum, int32_t *ret_nanos, char **ret_error)
{
	const char *start = *p;
	int r = take_part(p, 'H', 3600, "hours", sum, ret_error);

	if (r >= 0)
		r = take_part(p, 'M', 60, "minutes", sum, ret_error);
	if (r >= 0)
		r = take_seconds(p, sum, ret_nanos, ret_error);
	if (r < 0)
		return r;
	return *p == start ? duration_fault(NULL, ret_error) : 0;
}

static int take_duration(
	const char *p, struct duration_sum *sum, int32_t *ret_nanos, char **ret_error)
{
	const char *start;
	int r;

	if (toupper((unsigned char)*p++) != 'P')
		return duration_fault(NULL, ret_error);
	start = p;
	r = take_part(&p, 'D', 86400, "days", sum, ret_error);
	if (r >= 0)
		r = 0;
	if (!r && toupper((unsigned char)*p) == 'T') {
		p++;
		r = take_time(&p, sum, ret_nanos, ret_error);
	}
	if (!r && (*p || p == start))
		r = duration_fault(NULL, ret_error);
	return r;
}

int duration_parse(const char *text, struct duration *ret, char **ret_error)
{
	bool negate = *text == '-';
	const char *p = text + (*text == '-' || *text == '+');
	struct duration_sum sum = {0};
	int32_t nanos = 0;
	int r = take_duration(p, &sum, &nanos, ret_error);

	if (r)
		return r;
	if (nanos < 0) {
		nanos += NANOS;
		sum.overflow |= __builtin_sub_overflow(sum.seconds, 1, &sum.seconds);
	}
	if (negate) {
		sum.overflow |= __builtin_sub_overflow(nanos ? -1 : 0, sum.seconds, &sum.seconds);
		nanos = nanos ? NANOS - nanos : 0;
	}
	if (sum.overflow)
		return duration_fault("overflow", ret_error);
	*ret = (struct duration){sum.seconds, nanos};
	return 0;
}

int duration_before(
	const struct duration *d, struct timespec now, int64_t *ret_ms, char **ret_error)
{
	int64_t seconds, nanos = now.tv_nsec - d->nanos, ms;

	if (__builtin_sub_overflow(now.tv_sec, d->seconds, &seconds)) {
		*ret_error = xstrdup("long overflow");
		return -EINVAL;
	}
	if (nanos < 0) {
		nanos += NANOS;
		seconds--;
	}
	if (seconds < INSTANT_MIN || seconds > INSTANT_MAX) {
		*ret_error = xstrdup("Instant exceeds minimum or maximum instant");
		return -EINVAL;
	}
	if (__builtin_mul_overflow(seconds, 1000, &ms) ||
		__builtin_add_overflow(ms, nanos / 1000000, &ms)) {
		*ret_error = xstrdup("long overflow");
		return -EINVAL;
	}
	*ret_ms = ms;
	return 0;
}
