/* keeper_commands_quota.c - setquota, listquota and delquota of the ZooKeeper shell: limits are nodes of their own below
 * /zookeeper/quota, which the server reads. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/keeper_shell.h"

#define QUOTAS "/zookeeper/quota"
#define LIMITS "zookeeper_limits"
#define STATS "zookeeper_stats"

#define COUNT "count"
#define BYTES "bytes"
#define COUNT_HARD "countHardLimit"
#define BYTES_HARD "byteHardLimit"

/* --- the text in such a node: count=1,bytes=2=;byteHardLimit=3;countHardLimit=4 (ZooKeeper 3.8, StatsTrack) --- */

struct track {
	struct track_value {
		char *key;
		int64_t value;
	} *v;
	size_t n, cap;
};

static void track_set(struct track *t, const char *key, int64_t value)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->v[i].key, key) == 0) {
			t->v[i].value = value;
			return;
		}
	}
	t->v = grow_array(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct track_value){xstrdup(key), value};
}

static int64_t track_get(const struct track *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].key, key) == 0)
			return t->v[i].value;
	return -1;
}

static void track_fini(struct track *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].key);
	free(t->v);
	*t = (struct track){NULL, 0, 0};
}

/* One key=value; an equals sign behind it has no meaning. */
static int track_add(struct track *t, char *pair)
{
	char *value = strchr(pair, '=');
	int64_t number;

	if (!value)
		return keeper_say("java.lang.ArrayIndexOutOfBoundsException: Index 1 out of bounds for length 1");
	*value++ = '\0';
	value[strcspn(value, "=")] = '\0';
	if (*value == '\0')
		value = (char *)"-1";
	if (!str_to_i64(str_of(value), INT64_MIN, INT64_MAX, &number))
		return keeper_say("java.lang.NumberFormatException: For input string: \"%s\"", value);
	track_set(t, pair, number);
	return 0;
}

/* 0, or 1 after the message. */
static int track_parse(struct track *t, struct bytes b)
{
	char *text = xstrndup((const char *)b.p, (size_t)MAX(b.len, 0)), *rest = text, *pair;
	int r = 0;

	while (!r && (pair = strsep(&rest, ",;")))
		if (*pair)
			r = track_add(t, pair);
	free(text);
	return r;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct track_value *)a)->key, ((const struct track_value *)b)->key);
}

/* Owned by the caller. */
static char *track_text(struct track *t)
{
	char *text = xasprintf("count=%" PRId64 ",bytes=%" PRId64, track_get(t, COUNT), track_get(t, BYTES));
	bool first = true;

	if (t->n > 0)
		qsort(t->v, t->n, sizeof(*t->v), by_key);
	for (size_t i = 0; i < t->n; i++) {
		char *longer;

		if (strcmp(t->v[i].key, COUNT) == 0 || strcmp(t->v[i].key, BYTES) == 0)
			continue;
		longer = xasprintf("%s%s;%s=%" PRId64, text, first ? "=" : "", t->v[i].key, t->v[i].value);
		free(text);
		text = longer;
		first = false;
	}
	return text;
}

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, (int32_t)strlen(text)};
}

/* --- nodes; each returns 0, or 1 after the message, but for those that say otherwise --- */

static bool there_is(struct keeper *k, const char *path, int *ret_exit_code)
{
	struct keeper_stat stat;
	int r = keeper_exists(k, path, false, &stat);

	*ret_exit_code = r == KEEPER_NO_NODE ? 0 : keeper_failure(r, path);
	return r == 0;
}

static int ensure(struct keeper *k, const char *path)
{
	int exit_code, r;

	if (there_is(k, path, &exit_code) || exit_code)
		return exit_code;
	r = keeper_create_open(k, path, BYTES_NULL);
	return r == KEEPER_NODE_EXISTS ? 0 : keeper_failure(r, path);
}

static int read_track(struct keeper *k, const char *path, struct track *t)
{
	struct keeper_stat stat;
	struct bytes data;
	int r = keeper_data(k, path, false, &data, &stat);

	return r ? keeper_failure(r, path) : track_parse(t, data);
}

/* --- setquota --- */

struct quota_walk {
	const char *path; /* that a quota is for */
	char *found;	  /* a quota below it */
};

static int look_for_limits(void *arg, const char *node)
{
	struct quota_walk *w = arg;
	const char *slash = strrchr(node, '/');
	size_t own = strlen(QUOTAS) + strlen(w->path);

	if (w->found || strcmp(slash + 1, LIMITS) != 0 || (size_t)(slash - node) == own)
		return 0;
	w->found = xstrndup(node + strlen(QUOTAS), (size_t)(slash - node) - strlen(QUOTAS));
	return 0;
}

static int check_below(struct keeper *k, const char *path)
{
	struct quota_walk w = {path, NULL};
	char *root = xasprintf(QUOTAS "%s", path);
	int exit_code = keeper_check_path(root), r;

	if (!exit_code) {
		r = keeper_walk(k, root, false, look_for_limits, &w);
		exit_code = r == KEEPER_NO_NODE ? 0 : keeper_failure(r, root);
	}
	if (!exit_code && w.found)
		exit_code = keeper_say("%s has a child %s which has a quota", path, w.found);
	free(w.found);
	free(root);
	return exit_code;
}

static bool has_name(const struct keeper_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return true;
	return false;
}

/* Sets *ret_end when there is nothing further down. */
static int check_one_above(struct keeper *k, const char *path, const char *above, bool *ret_end)
{
	struct keeper_names names = {NULL, 0, 0};
	struct keeper_stat stat;
	int r = keeper_children(k, above, false, &names, &stat), exit_code = 0;

	*ret_end = r == KEEPER_NO_NODE || names.n == 0;
	if (r && r != KEEPER_NO_NODE)
		exit_code = keeper_failure(r, above);
	else if (has_name(&names, LIMITS))
		exit_code = keeper_say("%s has a parent %s which has a quota", path, above + strlen(QUOTAS));
	keeper_names_fini(&names);
	return exit_code;
}

static int check_above(struct keeper *k, const char *path)
{
	bool end = false;
	int exit_code = 0;

	for (const char *slash = strchr(path + 1, '/'); slash && !end && !exit_code; slash = strchr(slash + 1, '/')) {
		char *above = xasprintf(QUOTAS "%.*s", (int)(slash - path), path);

		exit_code = check_one_above(k, path, above, &end);
		free(above);
	}
	return exit_code;
}

/* The nodes above that of the quota. */
static int make_parents(struct keeper *k, const char *path)
{
	int exit_code = ensure(k, "/zookeeper");

	if (!exit_code)
		exit_code = ensure(k, QUOTAS);
	for (const char *end = path; *end && !exit_code;) {
		char *node;

		end += 1 + strcspn(end + 1, "/");
		node = xasprintf(QUOTAS "%.*s", (int)(end - path), path);
		exit_code = ensure(k, node);
		free(node);
	}
	return exit_code;
}

static void warn(const struct track *limits, const struct track *stats, const char *soft, const char *hard, const char *key,
	const char *what)
{
	int64_t used = track_get(stats, key), s = track_get(limits, soft), h = track_get(limits, hard);

	if ((s > -1 && s < used) || (h > -1 && h < used))
		printf("[Warning]: the %s quota you create is less than the existing %s:%" PRId64 "\n", what, what, used);
}

static void warn_both(const struct track *limits, const struct track *stats)
{
	warn(limits, stats, COUNT, COUNT_HARD, COUNT, "count");
	warn(limits, stats, BYTES, BYTES_HARD, BYTES, "bytes");
}

static int create_limits(struct keeper *k, const char *limits_path, const char *stats_path, struct track *quota)
{
	char *text = track_text(quota);
	int r = keeper_create_open(k, limits_path, text_bytes(text));

	free(text);
	if (r)
		return keeper_failure(r, limits_path);
	r = keeper_create_open(k, stats_path, text_bytes("count=0,bytes=0"));
	return keeper_failure(r, stats_path);
}

/* Limits that are there stay, but for those that were given. */
static int change_limits(struct keeper *k, const char *path, struct track *limits, const struct track *quota)
{
	struct keeper_stat stat;
	char *text;
	int r;

	for (size_t i = 0; i < quota->n; i++)
		if (quota->v[i].value > -1)
			track_set(limits, quota->v[i].key, quota->v[i].value);
	text = track_text(limits);
	r = keeper_set_data(k, path, text_bytes(text), -1, &stat);
	free(text);
	return keeper_failure(r, path);
}

static int write_quota(struct keeper *k, const char *limits_path, const char *stats_path, struct track *quota)
{
	struct track limits = {NULL, 0, 0}, stats = {NULL, 0, 0};
	int exit_code;
	bool there = there_is(k, limits_path, &exit_code);

	if (!exit_code && !there)
		exit_code = create_limits(k, limits_path, stats_path, quota);
	if (!exit_code)
		exit_code = read_track(k, limits_path, &limits);
	if (!exit_code)
		exit_code = read_track(k, stats_path, &stats);
	for (size_t i = 0; !exit_code && there && i < quota->n; i++)
		if (quota->v[i].value > -1)
			track_set(&limits, quota->v[i].key, quota->v[i].value);
	if (!exit_code)
		warn_both(&limits, &stats);
	if (!exit_code && there)
		exit_code = change_limits(k, limits_path, &limits, quota);
	track_fini(&limits);
	track_fini(&stats);
	return exit_code;
}

static int create_quota(struct keeper *k, const char *path, struct track *quota)
{
	char *limits = xasprintf(QUOTAS "%s/" LIMITS, path), *stats = xasprintf(QUOTAS "%s/" STATS, path);
	struct keeper_stat stat;
	int exit_code = keeper_check_path(path);

	if (!exit_code) {
		int r = keeper_exists(k, path, false, &stat);

		exit_code = r == KEEPER_NO_NODE ? keeper_say("%s does not exist.", path) : keeper_failure(r, path);
	}
	if (!exit_code)
		exit_code = check_below(k, path);
	if (!exit_code)
		exit_code = check_above(k, path);
	if (!exit_code)
		exit_code = make_parents(k, path);
	if (!exit_code)
		exit_code = write_quota(k, limits, stats, quota);
	free(limits);
	free(stats);
	return exit_code;
}

static const struct {
	const char *option, *key, *complaint;
	int64_t least, most;
} quota_options[] = {
	{"n", COUNT, "the num quota must be greater than zero", 1, INT32_MAX},
	{"b", BYTES, "the bytes quota must be greater than or equal to zero", 0, INT64_MAX},
	{"N", COUNT_HARD, "the num quota must be greater than zero", 1, INT32_MAX},
	{"B", BYTES_HARD, "the bytes quota must be greater than or equal to zero", 0, INT64_MAX},
};

/* False after a message. */
static bool read_options(const struct words *w, struct track *quota)
{
	for (size_t i = 0; i < ARRAY_LEN(quota_options); i++) {
		const char *text = words_value(w, quota_options[i].option);
		int64_t value = -1;

		if (text && !str_to_i64(str_of(text), quota_options[i].most == INT32_MAX ? INT32_MIN : INT64_MIN,
				    quota_options[i].most, &value)) {
			(void)keeper_say("NumberFormatException happens when parsing the option value");
			return false;
		}
		if (text && value < quota_options[i].least) {
			(void)keeper_say("%s", quota_options[i].complaint);
			return false;
		}
		track_set(quota, quota_options[i].key, value);
	}
	return true;
}

static int set_quota(struct keeper_shell *s, const struct words *w)
{
	struct track quota = {NULL, 0, 0};
	int exit_code = 0;

	if (strncmp(w->v[1], QUOTAS, strlen(QUOTAS)) == 0)
		(void)keeper_say("cannot set a quota under the path: " QUOTAS);
	else if (read_options(w, &quota))
		exit_code = create_quota(s->keeper, w->v[1], &quota);
	track_fini(&quota);
	return exit_code;
}

/* --- listquota --- */

static int show_track(struct keeper *k, const char *node, const char *what, const char *path)
{
	struct track t = {NULL, 0, 0};
	struct keeper_stat stat;
	struct bytes data;
	int exit_code = 0, r = keeper_data(k, node, false, &data, &stat);

	if (r == KEEPER_NO_NODE) {
		(void)keeper_say("quota for %s does not exist.", path);
		return r;
	}
	exit_code = r ? keeper_failure(r, node) : track_parse(&t, data);
	if (!exit_code) {
		char *text = track_text(&t);

		printf("Output %s for %s %s\n", what, path, text);
		free(text);
	}
	track_fini(&t);
	return exit_code;
}

static int list_quota(struct keeper_shell *s, const struct words *w)
{
	char *limits = xasprintf(QUOTAS "%s/" LIMITS, w->v[1]), *stats = xasprintf(QUOTAS "%s/" STATS, w->v[1]);
	int exit_code;

	(void)keeper_say("absolute path is %s", limits);
	exit_code = keeper_check_path(limits);
	if (!exit_code)
		exit_code = show_track(s->keeper, limits, "quota", w->v[1]);
	if (!exit_code)
		exit_code = show_track(s->keeper, stats, "stat", w->v[1]);
	free(limits);
	free(stats);
	return exit_code == KEEPER_NO_NODE ? 0 : exit_code;
}

/* --- delquota --- */

/* Nodes without children, from the quota's upwards. 0, or a result of the call. */
static int trim(struct keeper *k, char *node)
{
	while (strcmp(node, QUOTAS) != 0) {
		struct keeper_names names = {NULL, 0, 0};
		struct keeper_stat stat;
		int r = keeper_children(k, node, false, &names, &stat);
		size_t n = names.n;

		keeper_names_fini(&names);
		if (r || n > 0)
			return r;
		r = keeper_delete_node(k, node, -1);
		if (r)
			return r;
		*strrchr(node, '/') = '\0';
	}
	return 0;
}

static int delete_all(struct keeper *k, char *node)
{
	struct keeper_names names = {NULL, 0, 0};
	struct keeper_stat stat;
	int r = keeper_children(k, node, false, &names, &stat);

	for (size_t i = 0; i < names.n && !r; i++) {
		char *child = xasprintf("%s/%s", node, names.v[i]);

		r = keeper_delete_node(k, child, -1);
		free(child);
	}
	keeper_names_fini(&names);
	return r ? r : trim(k, node);
}

static int delete_some(struct keeper *k, const char *limits_path, const struct words *w)
{
	struct track limits = {NULL, 0, 0};
	struct keeper_stat stat;
	char *text;
	int r, exit_code = read_track(k, limits_path, &limits);

	for (size_t i = 0; i < ARRAY_LEN(quota_options); i++)
		if (words_has(w, quota_options[i].option))
			track_set(&limits, quota_options[i].key, -1);
	if (!exit_code) {
		text = track_text(&limits);
		r = keeper_set_data(k, limits_path, text_bytes(text), -1, &stat);
		exit_code = keeper_failure(r, limits_path);
		free(text);
	}
	track_fini(&limits);
	return exit_code;
}

static bool any_option(const struct words *w)
{
	for (size_t i = 0; i < ARRAY_LEN(quota_options); i++)
		if (words_has(w, quota_options[i].option))
			return true;
	return false;
}

static int delete_existing(struct keeper *k, const struct words *w, char *node, const char *limits)
{
	int r;

	if (any_option(w))
		return delete_some(k, limits, w);
	r = delete_all(k, node);
	if (r != KEEPER_NO_NODE)
		return keeper_failure(r, node);
	(void)keeper_say("quota for %s does not exist.", w->v[1]);
	return 0;
}

static int del_quota(struct keeper_shell *s, const struct words *w)
{
	char *node = xasprintf(QUOTAS "%s", w->v[1]), *limits = xasprintf(QUOTAS "%s/" LIMITS, w->v[1]);
	int exit_code = keeper_check_path(limits);

	if (!exit_code && there_is(s->keeper, limits, &exit_code))
		exit_code = delete_existing(s->keeper, w, node, limits);
	else if (!exit_code)
		printf("Quota does not exist for %s\n", w->v[1]);
	free(node);
	free(limits);
	return exit_code;
}

static const struct word_option set_options[] = {{"n", true, "num soft quota"}, {"b", true, "bytes soft quota"},
	{"N", true, "num hard quota"}, {"B", true, "bytes hard quota"}, {NULL, false, NULL}};
static const struct word_option del_options[] = {{"n", false, "num soft quota"}, {"b", false, "bytes soft quota"},
	{"N", false, "num hard quota"}, {"B", false, "bytes hard quota"}, {NULL, false, NULL}};

const struct keeper_command keeper_quota_commands[] = {
	{"delquota", "[-n|-b|-N|-B] path", del_options, WORDS_GROUP, 2, del_quota},
	{"listquota", "path", NULL, WORDS_FREE, 2, list_quota},
	{"setquota", "-n|-b|-N|-B val path", set_options, WORDS_REQUIRED_GROUP, 2, set_quota},
	{NULL, NULL, NULL, WORDS_FREE, 0, NULL},
};
