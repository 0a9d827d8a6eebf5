/* keeper_commands_acl.c - commands of the ZooKeeper shell about rights: who may, and who we are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/keeper_shell.h"

static const struct {
	char letter;
	int32_t perm;
} perms[] = {{'c', KEEPER_PERM_CREATE}, {'d', KEEPER_PERM_DELETE}, {'r', KEEPER_PERM_READ}, {'w', KEEPER_PERM_WRITE},
	{'a', KEEPER_PERM_ADMIN}};

static int32_t parse_perms(const char *text)
{
	int32_t all = 0;

	for (; *text; text++) {
		int32_t perm = 0;

		for (size_t i = 0; i < ARRAY_LEN(perms); i++)
			if (perms[i].letter == *text)
				perm = perms[i].perm;
		if (!perm)
			(void)keeper_say("Unknown perm type: %c", *text);
		all |= perm;
	}
	return all;
}

void keeper_parse_acls(const char *text, struct keeper_acls *ret)
{
	char *copy = xstrdup(text), *rest = copy, *word;
	size_t end = strlen(copy);

	while (end > 0 && copy[end - 1] == ',') /* as String.split drops empty parts at the end */
		copy[--end] = '\0';
	while ((word = strsep(&rest, ","))) {
		char *first = strchr(word, ':'), *last = strrchr(word, ':');

		if (!first || first == last) {
			(void)keeper_say("%s does not have the form scheme:id:perm", word);
			continue;
		}
		*first = *last = '\0';
		keeper_acls_add(ret, parse_perms(last + 1), str_of(word), str_of(first + 1));
	}
	free(copy);
}

static void print_acl(const struct keeper_acl *a)
{
	printf("'%s,'%s\n: ", a->scheme, a->id);
	for (size_t i = 0; i < ARRAY_LEN(perms); i++)
		if (a->perms & perms[i].perm)
			putchar(perms[i].letter);
	putchar('\n');
}

static int get_acl(struct keeper_shell *s, const struct words *w)
{
	struct keeper_acls acls = {NULL, 0, 0};
	struct keeper_stat stat;
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	r = keeper_get_acls(s->keeper, w->v[1], &acls, &stat);
	for (size_t i = 0; !r && i < acls.n; i++)
		print_acl(&acls.v[i]);
	if (!r && words_has(w, "s"))
		keeper_print_stat(&stat);
	keeper_acls_fini(&acls);
	return keeper_failure(r, w->v[1]);
}

struct setting {
	struct keeper *keeper;
	const struct keeper_acls *acls;
	int32_t version;
};

/* A node that refuses does not stop the others. */
static int set_one(void *arg, const char *path)
{
	const struct setting *to = arg;
	struct keeper_stat stat;
	int r = to->acls->n == 0 ? KEEPER_INVALID_ACL : keeper_set_acls(to->keeper, path, to->acls, to->version, &stat);

	if (r)
		printf("KeeperErrorCode = %s%s%s", keeper_code_text(r), to->acls->n ? " for " : "", to->acls->n ? path : "");
	return 0;
}

static int set_with(struct keeper_shell *s, const struct words *w, const struct setting *to)
{
	struct keeper_stat stat;
	int r;

	if (keeper_check_path(w->v[1]))
		return 1;
	if (words_has(w, "R"))
		return keeper_failure(
			keeper_walk(s->keeper, w->v[1], false, set_one, (void *)to), w->v[1]);
	if (to->acls->n == 0)
		return keeper_failure(KEEPER_INVALID_ACL, "null");
	r = keeper_set_acls(s->keeper, w->v[1], to->acls, to->version, &stat);
	if (!r && words_has(w, "s"))
		keeper_print_stat(&stat);
	return keeper_failure(r, w->v[1]);
}

static int set_acl(struct keeper_shell *s, const struct words *w)
{
	const char *version_text = words_value(w, "v");
	struct keeper_acls acls = {NULL, 0, 0};
	struct setting to = {s->keeper, &acls, -1};
	int exit_code;

	keeper_parse_acls(w->v[2], &acls);
	exit_code = version_text && keeper_int(version_text, &to.version) ? 1 : set_with(s, w, &to);
	keeper_acls_fini(&acls);
	return exit_code;
}

static int add_auth(struct keeper_shell *s, const struct words *w)
{
	const char *auth = w->n > 2 ? w->v[2] : NULL;
	int r = keeper_auth(s->keeper, w->v[1], auth, auth ? (int32_t)strlen(auth) : -1);

	(void)r; /* a refusal is an event of the session */
	return 0;
}

static int who_am_i(struct keeper_shell *s, const struct words *w)
{
	struct keeper_names names = {NULL, 0, 0};
	int r = keeper_who_am_i(s->keeper, &names);

	(void)w;
	puts("Auth scheme: User");
	for (size_t i = 0; !r && i + 1 < names.n; i += 2)
		printf("%s: %s\n", names.v[i], names.v[i + 1]);
	keeper_names_fini(&names);
	return 0;
}

static const struct word_option get_options[] = {{"s", false, "stats"}, {NULL, false, NULL}};
static const struct word_option set_options[] = {
	{"s", false, "stats"}, {"v", true, "version"}, {"R", false, "recursive"}, {NULL, false, NULL}};

const struct keeper_command keeper_acl_commands[] = {
	{"addauth", "scheme auth", NULL, WORDS_FREE, 2, add_auth},
	{"getAcl", "[-s] path", get_options, WORDS_FREE, 2, get_acl},
	{"setAcl", "[-s] [-v version] [-R] path acl", set_options, WORDS_FREE, 3, set_acl},
	{"whoami", "", NULL, WORDS_FREE, 0, who_am_i},
	{NULL, NULL, NULL, WORDS_FREE, 0, NULL},
};
