/* keeper_shell.c - zookeeper-shell.sh: commands to ZooKeeper, one from the command line or a line each from the standard
 * input (cli.md section 2; ZooKeeper 3.8, ZooKeeperMain as Kafka runs it). */
#include "tools/keeper_shell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/properties.h"
#include "tools/java_exception.h"
#include "tools/message_json.h"
#include "tools/options.h"
#include "tools/report.h"
#include "tools/tool.h"

#define NOT_FOUND 127
#define TIMEOUT_DEFAULT 30000
#define LINE_BYTES_MAX (16u << 20)

/* --- messages --- */

int keeper_say(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	return 1;
}

/* Codes that CliWrapperException has words for; %s is the path. */
static const struct {
	int code;
	const char *text;
} failures[] = {
	{KEEPER_NO_NODE, "Node does not exist: %s"},
	{KEEPER_NO_CHILDREN_FOR_EPHEMERALS, "Ephemerals cannot have children: %s"},
	{KEEPER_NODE_EXISTS, "Node already exists: %s"},
	{KEEPER_NOT_EMPTY, "Node not empty: %s"},
	{KEEPER_NOT_READ_ONLY, "Not a read-only call: %s"},
	{KEEPER_INVALID_ACL, "Acl is not valid : %s"},
	{KEEPER_NO_AUTH, "Insufficient permission : %s"},
	{KEEPER_BAD_ARGUMENTS, "Arguments are not valid : %s"},
	{KEEPER_BAD_VERSION, "version No is not valid : %s"},
	{KEEPER_QUOTA_EXCEEDED, "Quota has exceeded : %s"},
};

static void say_before_path(const char *format, const char *path)
{
	size_t len = strcspn(format, "%");

	(void)keeper_say("%.*s%s", (int)len, format, path ? path : "null");
}

int keeper_failure(int r, const char *path)
{
	if (r == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].code == r) {
			say_before_path(failures[i].text, path);
			return 1;
		}
	}
	if (r == KEEPER_RECONFIG_IN_PROGRESS)
		return keeper_say("Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)");
	if (r == KEEPER_NEW_CONFIG_NO_QUORUM)
		return keeper_say("No quorum of new config is connected and up-to-date with the leader of last commmitted "
				  "config - try invoking reconfiguration after new servers are connected and synced");
	return keeper_say("KeeperErrorCode = %s%s%s", keeper_code_text(r), path && *path ? " for " : "", path ? path : "");
}

int keeper_check_path(const char *path)
{
	char *reason;

	if (keeper_path_check(path, &reason) == 0)
		return 0;
	(void)keeper_say("%s", reason);
	free(reason);
	return 1;
}

int keeper_int(const char *text, int32_t *ret)
{
	int64_t value;

	if (!str_to_i64(str_of(text), INT32_MIN, INT32_MAX, &value))
		return java_exception("java.lang.NumberFormatException", "For input string: \"%s\"", text);
	*ret = (int32_t)value;
	return 0;
}

/* java.util.Date.toString() */
static void print_date(const char *name, int64_t ms)
{
	time_t seconds = (time_t)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
	char text[64] = "", zone[16] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm)) {
		strftime(text, sizeof(text), "%a %b %d %H:%M:%S", &tm);
		strftime(zone, sizeof(zone), "%Z", &tm);
	}
	/* A zone without letters for a name is one of those that Java calls GMT+03:00. */
	if (zone[0] == '+' || zone[0] == '-')
		printf("%s = %s GMT%c%.2s:%s %d\n", name, text, zone[0], zone + 1, zone[3] ? zone + 3 : "00",
			tm.tm_year + 1900);
	else
		printf("%s = %s %s %d\n", name, text, zone, tm.tm_year + 1900);
}

void keeper_print_stat(const struct keeper_stat *s)
{
	printf("cZxid = 0x%" PRIx64 "\n", (uint64_t)s->czxid);
	print_date("ctime", s->ctime);
	printf("mZxid = 0x%" PRIx64 "\n", (uint64_t)s->mzxid);
	print_date("mtime", s->mtime);
	printf("pZxid = 0x%" PRIx64 "\ncversion = %" PRId32 "\ndataVersion = %" PRId32 "\naclVersion = %" PRId32
	       "\nephemeralOwner = 0x%" PRIx64 "\ndataLength = %" PRId32 "\nnumChildren = %" PRId32 "\n",
		(uint64_t)s->pzxid, s->cversion, s->version, s->aversion, (uint64_t)s->ephemeral_owner, s->data_length,
		s->num_children);
}

static void print_event(void *arg, const char *state, const char *type, const char *path)
{
	const struct keeper_shell *s = arg;

	if (s->hide_watches)
		return;
	printf("\nWATCHER::\n\nWatchedEvent state:%s type:%s path:", state, type);
	if (path)
		message_json_plain(path, strlen(path), stdout);
	else
		fputs("null", stdout);
	putchar('\n');
	fflush(stdout);
}

/* --- the shell's own commands --- */

/* Ends the session that there is and begins another. 0, or 1 after the message. */
static int connect_to(struct keeper_shell *s, const char *host)
{
	struct keeper_config config = {
		.timeout_ms = s->timeout_ms, .read_only = s->read_only, .event = print_event, .arg = s};
	char *new_host = xstrdup(host), *error = NULL;
	struct keeper *k;

	if (s->keeper)
		keeper_close(s->keeper);
	free(s->host);
	s->host = new_host;
	config.connect = new_host;
	if (keeper_open(&config, &k, &error)) {
		(void)keeper_say("Exception in thread \"main\" %s", error);
		free(error);
		return 1;
	}
	keeper_free(s->keeper);
	s->keeper = k;
	return 0;
}

static int connect_command(struct keeper_shell *s, const struct words *w)
{
	return connect_to(s, w->n > 1 ? w->v[1] : s->host);
}

static int history(struct keeper_shell *s, const struct words *w)
{
	size_t first = s->history_n > 11 ? s->history_n - 11 : 0;

	(void)w;
	if (s->history_n == 0)
		puts("0 - null"); /* a command of the command line has no place in it */
	for (size_t i = first; i < s->history_n; i++)
		printf("%zu - %s\n", i, s->history[i]);
	return 0;
}

static int print_watches(struct keeper_shell *s, const struct words *w)
{
	if (w->n < 2)
		printf("printwatches is %s\n", s->hide_watches ? "off" : "on");
	else
		s->hide_watches = strcmp(w->v[1], "on") != 0;
	return 0;
}

static int quit(struct keeper_shell *s, const struct words *w)
{
	(void)w;
	if (s->keeper)
		keeper_close(s->keeper);
	s->quit = true;
	return s->exit_code;
}

static void execute(struct keeper_shell *s, int argc, char **argv);

static int redo(struct keeper_shell *s, const struct words *w)
{
	int32_t i = -1;
	char **v;
	int n;

	if (w->n < 2)
		return 0;
	if (keeper_int(w->v[1], &i))
		return 1;
	if (i < 0 || (size_t)i + 1 >= s->history_n)
		return keeper_say("Command index out of range");
	v = words_split(s->history[i], &n);
	if (n > 0 && strcmp(v[0], "redo") == 0) {
		words_free(v, n);
		return keeper_say("No redoing redos");
	}
	free(s->history[s->history_n - 1]);
	s->history[s->history_n - 1] = xstrdup(s->history[i]);
	execute(s, n, v);
	words_free(v, n);
	return s->quit ? s->exit_code : 0;
}

static const struct keeper_command own_commands[] = {
	{"connect", "host:port", NULL, WORDS_FREE, 0, connect_command},
	{"history", "", NULL, WORDS_FREE, 0, history},
	{"printwatches", "on|off", NULL, WORDS_FREE, 0, print_watches},
	{"quit", "", NULL, WORDS_FREE, 0, quit},
	{"redo", "cmdno", NULL, WORDS_FREE, 0, redo},
	{NULL, NULL, NULL, WORDS_FREE, 0, NULL},
};

/* --- running a command --- */

static const struct keeper_command *const tables[] = {own_commands, keeper_node_commands, keeper_acl_commands,
	keeper_quota_commands, keeper_session_commands, keeper_ensemble_commands};

#define COMMANDS_MAX 64

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct keeper_command *const *)a)->name, (*(const struct keeper_command *const *)b)->name);
}

static void print_usage(void)
{
	const struct keeper_command *all[COMMANDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct keeper_command *c = tables[i]; c->name && n < COMMANDS_MAX; c++)
			all[n++] = c;
	qsort(all, n, sizeof(*all), by_name);
	(void)keeper_say("ZooKeeper -server host:port [-zk-tls-config-file <file>] cmd args");
	for (size_t i = 0; i < n; i++)
		(void)keeper_say("\t%s %s", all[i]->name, all[i]->usage);
}

static const struct keeper_command *find(const char *name, bool *ret_own)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		*ret_own = i == 0;
		for (const struct keeper_command *c = tables[i]; c->name; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	}
	return NULL;
}

static int run_parsed(struct keeper_shell *s, const struct keeper_command *c, const struct words *w)
{
	if (w->n < c->words_min)
		return keeper_say("%s %s", c->name, c->usage);
	return c->run(s, w);
}

/* The shell's own commands take words as they come. That there is no session is said behind what they do. */
static int run_own(struct keeper_shell *s, const struct keeper_command *c, int argc, char **argv)
{
	int exit_code = c->run(s, &(struct words){.v = argv, .n = argc});

	if (!s->quit && !keeper_alive(s->keeper))
		puts("Not connected");
	return exit_code;
}

static int run_command(struct keeper_shell *s, int argc, char **argv)
{
	char *error = NULL;
	struct words w;
	bool own;
	const struct keeper_command *c = find(argv[0], &own);
	int exit_code;

	if (!c) {
		print_usage();
		(void)keeper_say("Command not found: Command not found %s", argv[0]);
		return NOT_FOUND;
	}
	if (own)
		return run_own(s, c, argc, argv);
	if (!keeper_alive(s->keeper)) {
		puts("Not connected");
		return 0;
	}
	if (strcmp(c->name, "close") == 0 || strcmp(c->name, "whoami") == 0) /* whatever the words are */
		return c->run(s, &(struct words){.v = argv, .n = argc});
	exit_code = words_parse(&w, c->options, c->group, argc, argv, &error) ? keeper_say("%s", error)
									      : run_parsed(s, c, &w);
	free(error);
	words_fini(&w);
	return exit_code;
}

static void execute(struct keeper_shell *s, int argc, char **argv)
{
	if (argc > 0)
		s->exit_code = run_command(s, argc, argv);
	fflush(stdout);
}

static void execute_line(struct keeper_shell *s, char *line)
{
	char **v;
	int n;

	v = words_split(line, &n);
	if (n > 0) {
		s->history = grow_array(s->history, &s->history_cap, s->history_n + 1, sizeof(*s->history));
		s->history[s->history_n++] = xstrdup(line);
		execute(s, n, v);
	}
	words_free(v, n);
}

/* --- lines of the standard input --- */

struct input {
	char *p;
	size_t n, cap;
	bool ended;
};

/* The next whole line, or at the end of the input the rest of it, without its end; owned by the caller. NULL: more is needed. */
static char *take_line(struct input *in)
{
	char *end = in->n ? memchr(in->p, '\n', in->n) : NULL, *line;
	size_t len = end ? (size_t)(end - in->p) : in->n;

	if (!end && (!in->ended || in->n == 0))
		return NULL;
	line = xstrndup(in->p, len > 0 && in->p[len - 1] == '\r' ? len - 1 : len);
	len += end ? 1 : 0;
	memmove(in->p, in->p + len, in->n - len);
	in->n -= len;
	return line;
}

static void read_more(struct input *in)
{
	ssize_t got;

	in->p = grow_array(in->p, &in->cap, in->n + 4096, 1);
	got = read(STDIN_FILENO, in->p + in->n, 4096);
	if (got > 0)
		in->n += (size_t)got;
	in->ended = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN) || in->n > LINE_BYTES_MAX;
}

static void run_lines(struct keeper_shell *s)
{
	struct input in = {NULL, 0, 0, false};

	puts("Welcome to ZooKeeper!\nJLine support is disabled");
	fflush(stdout);
	while (!s->quit) {
		char *line = take_line(&in);

		if (line) {
			execute_line(s, line);
			free(line);
			continue;
		}
		if (in.ended)
			break;
		keeper_wait(s->keeper, STDIN_FILENO);
		read_more(&in);
	}
	free(in.p);
}

/* --- the command line --- */

enum { CLIENT_CONFIGURATION, READ_ONLY, TIMEOUT, WAIT_FOR_CONNECTION, TLS_CONFIG_FILE, HELP, VERSION, OPTION_COUNT };

static const struct option options[OPTION_COUNT] = {
	[CLIENT_CONFIGURATION] = {.name = "-client-configuration",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Refused: settings of the Java client, which would be for TLS."},
	[READ_ONLY] = {.name = "-r", .help = "Be content with a server that has lost the others and can only be read."},
	[TIMEOUT] = {.name = "-timeout",
		.kind = OPTION_INT,
		.arg = "ms",
		.def = "30000",
		.help = "Time-out of the session, and of the attempts to connect."},
	[WAIT_FOR_CONNECTION] = {.name = "-waitforconnection", .help = "Accepted: every command waits for the connection."},
	[TLS_CONFIG_FILE] = {.name = "-zk-tls-config-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with zookeeper.ssl settings. Refused when it turns TLS on, which the shell does not "
			"have."},
	[HELP] = {.name = "help", .help = "In the place of the server: print how the shell is used."},
	[VERSION] = OPTION_VERSION,
};

struct command_line {
	const char *server, *timeout, *tls_file, *client_file;
	bool read_only;
	int argc; /* the command; 0: lines */
	char **argv;
};

/* Where the value of an option goes; NULL when it has none. */
static const char **value_of(struct command_line *line, const char *option)
{
	if (strcmp(option, "-server") == 0)
		return &line->server;
	if (strcmp(option, "-timeout") == 0)
		return &line->timeout;
	return strcmp(option, "-client-configuration") == 0 ? &line->client_file : NULL;
}

/* The server, options, the command; options that nobody knows are passed over, as in Java. */
static void read_command_line(int argc, char **argv, struct command_line *line)
{
	line->server = argv[0];
	for (int i = 1; i < argc; i++) {
		const char **value = value_of(line, argv[i]);

		if (value && i + 1 == argc) {
			(void)keeper_say("Error: no argument found for option %s", argv[i]);
			return;
		}
		if (value) {
			*value = argv[++i];
			continue;
		}
		line->read_only = line->read_only || strcmp(argv[i], "-r") == 0;
		if (argv[i][0] == '-')
			continue;
		line->argc = argc - i;
		line->argv = argv + i;
		return;
	}
}

/* Takes -zk-tls-config-file and its value out of the words, wherever they are. 0, or 1 after the message. */
static int take_tls_file(int *argc, char **argv, const char **ret)
{
	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "-zk-tls-config-file") != 0)
			continue;
		if (i + 1 == *argc)
			return java_exception("java.lang.IllegalArgumentException",
				"Error: no filename provided with option -zk-tls-config-file");
		*ret = argv[i + 1];
		memmove(argv + i, argv + i + 2, (size_t)(*argc - i - 2) * sizeof(*argv));
		*argc -= 2;
		return 0;
	}
	return 0;
}

/* What would protect the connection is not passed over. 0, or 1 after the message. */
static int refuse_tls(const struct command_line *line)
{
	struct properties p = PROPERTIES_INIT;
	const char *enabled;
	int r = line->tls_file ? properties_load(&p, line->tls_file, NULL) : 0, exit_code = 0;

	enabled = properties_get(&p, "zookeeper.ssl.client.enable");
	if (r)
		exit_code = java_file_exception(r, line->tls_file);
	else if (enabled && strcasecmp(enabled, "true") == 0)
		exit_code = keeper_say("%s: zookeeper.ssl.client.enable=true: this shell has no TLS to ZooKeeper; use the "
				       "server's plain port, or the Java shell",
			line->tls_file);
	else if (line->client_file)
		exit_code = keeper_say("-client-configuration %s: this shell has no settings of the Java client and no TLS to "
				       "ZooKeeper",
			line->client_file);
	properties_fini(&p);
	return exit_code;
}

static int run_session(struct keeper_shell *s, const struct command_line *line)
{
	printf("Connecting to %s\n", line->server);
	fflush(stdout);
	if (line->timeout && keeper_int(line->timeout, &s->timeout_ms))
		return 1;
	if (connect_to(s, line->server))
		return 1;
	if (line->argc > 0)
		execute(s, line->argc, line->argv);
	else
		run_lines(s);
	if (s->exit_code)
		report("ERROR", "org.apache.zookeeper.util.ServiceUtils", "Exiting JVM with code %d", s->exit_code);
	return s->exit_code;
}

static int run_usage(FILE *out)
{
	fputs("USAGE: zookeeper-shell.sh zookeeper_host:port[/path] [-zk-tls-config-file file] [args...]\n", out);
	return 1;
}

static int run_shell(int argc, char **argv)
{
	struct command_line line = {.server = NULL};
	struct keeper_shell s = {.timeout_ms = TIMEOUT_DEFAULT};
	int exit_code;

	if (take_tls_file(&argc, argv, &line.tls_file))
		return 1;
	if (argc < 1)
		return run_usage(stdout);
	read_command_line(argc, argv, &line);
	s.read_only = line.read_only;
	exit_code = refuse_tls(&line);
	if (!exit_code)
		exit_code = run_session(&s, &line);
	fflush(stdout);
	keeper_free(s.keeper);
	for (size_t i = 0; i < s.history_n; i++)
		free(s.history[i]);
	free(s.history);
	free(s.host);
	return exit_code;
}

static int run(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	if (argc < 2)
		return run_usage(stdout);
	if (strcmp(argv[1], "--help") == 0) {
		(void)run_usage(stdout);
		return 0;
	}
	return run_shell(argc - 1, argv + 1);
}

const struct tool tool_zookeeper_shell = {
	.name = "zookeeper-shell",
	.script = "zookeeper-shell.sh",
	.summary = "look into ZooKeeper and change what is there",
	.synopsis = "HOST:PORT,...[/CHROOT] [OPTION]... [COMMAND [WORD]...]",
	.options = options,
	.options_n = OPTION_COUNT,
	.run = run,
	.words = "addWatch|addauth|close|config|connect|create|delete|deleteall|delquota|get|getAcl|getAllChildrenNumber|"
		 "getEphemerals|history|listquota|ls|printwatches|quit|reconfig|redo|removewatches|set|setAcl|setquota|stat|"
		 "sync|version|whoami",
	.description =
		"Does the command on the command line, or, without one, those of the standard input, a line each. The "
		"commands, what they print and how they end are those of ZooKeeper 3.8 as Apache Kafka runs it; events of "
		"the session and of watches are shown as they come (`WATCHER::`). Before the result of a command on the "
		"command line there is always the event of the new session.\n"
		"\n"
		"Nodes and their data:\n"
		"\n"
		"\tls [-s] [-w] [-R] path\n"
		"\tget [-s] [-w] [-b] [-x] path\n"
		"\tstat [-w] path\n"
		"\tcreate [-s] [-e] [-c] [-t ttl] path [data] [acl]\n"
		"\tset [-s] [-v version] path data\n"
		"\tdelete [-v version] path\n"
		"\tdeleteall path [-b batch size]\n"
		"\tsync path\n"
		"\tgetEphemerals [path]\n"
		"\tgetAllChildrenNumber path\n"
		"\n"
		"Rights and limits:\n"
		"\n"
		"\tgetAcl [-s] path\n"
		"\tsetAcl [-s] [-v version] [-R] path acl\n"
		"\taddauth scheme auth\n"
		"\twhoami\n"
		"\tsetquota -n|-b|-N|-B val path\n"
		"\tlistquota path\n"
		"\tdelquota [-n|-b|-N|-B] path\n"
		"\n"
		"Session and servers:\n"
		"\n"
		"\taddWatch [-m PERSISTENT|PERSISTENT_RECURSIVE] path\n"
		"\tremovewatches path [-c|-d|-a] [-l]\n"
		"\tprintwatches [on|off]\n"
		"\tconnect [host:port]\n"
		"\tclose\n"
		"\tconfig [-c] [-w] [-s]\n"
		"\treconfig [-s] [-v version] [-file path | -members list | -add list -remove list]\n"
		"\thistory\n"
		"\tredo number\n"
		"\tversion\n"
		"\tquit",
	.examples = "\tzookeeper-shell.sh zk1:2181/kafka ls /brokers/ids\n"
		    "\tzookeeper-shell.sh zk1:2181,zk2:2181 get -s /kafka/controller\n"
		    "\techo 'ls -R /' | zookeeper-shell.sh zk1:2181",
	.exit_status = "That of the last command: `0`, `1` when it failed, `127` when there is no such command.",
	.see_also = "zookeeper-server-start.sh(1)",
};
