/* keeper_watches.c - which watches a session has, on this side: an event is shown when one of them is for it, and a new
 * connection sets them again (ZooKeeper 3.8, ZKWatchManager). */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/keeper_priv.h"

/* Paths in one request that sets watches: the server's limit for a request is 1 MiB. */
#define SET_WATCHES_BYTES (128u << 10)

static struct keeper_watched *find(const struct keeper *c, const char *path)
{
	for (size_t i = 0; i < c->watches_n; i++)
		if (strcmp(c->watches[i].path, path) == 0)
			return &c->watches[i];
	return NULL;
}

void keeper_watch(struct keeper *c, const char *path, enum keeper_watch_kind kind)
{
	struct keeper_watched *w = find(c, path);

	if (!w) {
		c->watches = grow_array(c->watches, &c->watches_cap, c->watches_n + 1, sizeof(*c->watches));
		w = &c->watches[c->watches_n++];
		*w = (struct keeper_watched){xstrdup(path), 0};
	}
	w->kinds |= kind;
}

unsigned keeper_watches(const struct keeper *c, const char *path)
{
	const struct keeper_watched *w = find(c, path);

	return w ? w->kinds : 0;
}

unsigned keeper_unwatch(struct keeper *c, const char *path, unsigned kinds)
{
	struct keeper_watched *w = find(c, path);
	unsigned had = w ? w->kinds & kinds : 0;

	if (!w)
		return 0;
	w->kinds &= ~kinds;
	if (w->kinds == 0) {
		free(w->path);
		*w = c->watches[--c->watches_n];
	}
	return had;
}

void keeper_watches_fini(struct keeper *c)
{
	for (size_t i = 0; i < c->watches_n; i++)
		free(c->watches[i].path);
	free(c->watches);
	c->watches = NULL;
	c->watches_n = 0;
}

/* --- a new connection --- */

static const enum keeper_watch_kind kinds_in_order[] = {
	KEEPER_WATCH_DATA, KEEPER_WATCH_EXIST, KEEPER_WATCH_CHILD, KEEPER_WATCH_PERSISTENT, KEEPER_WATCH_RECURSIVE};

/* The watches [from, to), by kind. */
static int send_some(struct keeper *c, size_t from, size_t to)
{
	struct writer w;
	int r;

	writer_init(&w, 1024, 0);
	writer_i64(&w, c->last_zxid);
	for (size_t k = 0; k < ARRAY_LEN(kinds_in_order); k++) {
		struct keeper_names paths = {NULL, 0, 0};

		for (size_t i = from; i < to; i++) {
			char *path;

			if (!(c->watches[i].kinds & kinds_in_order[k]))
				continue;
			path = keeper_server_path(c, c->watches[i].path);
			keeper_names_add(&paths, str_of(path));
			free(path);
		}
		keeper_put_names(&w, &paths);
		keeper_names_fini(&paths);
	}
	r = keeper_connection_send(c, KEEPER_XID_SET_WATCHES, KEEPER_OP_SET_WATCHES, &w);
	return r;
}

int keeper_watches_send(struct keeper *c)
{
	size_t from = 0, bytes = 0;

	for (size_t i = 0; i < c->watches_n; i++) {
		bytes += strlen(c->watches[i].path) + 16;
		if (bytes >= SET_WATCHES_BYTES || i + 1 == c->watches_n) {
			int r = send_some(c, from, i + 1);

			if (r)
				return r;
			from = i + 1;
			bytes = 0;
		}
	}
	return 0;
}

/* --- events --- */

/* What an event uses up. */
static const struct {
	int32_t type;
	const char *name;
	unsigned kinds;
} event_types[] = {
	{1, "NodeCreated", KEEPER_WATCH_DATA | KEEPER_WATCH_EXIST},
	{2, "NodeDeleted", KEEPER_WATCH_DATA | KEEPER_WATCH_EXIST | KEEPER_WATCH_CHILD},
	{3, "NodeDataChanged", KEEPER_WATCH_DATA | KEEPER_WATCH_EXIST},
	{4, "NodeChildrenChanged", KEEPER_WATCH_CHILD},
};

/* Is there a recursive watch on the node or above it? */
static bool under_recursive(const struct keeper *c, const char *path)
{
	char *at = xstrdup(path), *slash;
	bool found = (keeper_watches(c, path) | keeper_watches(c, "/")) & KEEPER_WATCH_RECURSIVE;

	while (!found && (slash = strrchr(at, '/')) && slash > at) {
		*slash = '\0';
		found = keeper_watches(c, at) & KEEPER_WATCH_RECURSIVE;
	}
	free(at);
	return found;
}

static char *client_path(const struct keeper *c, struct str path)
{
	size_t skip = keeper_chroot_length(c);

	if (skip == 0 || path.len < (int32_t)skip || memcmp(path.p, c->chroot, skip) != 0)
		return str_dup(path);
	return path.len == (int32_t)skip ? xstrdup("/") : xstrndup(path.p + skip, (size_t)path.len - skip);
}

static void fire(struct keeper *c, int32_t type, const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(event_types); i++) {
		bool known;

		if (event_types[i].type != type)
			continue;
		known = (keeper_watches(c, path) & KEEPER_WATCH_PERSISTENT) || under_recursive(c, path);
		if (keeper_unwatch(c, path, event_types[i].kinds) || known)
			keeper_tell(c, event_types[i].name, path);
	}
}

void keeper_watches_fire(struct keeper *c, struct cursor *event)
{
	int32_t type = cur_i32(event), state = cur_i32(event);
	struct str path = keeper_take_string(event);
	char *shown;

	(void)state; /* of the session: connected, or it would not have come */
	if (event->bad || path.len < 0)
		return;
	shown = client_path(c, path);
	fire(c, type, shown);
	free(shown);
}
