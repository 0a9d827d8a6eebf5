/* keeper_commands_ensemble.c - commands of the ZooKeeper shell about the servers: config and reconfig. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/properties.h"
#include "tools/keeper_shell.h"
#include "tools/message_json.h"
#include "tools/scala_hash.h"

static void print_text(struct bytes b)
{
	message_json_plain(b.p, (size_t)MAX(b.len, 0), stdout);
	putchar('\n');
}

/* --- config --- */

static bool is_server(const struct property *p)
{
	return strncmp(p->key, "server.", 7) == 0;
}

/* The address for clients of a server, "...;host:port" or "...;port"; nothing when it has none. */
static void print_client_address(const char *value)
{
	const char *address = strchr(value, ';');

	if (!address)
		return;
	address++;
	printf("%s%s", strchr(address, ':') ? "" : "0.0.0.0:", address);
}

/* Servers in the order of Java's hash table. */
static void print_servers(const struct properties *p)
{
	struct scala_table table = SCALA_TABLE_INIT;
	int32_t *hashes = xcalloc(p->n + 1, sizeof(*hashes));
	size_t *order = xcalloc(p->n + 1, sizeof(*order));
	const char *gap = "";

	for (size_t i = 0; i < p->n; i++) {
		scala_table_add(&table, true);
		hashes[i] = str_java_hash(str_of(p->v[i].key));
	}
	scala_table_order(&table, hashes, p->n, order);
	for (size_t i = 0; i < p->n; i++) {
		if (!is_server(&p->v[order[i]]))
			continue;
		fputs(gap, stdout);
		print_client_address(p->v[order[i]].value);
		gap = ",";
	}
	free(order);
	free(hashes);
}

static void print_connect_string(struct bytes b)
{
	struct properties p = PROPERTIES_INIT;
	const char *version;

	if (properties_parse(&p, (const char *)b.p, (size_t)MAX(b.len, 0), NULL) == 0) {
		version = properties_get(&p, "version");
		printf("%s ", version ? version : "");
		print_servers(&p);
	}
	putchar('\n');
	properties_fini(&p);
}

static int config(struct keeper_shell *s, const struct words *w)
{
	struct keeper_stat stat;
	struct bytes data;
	int r = keeper_ensemble(s->keeper, words_has(w, "w"), &data, &stat);

	if (r)
		return keeper_failure(r, "/zookeeper/config");
	if (data.len < 0)
		data = (struct bytes){(const uint8_t *)"null", 4};
	if (words_has(w, "c"))
		print_connect_string(data);
	else
		print_text(data);
	if (words_has(w, "s"))
		keeper_print_stat(&stat);
	return 0;
}

/* --- reconfig --- */

struct change {
	char *joining, *leaving, *members; /* NULL: none */
	int64_t version;		   /* that it has to have; -1: any */
};

static char *lower(const char *text)
{
	char *out = text ? xstrdup(text) : NULL;

	for (char *p = out; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return out;
}

/* The lines about members in a file of such lines. 0, or 1 after the message. */
static int read_members(const char *path, char **ret)
{
	struct properties p = PROPERTIES_INIT;
	char *text = xstrdup("");
	int r = properties_load(&p, path, NULL), exit_code = 0;

	if (r)
		exit_code = keeper_say("Error processing %s%s", path, strerror(-r));
	for (size_t i = 0; i < p.n && !exit_code; i++) {
		char *longer = xasprintf("%s%s=%s\n", text, p.v[i].key, p.v[i].value);

		free(text);
		text = longer;
		if (strncmp(p.v[i].key, "server.", 7) != 0 && strncmp(p.v[i].key, "group", 5) != 0 &&
			strncmp(p.v[i].key, "weight", 6) != 0 && strcmp(p.v[i].key, "version") != 0)
			exit_code = keeper_say("Error processing %sUnrecognised parameter: %s", path, p.v[i].key);
	}
	properties_fini(&p);
	*ret = text;
	return exit_code;
}

static int read_version(const char *text, int64_t *ret)
{
	char *end;

	*ret = -1;
	if (!text)
		return 0;
	errno = 0;
	*ret = strtoll(text, &end, 16);
	if (errno || end == text || *end || strpbrk(text, "xX "))
		return keeper_say("-v must be followed by a long (configuration version)");
	return 0;
}

static int read_change(const struct words *w, struct change *c)
{
	bool file = words_has(w, "file"), members = words_has(w, "members");
	bool step = words_has(w, "add") || words_has(w, "remove");

	if (!file && !members && !step)
		return keeper_say("reconfig " KEEPER_RECONFIG_USAGE);
	if (read_version(words_value(w, "v"), &c->version))
		return 1;
	if ((file || members) && step)
		return keeper_say("Can't use -file or -members together with -add or -remove (mixing incremental and "
				  "non-incremental modes is not allowed)");
	if (file && members)
		return keeper_say("Can't use -file and -members together (conflicting non-incremental modes)");
	c->joining = lower(words_value(w, "add"));
	c->leaving = lower(words_value(w, "remove"));
	c->members = lower(words_value(w, "members"));
	return file ? read_members(words_value(w, "file"), &c->members) : 0;
}

static int make_change(struct keeper_shell *s, const struct words *w, const struct change *c)
{
	struct keeper_stat stat;
	struct bytes data;
	int r = keeper_reconfigure(s->keeper, c->joining, c->leaving, c->members, c->version, &data, &stat);

	if (r)
		return keeper_failure(r, "");
	puts("Committed new configuration:");
	print_text(data);
	if (words_has(w, "s"))
		keeper_print_stat(&stat);
	return 0;
}

static int reconfig(struct keeper_shell *s, const struct words *w)
{
	struct change c = {NULL, NULL, NULL, -1};
	int exit_code = read_change(w, &c);

	if (!exit_code)
		exit_code = make_change(s, w, &c);
	free(c.joining);
	free(c.leaving);
	free(c.members);
	return exit_code;
}

static const struct word_option config_options[] = {
	{"s", false, "stats"}, {"w", false, "watch"}, {"c", false, "client connection string"}, {NULL, false, NULL}};
static const struct word_option reconfig_options[] = {{"s", false, "stats"}, {"v", true, "version"}, {"file", true, "file"},
	{"members", true, "members"}, {"add", true, "new servers"}, {"remove", true, "servers to remove"},
	{NULL, false, NULL}};

const struct keeper_command keeper_ensemble_commands[] = {
	{"config", "[-c] [-w] [-s]", config_options, WORDS_FREE, 1, config},
	{"reconfig", KEEPER_RECONFIG_USAGE, reconfig_options, WORDS_FREE, 0, reconfig},
	{NULL, NULL, NULL, WORDS_FREE, 0, NULL},
};
