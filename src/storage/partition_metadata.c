/* partition_metadata.c - see partition_metadata.h. */
#include "storage/partition_metadata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "storage/replica_dir.h"

#define NAME	 "partition.metadata"
#define SIZE_MAX_OK 4096

/* The value behind `key`, a colon and white space, up to the end of the line; *at moves to the next line. */
static bool take_line(const char **at, const char *key, struct str *ret)
{
	size_t n = strlen(key), line = strcspn(*at, "\r\n");
	const char *p = *at, *end = p + line;

	if (line < n + 2 || memcmp(p, key, n) != 0 || p[n] != ':' || (p[n + 1] != ' ' && p[n + 1] != '\t'))
		return false;
	p += n + 1;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	*ret = (struct str){ p, (int32_t)(end - p) };
	*at = end + strspn(end, "\r\n");
	return true;
}

int partition_metadata_read(const struct replica_dir *dir, struct uuid *ret)
{
	CLEANUP(freep) char *path = replica_dir_join(dir, NAME);
	CLEANUP(freep) char *text = NULL;
	const char *at;
	struct uuid id;
	struct str value;
	int64_t version;
	size_t len;
	int r = fs_read_file(path, SIZE_MAX_OK, &text, &len);

	*ret = UUID_ZERO;
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return FAIL(r == -EFBIG ? -EIO : r);
	at = text;
	if (!take_line(&at, "version", &value) || !str_to_i64(value, 0, INT32_MAX, &version))
		return FAIL(-EIO);
	if (!take_line(&at, "topic_id", &value) || !uuid_parse(value, &id) || uuid_is_zero(id))
		return FAIL(-EIO);
	*ret = id;
	return 0;
}

int partition_metadata_write(const struct replica_dir *dir, struct uuid id)
{
	CLEANUP(freep) char *path = replica_dir_join(dir, NAME);
	char text[64], id_text[UUID_TEXT_LEN + 1];
	int n = snprintf(text, sizeof(text), "version: 0\ntopic_id: %s", uuid_text(id, id_text));
	int r = fs_replace_file(path, text, (size_t)n);

	return r < 0 ? FAIL(r) : 0;
}

int partition_metadata_delete(const struct replica_dir *dir)
{
	CLEANUP(freep) char *path = replica_dir_join(dir, NAME);
	int r = fs_unlink(path);

	return r < 0 ? FAIL(r) : 0;
}
