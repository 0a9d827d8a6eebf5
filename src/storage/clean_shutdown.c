/* clean_shutdown.c - see clean_shutdown.h. */
#include "storage/clean_shutdown.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#define MARKER_NAME ".kafka_cleanshutdown"

/* In ZooKeeper mode the epoch is always -1; no newline at the end (CleanShutdownFileHandler). */
static const char content[] = "{\"version\":0,\"brokerEpoch\":-1}";

int clean_shutdown_take(const char *dir, bool *ret_was_clean)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", dir, MARKER_NAME);
	int r;

	*ret_was_clean = false;
	if (!fs_exists(path))
		return 0;
	r = fs_unlink(path);
	if (r < 0)
		return FAIL(r);
	r = fs_sync_dir(dir);
	if (r < 0)
		return FAIL(r);
	*ret_was_clean = true;
	return 0;
}

/* Through a rename, so that a crash leaves either no marker or a whole one. */
int clean_shutdown_put(const char *dir)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", dir, MARKER_NAME);
	int r;

	r = fs_replace_file(path, content, sizeof(content) - 1);
	if (r < 0)
		return FAIL(r);
	return 0;
}
