/* dir_name.c - see dir_name.h. */
#include "storage/dir_name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char *const suffixes[] = {
	[DIR_CURRENT] = "",
	[DIR_DELETE] = "-delete",
	[DIR_FUTURE] = "-future",
	[DIR_STRAY] = "-stray",
};

static bool ends_with(struct str s, const char *end)
{
	int32_t n = (int32_t)strlen(end);

	return s.len >= n && memcmp(s.p + s.len - n, end, (size_t)n) == 0;
}

static int32_t last_of(struct str s, char c)
{
	int32_t i = s.len - 1;

	while (i >= 0 && s.p[i] != c)
		i--;
	return i;
}

static bool has_blank(struct str s)
{
	for (int32_t i = 0; i < s.len; i++)
		if (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'))
			return true;
	return false;
}

static enum dir_role role_of(struct str name)
{
	if (ends_with(name, suffixes[DIR_DELETE]))
		return DIR_DELETE;
	if (ends_with(name, suffixes[DIR_FUTURE]))
		return DIR_FUTURE;
	if (ends_with(name, suffixes[DIR_STRAY]))
		return DIR_STRAY;
	return DIR_CURRENT;
}

/* Takes ".<uid><suffix>" off: the uid must not be empty and nothing may be blank. */
static bool strip_uid(struct str *name, const char *suffix)
{
	struct str rest = *name;
	int32_t dot;

	if (has_blank(rest))
		return false;
	rest.len -= (int32_t)strlen(suffix);
	dot = last_of(rest, '.');
	if (dot < 0 || dot + 1 == rest.len)
		return false;
	name->len = dot;
	return true;
}

bool dir_name_parse(const char *name, struct dir_name *ret)
{
	struct str s = str_of(name);
	enum dir_role role;
	int64_t partition;
	int32_t dash;

	if (s.len <= 0 || s.len > DIR_NAME_MAX)
		return false;
	role = role_of(s);
	if (role != DIR_CURRENT && !strip_uid(&s, suffixes[role]))
		return false;
	dash = last_of(s, '-');
	if (dash <= 0)
		return false;
	if (!str_to_i64((struct str){ s.p + dash + 1, s.len - dash - 1 }, 0, INT32_MAX, &partition))
		return false;
	str_copy((struct str){ s.p, dash }, ret->topic, sizeof(ret->topic));
	ret->partition = (int32_t)partition;
	ret->role = role;
	return true;
}

bool dir_name_format(enum dir_role role, const char *topic, int32_t partition, struct uuid uid, char *buf)
{
	char tail[80];
	size_t topic_len = strlen(topic), tail_len;
	int n;

	assert(partition >= 0);
	n = snprintf(tail, sizeof(tail), "-%d", partition);
	if (role != DIR_CURRENT) {
		tail[n++] = '.';
		for (size_t i = 0; i < sizeof(uid.b); i++)
			n += snprintf(tail + n, sizeof(tail) - (size_t)n, "%02x", uid.b[i]);
		n += snprintf(tail + n, sizeof(tail) - (size_t)n, "%s", suffixes[role]);
	}
	tail_len = (size_t)n;
	if (topic_len + tail_len > DIR_NAME_MAX) {
		if (role == DIR_CURRENT || role == DIR_FUTURE)
			return false;
		topic_len = DIR_NAME_MAX - tail_len;
	}
	memcpy(buf, topic, topic_len);
	memcpy(buf + topic_len, tail, tail_len + 1);
	return true;
}
