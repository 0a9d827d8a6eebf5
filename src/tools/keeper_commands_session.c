/* keeper_commands_session.c - commands of the ZooKeeper shell about the session: watches, its end, the version. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/keeper_shell.h"

static int add_watch(struct keeper_shell *s, const struct words *w)
{
	const char *mode = words_value(w, "m");
	bool persistent = mode && strcasecmp(mode, "PERSISTENT") == 0;

	if (w->n != 2 || (mode && !persistent && strcasecmp(mode, "PERSISTENT_RECURSIVE") != 0))
		return keeper_say("addWatch " KEEPER_ADD_WATCH_USAGE);
	if (keeper_check_path(w->v[1]))
		return 1;
	return keeper_failure(keeper_add_watch(s->keeper, w->v[1], !persistent), w->v[1]);
}

static int remove_watches(struct keeper_shell *s, const struct words *w)
{
	enum keeper_watcher_type type = words_has(w, "c")   ? KEEPER_WATCHER_CHILDREN
					: words_has(w, "d") ? KEEPER_WATCHER_DATA
							    : KEEPER_WATCHER_ANY;

	if (keeper_check_path(w->v[1]))
		return 1;
	return keeper_failure(keeper_remove_watches(s->keeper, w->v[1], type, words_has(w, "l")), w->v[1]);
}

static int close_session(struct keeper_shell *s, const struct words *w)
{
	(void)w;
	keeper_close(s->keeper);
	return 0;
}

static int version(struct keeper_shell *s, const struct words *w)
{
	(void)s;
	if (w->n > 1)
		return keeper_say("version ");
	puts("ZooKeeper CLI version: " KEEPER_SHELL_VERSION);
	return 0;
}

static const struct word_option add_options[] = {{"m", true, ""}, {NULL, false, NULL}};
static const struct word_option remove_options[] = {{"c", false, "child watcher type"}, {"d", false, "data watcher type"},
	{"a", false, "any watcher type"}, {"l", false, "local"}, {NULL, false, NULL}};

const struct keeper_command keeper_session_commands[] = {
	{"addWatch", KEEPER_ADD_WATCH_USAGE, add_options, WORDS_FREE, 0, add_watch},
	{"close", "", NULL, WORDS_FREE, 0, close_session},
	{"removewatches", "path [-c|-d|-a] [-l]", remove_options, WORDS_FREE, 2, remove_watches},
	{"version", "", NULL, WORDS_FREE, 0, version},
	{NULL, NULL, NULL, WORDS_FREE, 0, NULL},
};
