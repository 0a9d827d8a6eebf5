/* meta_properties.c - see meta_properties.h. */
#include "storage/meta_properties.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/properties.h"
#include "base/str.h"
#include "base/uuid.h"

static bool get_i32(const struct properties *p, const char *key, int32_t absent, int32_t *ret)
{
	const char *s = properties_get(p, key);
	int64_t v = absent;

	if (s && !str_to_i64(str_of(s), INT32_MIN, INT32_MAX, &v))
		return false;
	*ret = (int32_t)v;
	return true;
}

static bool get_text(const struct properties *p, const char *key, char *buf, size_t size)
{
	const char *s = properties_get(p, key);

	buf[0] = '\0';
	if (!s)
		return true;
	if (strlen(s) >= size)
		return false;
	memcpy(buf, s, strlen(s) + 1);
	return true;
}

/* The first hundred values are reserved (Kafka's DirectoryId, Uuid.RESERVED). */
static bool directory_id_is_good(const char *s)
{
	struct uuid u;

	if (!*s)
		return true;
	if (!uuid_parse(str_of(s), &u))
		return false;
	for (size_t i = 0; i < sizeof(u.b) - 1; i++)
		if (u.b[i] != 0)
			return true;
	return u.b[15] >= 100;
}

static int from_properties(const struct properties *p, struct meta_properties *m)
{
	if (!get_i32(p, "version", 0, &m->version))
		return FAIL(-EINVAL);
	if (m->version != 0)
		return FAIL(-EPROTO);
	if (!get_i32(p, "broker.id", -1, &m->broker_id) ||
	    !get_text(p, "cluster.id", m->cluster_id, sizeof(m->cluster_id)) ||
	    !get_text(p, "directory.id", m->directory_id, sizeof(m->directory_id)) ||
	    !directory_id_is_good(m->directory_id))
		return FAIL(-EINVAL);
	return 0;
}

int meta_properties_read(const char *dir, struct meta_properties *ret)
{
	CLEANUP(freep) char *path = xasprintf("%s/meta.properties", dir);
	struct properties p = PROPERTIES_INIT;
	int r, line = 0;

	*ret = (struct meta_properties){ .broker_id = -1 };
	r = properties_load(&p, path, &line);
	if (r == 0) {
		ret->exists = true;
		r = from_properties(&p, ret);
	}
	properties_fini(&p);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return FAIL(r);
	return 0;
}

int meta_properties_write(const char *dir, const struct meta_properties *m, int64_t wall_ms)
{
	CLEANUP(freep) char *path = xasprintf("%s/meta.properties", dir);
	CLEANUP(freep) char *text = NULL;
	char date[64];
	time_t now = (time_t)(wall_ms / 1000);
	struct tm tm;
	int r;

	/* The two comment lines of java.util.Properties.store with an empty comment. */
	localtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a %b %d %H:%M:%S %Z %Y", &tm);
	text = xasprintf("#\n#%s\nbroker.id=%d\nversion=0\ncluster.id=%s\n%s%s%s", date, m->broker_id,
	    m->cluster_id, *m->directory_id ? "directory.id=" : "", m->directory_id,
	    *m->directory_id ? "\n" : "");
	r = fs_replace_file(path, text, strlen(text));
	if (r < 0)
		return FAIL(r);
	return 0;
}
