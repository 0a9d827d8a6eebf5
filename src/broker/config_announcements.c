/* config_announcements.c - what a notification below /config/changes sets in motion, whoever wrote it (ZkConfigManager and
 * the handlers of ConfigHandler.scala, 3.9; zookeeper.md 2.8 and 5.7).
 *
 * A notification only names an entity, which is read again. Whatever is wrong with it is one log line, never more. After
 * a new session everything is read again: notifications live for a quarter of an hour, and may be gone.
 */
#define LOG_CLASS "kafka.server.ZkConfigManager"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/logger.h"
#include "base/str.h"
#include "broker/config_passwords.h"
#include "broker/dynamic_config_priv.h"
#include "broker/topic_overrides.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

/* As it is, or quoted when it would break the line. */
static const char *printable(const char *text, char *buf, size_t size)
{
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 127)
			return str_quote(str_of(text), buf, size);
	}
	return text;
}

/* "HashMap(a -> 1, b -> 2)", passwords hidden. */
static void print_config(const struct properties *p, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "HashMap(");

	for (size_t i = 0; i < p->n && at < size; i++) {
		const char *name = p->v[i].key;
		bool hide = config_is_password(name) || strstr(name, "SCRAM");
		char quoted_name[128], quoted[256];

		at += (size_t)snprintf(buf + at, size - at, "%s%s -> %s", i ? ", " : "",
			printable(name, quoted_name, sizeof(quoted_name)),
			hide ? "[hidden]" : printable(p->v[i].value, quoted, sizeof(quoted)));
	}
	if (at < size)
		snprintf(buf + at, size - at, ")");
}

static void process_topic(struct dynamic_config *d, const char *name, const struct properties *p)
{
	const char *unclean = properties_get(p, "unclean.leader.election.enable");

	if (topic_overrides_announce(d->topics, name, p))
		dynamic_config_tell_topic(d, name);
	if (unclean && !strcasecmp(unclean, "true") && d->hooks.unclean_enabled)
		d->hooks.unclean_enabled(d->hooks.arg, name);
}

static void process_broker(struct dynamic_config *d, const char *name, struct properties *p)
{
	int64_t id;

	if (!strcmp(name, ZK_DEFAULT_ENTITY))
		dynamic_config_apply(d, p, false);
	else if (str_to_i64(str_of(name), 0, INT32_MAX, &id) && id == d->broker_id)
		dynamic_config_apply(d, p, true);
}

static void process_entity(struct dynamic_config *d, const char *type, const char *name)
{
	struct properties p = PROPERTIES_INIT;
	char printed[1024], quoted[256], text[256];
	int r = dynamic_config_read(d, type, name, &p);

	name = printable(name, quoted, sizeof(quoted));
	if (r < 0) {
		log_error("Config of %s/%s could not be read, the former values stay: %s", type, name,
			r == -EBADMSG ? "it is damaged, a value is no string"
				      : error_text(r, text, sizeof(text)));
	} else {
		print_config(&p, printed, sizeof(printed));
		log_info("Processing override for entityPath: %s/%s with config: %s", type, name, printed);
		if (!strcmp(type, "topics"))
			process_topic(d, name, &p);
		else
			process_broker(d, name, &p);
	}
	properties_fini(&p);
}

static bool is_quota(const char *type)
{
	return !strcmp(type, "users") || !strcmp(type, "clients") || !strcmp(type, "ips");
}

void dynamic_config_announced(void *arg, const char *text, int32_t len)
{
	struct dynamic_config *d = arg;
	char quoted[256], *path, *slash;

	if (!text || len < 0) {
		log_warn("read null data from a config change notification");
		return;
	}
	str_quote((struct str){text, len}, quoted, sizeof(quoted));
	if (znode_config_change_decode(text, len, &path)) {
		log_error("Config change notification has an unexpected value, it is skipped: %s", quoted);
		return;
	}
	slash = strchr(path, '/');
	if (slash)
		*slash = '\0';
	if (slash && (!strcmp(path, "topics") || !strcmp(path, "brokers"))) {
		process_entity(d, path, slash + 1);
	} else if (slash && is_quota(path)) {
		if (!d->warned_quotas)
			log_warn("Quotas of %s are stored, but this broker does not enforce quotas yet", path);
		d->warned_quotas = true;
	} else {
		log_error("Config change notification names an unknown entity, it is skipped: %s", quoted);
	}
	free(path);
}

/* --- after a new session --- */

static int catch_up_broker(struct dynamic_config *d, const char *name, bool per_broker)
{
	struct properties p = PROPERTIES_INIT;
	int r = dynamic_config_read(d, "brokers", name, &p);

	if (r == 0)
		dynamic_config_apply(d, &p, per_broker);
	else if (r == -EBADMSG)
		log_error("Config of brokers/%s is damaged, the former values stay", name);
	properties_fini(&p);
	return r == -EBADMSG ? 0 : r;
}

static void catch_up_topic(struct dynamic_config *d, const char *name, const struct properties *p)
{
	if (!topic_overrides_are(d->topics, name, p))
		process_topic(d, name, p);
}

int dynamic_config_catch_up(void *arg)
{
	struct dynamic_config *d = arg;
	char own[16], **names;
	size_t n;
	int r;

	log_info("Reading all configurations again, since the ZooKeeper session is a new one");
	snprintf(own, sizeof(own), "%d", (int)d->broker_id);
	r = catch_up_broker(d, ZK_DEFAULT_ENTITY, false);
	if (r == 0)
		r = catch_up_broker(d, own, true);
	if (r < 0)
		return FAIL(r);
	names = topic_overrides_names(d->topics, &n);
	r = dynamic_config_read_topics(d, names, n, catch_up_topic);
	zk_names_free(names, n);
	return r < 0 ? FAIL(r) : 0;
}
