/* keeper_commands_node.c - commands of the ZooKeeper shell about nodes: their data, their children, their lives. */
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "tools/keeper_shell.h"
#include "tools/message_json.h"

#define TTL_MAX INT64_C(0xffffffffff)
#define BATCH_DEFAULT 1000

static void put_text(const char *s)
{
	message_json_plain(s, strlen(s), stdout);
}

static bool is_deprecated(const struct words *w, const char *text)
{
	if (w->n <= 2)
		return false;
	(void)keeper_say("%s", text);
	return true;
}

/* --- ls --- */

static void print_names(struct keeper_names *names)
{
	keeper_names_sort(names);
	putchar('[');
	for (size_t i = 0; i < names->n; i++) {
		fputs(i ? ", " : "", stdout);
		put_text(names->v[i]);
	}
	puts("]");
}

static int print_path(void *arg, const char *path)
{
	(void)arg;
	put_text(path);
	putchar('\n');
	return 0;
}

static int ls(struct keeper_shell *s, const struct words *w)
{
	bool old = is_deprecated(w, "'ls path [watch]' has been deprecated. Please use 'ls [-w] path' instead.");
	bool watch = old || words_has(w, "w");
	struct keeper_names names = {NULL, 0, 0};
	struct keeper_stat stat;
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	if (words_has(w, "R"))
		return keeper_failure(keeper_walk(s->keeper, w->v[1], watch, print_path, NULL), w->v[1]);
	r = keeper_children(s->keeper, w->v[1], watch, &names, &stat);
	if (!r)
		print_names(&names);
	if (!r && words_has(w, "s"))
		keeper_print_stat(&stat);
	keeper_names_fini(&names);
	return keeper_failure(r, w->v[1]);
}

static int ls_or_help(struct keeper_shell *s, const struct words *w)
{
	if (words_has(w, "?"))
		puts("usage: ls [options] path\n -?   help\n -R   recurse\n -s   stat\n -w   watch");
	if (w->n < 2)
		return keeper_say("ls [-s] [-w] [-R] path");
	return ls(s, w);
}

/* --- get, stat --- */

static void print_base64(struct bytes b)
{
	size_t size = ((size_t)b.len + 2) / 3 * 4 + 1;
	unsigned char *text = xmalloc(size);

	EVP_EncodeBlock(text, b.p, b.len);
	puts((char *)text);
	free(text);
}

static void print_dump_line(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < 16; i++)
		printf(i < n ? "%02x " : "   ", i < n ? p[i] : 0);
	putchar('|');
	for (size_t i = 0; i < 16; i++)
		putchar(i >= n ? ' ' : p[i] > 0x1f && p[i] < 0x7f ? p[i] : '.');
	puts("|");
}

/* The form of Netty's ByteBufUtil.prettyHexDump. */
static void print_hex(struct bytes b)
{
	static const char rule[] = "+--------+-------------------------------------------------+----------------+";

	printf("         +-------------------------------------------------+\n"
	       "         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n%s\n",
		rule);
	for (int32_t i = 0; i < b.len; i += 16) {
		printf("|%08" PRIx32 "| ", (uint32_t)i);
		print_dump_line(b.p + i, (size_t)MIN(b.len - i, 16));
	}
	puts(rule);
}

static void print_data(const struct words *w, struct bytes b)
{
	if (b.len < 0)
		b = (struct bytes){(const uint8_t *)"null", 4};
	if (words_has(w, "x")) {
		print_hex(b);
	} else if (words_has(w, "b")) {
		print_base64(b);
	} else {
		message_json_plain(b.p, (size_t)b.len, stdout);
		putchar('\n');
	}
}

static int get(struct keeper_shell *s, const struct words *w)
{
	bool old = is_deprecated(w, "'get path [watch]' has been deprecated. Please use 'get [-s] [-w] path' instead.");
	struct keeper_stat stat;
	struct bytes data;
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	r = keeper_data(s->keeper, w->v[1], old || words_has(w, "w"), &data, &stat);
	if (r)
		return keeper_failure(r, w->v[1]);
	print_data(w, data);
	if (words_has(w, "s"))
		keeper_print_stat(&stat);
	return 0;
}

static int show_stat(struct keeper_shell *s, const struct words *w)
{
	bool old = is_deprecated(w, "'stat path [watch]' has been deprecated. Please use 'stat [-w] path' instead.");
	struct keeper_stat stat;
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	r = keeper_exists(s->keeper, w->v[1], old || words_has(w, "w"), &stat);
	if (!r)
		keeper_print_stat(&stat);
	return keeper_failure(r, w->v[1]);
}

/* --- create --- */

static enum keeper_create_mode create_mode(const struct words *w)
{
	bool e = words_has(w, "e"), s = words_has(w, "s"), c = words_has(w, "c"), t = words_has(w, "t");

	return e && s ? KEEPER_MODE_EPHEMERAL_SEQUENTIAL
	       : e    ? KEEPER_MODE_EPHEMERAL
	       : s    ? (t ? KEEPER_MODE_PERSISTENT_SEQUENTIAL_WITH_TTL : KEEPER_MODE_PERSISTENT_SEQUENTIAL)
	       : c    ? KEEPER_MODE_CONTAINER
		      : (t ? KEEPER_MODE_PERSISTENT_WITH_TTL : KEEPER_MODE_PERSISTENT);
}

static int check_create(const struct words *w, int64_t *ret)
{
	const char *text = words_value(w, "t");

	*ret = 0;
	if (words_has(w, "c") && (words_has(w, "e") || words_has(w, "s")))
		return keeper_say("-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.");
	if (text && !str_to_i64(str_of(text), INT64_MIN, INT64_MAX, ret))
		return keeper_say("-t argument must be a long value");
	if (text && words_has(w, "e"))
		return keeper_say("TTLs cannot be used with Ephemeral znodes");
	if (text && words_has(w, "c"))
		return keeper_say("TTLs cannot be used with Container znodes");
	if (text && (*ret <= 0 || *ret > TTL_MAX))
		return keeper_say("ttl must be positive and cannot be larger than: %" PRId64, TTL_MAX);
	return 0;
}

static bool is_sequential(enum keeper_create_mode mode)
{
	return mode == KEEPER_MODE_PERSISTENT_SEQUENTIAL || mode == KEEPER_MODE_EPHEMERAL_SEQUENTIAL ||
	       mode == KEEPER_MODE_PERSISTENT_SEQUENTIAL_WITH_TTL;
}

/* The server puts a number behind the path of a sequential node, so that may end with a slash. */
static int check_new_path(const char *path, enum keeper_create_mode mode)
{
	char *whole = xasprintf("%s%s", path, is_sequential(mode) ? "1" : "");
	int exit_code = keeper_check_path(whole);

	free(whole);
	return exit_code;
}

static int create_failure(int r, const char *path)
{
	if (r == KEEPER_EPHEMERAL_ON_LOCAL_SESSION)
		(void)keeper_say("Unable to create ephemeral node on a local session");
	if (r == KEEPER_INVALID_ACL)
		(void)keeper_say("KeeperErrorCode = InvalidACL%s%s", path ? " for " : "", path ? path : "");
	return keeper_failure(r, path ? path : "null");
}

static int create(struct keeper_shell *s, const struct words *w)
{
	struct keeper_acls acls = {NULL, 0, 0};
	struct bytes data = BYTES_NULL;
	enum keeper_create_mode mode = create_mode(w);
	char *created = NULL;
	int64_t ttl;
	int r;

	if (check_create(w, &ttl))
		return 1;
	if (w->n > 2)
		data = (struct bytes){(const uint8_t *)w->v[2], (int32_t)strlen(w->v[2])};
	keeper_parse_acls(w->n > 3 ? w->v[3] : "world:anyone:cdrwa", &acls);
	if (check_new_path(w->v[1], mode)) {
		keeper_acls_fini(&acls);
		return 1;
	}
	r = acls.n == 0 ? KEEPER_INVALID_ACL
			: keeper_create_node(s->keeper, w->v[1], data, &acls, mode, ttl, &created);
	if (!r)
		(void)keeper_say("Created %s", created);
	else
		r = create_failure(r, acls.n == 0 ? NULL : w->v[1]);
	keeper_acls_fini(&acls);
	free(created);
	return r;
}

/* --- set, delete, deleteall, sync --- */

static int set(struct keeper_shell *s, const struct words *w)
{
	struct bytes data = {(const uint8_t *)w->v[2], (int32_t)strlen(w->v[2])};
	const char *version_text = words_value(w, "v");
	struct keeper_stat stat;
	int32_t version = -1;
	int r;

	if ((version_text && keeper_int(version_text, &version)) || keeper_check_path(w->v[1]))
		return 1;
	r = keeper_set_data(s->keeper, w->v[1], data, version, &stat);
	if (!r && words_has(w, "s"))
		keeper_print_stat(&stat);
	return keeper_failure(r, w->v[1]);
}

static int delete(struct keeper_shell *s, const struct words *w)
{
	const char *version_text = words_value(w, "v");
	int32_t version = -1;

	(void)is_deprecated(
		w, "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.");
	if ((version_text && keeper_int(version_text, &version)) || keeper_check_path(w->v[1]))
		return 1;
	return keeper_failure(keeper_delete_node(s->keeper, w->v[1], version), w->v[1]);
}

/* All paths of the tree, parents before children. */
static int collect(struct keeper *k, const char *root, struct keeper_names *ret, const char **ret_failed)
{
	keeper_names_add(ret, str_of(root));
	for (size_t i = 0; i < ret->n; i++) {
		struct keeper_names children = {NULL, 0, 0};
		struct keeper_stat stat;
		int r = keeper_children(k, ret->v[i], false, &children, &stat);

		for (size_t j = 0; j < children.n; j++) {
			char *path = xasprintf("%s/%s", ret->v[i][1] ? ret->v[i] : "", children.v[j]);

			keeper_names_add(ret, str_of(path));
			free(path);
		}
		keeper_names_fini(&children);
		*ret_failed = ret->v[i];
		if (r)
			return r;
	}
	return 0;
}

/* The leaves first, so many in each request. */
static bool delete_tree(struct keeper *k, const struct keeper_names *tree, size_t batch)
{
	char **paths = xcalloc(batch, sizeof(*paths));
	size_t n = 0;
	int r = 0;

	for (size_t i = tree->n; i-- > 0 && !r;) {
		paths[n++] = tree->v[i];
		if (n < batch && i > 0)
			continue;
		r = keeper_delete_nodes(k, paths, n);
		n = 0;
	}
	free(paths);
	return r == 0;
}

/* One by one, as Java does for a batch size below 1. */
static int delete_singly(struct keeper *k, const struct keeper_names *tree)
{
	for (size_t i = tree->n; i-- > 0;) {
		int r = keeper_delete_node(k, tree->v[i], -1);

		if (r)
			return keeper_failure(r, tree->v[i]);
	}
	return 0;
}

static int deleteall(struct keeper_shell *s, const struct words *w)
{
	const char *batch_text = words_value(w, "b"), *failed = NULL;
	struct keeper_names tree = {NULL, 0, 0};
	int64_t batch = BATCH_DEFAULT;
	int r;

	if (batch_text && !str_to_i64(str_of(batch_text), INT32_MIN, INT32_MAX, &batch))
		return keeper_say("-b argument must be an int value");
	if (keeper_check_path(w->v[1]))
		return 1;
	r = collect(s->keeper, w->v[1], &tree, &failed);
	if (r)
		r = keeper_failure(r, failed);
	else if (batch <= 0)
		r = delete_singly(s->keeper, &tree);
	else if (!delete_tree(s->keeper, &tree, (size_t)MIN(batch, (int64_t)tree.n)))
		(void)keeper_say("Failed to delete some node(s) in the subtree!");
	keeper_names_fini(&tree);
	return r;
}

static int sync_path(struct keeper_shell *s, const struct words *w)
{
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	r = keeper_sync(s->keeper, w->v[1]);
	if (r)
		printf("Sync has failed. rc=%d\n", -r);
	else
		puts("Sync is OK");
	return 0;
}

static int descendants(struct keeper_shell *s, const struct words *w)
{
	int32_t n;
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	r = keeper_descendants(s->keeper, w->v[1], &n);
	if (!r)
		printf("%" PRId32 "\n", n);
	return keeper_failure(r, w->v[1]);
}

static int ephemerals(struct keeper_shell *s, const struct words *w)
{
	struct keeper_names names = {NULL, 0, 0};
	const char *path = w->n < 2 ? "/" : w->v[1];
	int r;

	if (keeper_check_path(path))
		return 1;
	r = keeper_ephemerals(s->keeper, path, &names);
	if (!r) {
		putchar('[');
		for (size_t i = 0; i < names.n; i++) {
			fputs(i ? ", " : "", stdout);
			put_text(names.v[i]);
		}
		puts("]");
	}
	keeper_names_fini(&names);
	return keeper_failure(r, NULL);
}

static const struct word_option ls_options[] = {
	{"?", false, "help"}, {"s", false, "stat"}, {"w", false, "watch"}, {"R", false, "recurse"}, {NULL, false, NULL}};
static const struct word_option get_options[] = {
	{"s", false, "stats"}, {"w", false, "watch"}, {"b", false, "base64"}, {"x", false, "hexdump"}, {NULL, false, NULL}};
static const struct word_option stat_options[] = {{"w", false, "watch"}, {NULL, false, NULL}};
static const struct word_option create_options[] = {{"e", false, "ephemeral"}, {"s", false, "sequential"},
	{"c", false, "container"}, {"t", true, "ttl"}, {NULL, false, NULL}};
static const struct word_option set_options[] = {{"s", false, "stats"}, {"v", true, "version"}, {NULL, false, NULL}};
static const struct word_option delete_options[] = {{"v", true, "version"}, {NULL, false, NULL}};
static const struct word_option deleteall_options[] = {{"b", true, "batch size"}, {NULL, false, NULL}};

const struct keeper_command keeper_node_commands[] = {
	{"create", "[-s] [-e] [-c] [-t ttl] path [data] [acl]", create_options, WORDS_FREE, 2, create},
	{"delete", "[-v version] path", delete_options, WORDS_FREE, 2, delete},
	{"deleteall", "path [-b batch size]", deleteall_options, WORDS_FREE, 2, deleteall},
	{"get", "[-s] [-w] path", get_options, WORDS_FREE, 2, get},
	{"getAllChildrenNumber", "path", NULL, WORDS_FREE, 2, descendants},
	{"getEphemerals", "path", NULL, WORDS_FREE, 0, ephemerals},
	{"ls", "[-s] [-w] [-R] path", ls_options, WORDS_FREE, 0, ls_or_help},
	{"set", "[-s] [-v version] path data", set_options, WORDS_FREE, 3, set},
	{"stat", "[-w] path", stat_options, WORDS_FREE, 2, show_stat},
	{"sync", "path", NULL, WORDS_FREE, 2, sync_path},
	{NULL, NULL, NULL, WORDS_FREE, 0, NULL},
};
