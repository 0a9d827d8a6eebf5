/* config.c - snapshots of the broker's configuration: loading, layers, values.
 *
 * A snapshot is built in this order: the layers are merged (a key of a higher layer removes its synonyms below,
 * DynamicBrokerConfig.overrideProps), every merged entry is parsed, rows without an entry get their default,
 * listeners are derived, then the rules that join keys are checked. Nothing is changed after that.
 */
#include "broker/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "broker/config_priv.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"

#define OVERRIDE "--override"

void properties_copy(const struct properties *from, struct properties *to)
{
	for (size_t i = 0; i < from->n; i++)
		properties_set(to, from->v[i].key, from->v[i].value, from->v[i].line);
}

int config_fault_set(struct config_fault *f, enum config_id id, bool require, const char *fmt, ...)
{
	va_list va;

	f->id = id;
	f->require = require;
	va_start(va, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, va);
	va_end(va);
	return KERR_INVALID_CONFIG;
}

int config_listener_key(const char *name)
{
	static const char prefix[] = "listener.name.";
	const char *dot;
	int id;

	if (strncmp(name, prefix, sizeof(prefix) - 1))
		return -1;
	dot = strchr(name + sizeof(prefix) - 1, '.');
	if (!dot)
		return -1;
	id = config_key_find(dot + 1);
	if (id >= 0)
		return id;
	dot = strchr(dot + 1, '.'); /* SASL keys have the mechanism between */
	return dot ? config_key_find(dot + 1) : -1;
}

static void override(struct properties *merged, const struct properties *layer)
{
	enum config_id synonyms[CONFIG_SYNONYMS_MAX];

	for (size_t i = 0; i < layer->n; i++) {
		int id = config_key_find(layer->v[i].key);
		int n = id >= 0 ? config_synonyms((enum config_id)id, synonyms) : 0;

		while (n-- > 0)
			properties_remove(merged, config_keys[synonyms[n]].name);
		properties_set(merged, layer->v[i].key, layer->v[i].value, layer->v[i].line);
	}
}

/* broker.id and node.id stand for each other (KafkaConfig.populateSynonyms). */
static void fill_ids(struct properties *p)
{
	static const char *const names[] = {"broker.id", "node.id"};
	const char *broker = properties_get(p, names[0]), *node = properties_get(p, names[1]);

	if (!broker == !node)
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].key, names[broker ? 0 : 1]))
			continue;
		properties_set(p, names[broker ? 1 : 0], p->v[i].value, p->v[i].line);
		return;
	}
}

static const struct property *property_find(const struct properties *p, const char *key)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!strcmp(p->v[i].key, key))
			return &p->v[i];
	}
	return NULL;
}

void config_where(const struct config *c, const char *key, char *buf, size_t size)
{
	const struct property *p = property_find(&c->layers[LAYER_STATIC], key);
	int id = config_key_find(key), base = id >= 0 ? id : config_listener_key(key);
	bool hidden = base >= 0 && config_keys[base].type == CONFIG_PASSWORD;
	const char *value = p ? p->value : id >= 0 ? config_keys[id].def : NULL;
	char at[256], quoted[256];

	if (p && p->line)
		snprintf(at, sizeof(at), "%s:%d", c->file, p->line);
	else
		snprintf(at, sizeof(at), "%s", p ? OVERRIDE : c->file);
	if (!value) {
		snprintf(buf, size, "%s: %s", at, key);
		return;
	}
	/* control characters of the value must not break the one line */
	str_quote(str_of(value), quoted, sizeof(quoted));
	if (!hidden && strlen(quoted) == strlen(value) + 2)
		snprintf(buf, size, "%s: %s=%s", at, key, value);
	else
		snprintf(buf, size, "%s: %s=%s", at, key, hidden ? "[hidden]" : quoted);
}

static int static_fault(const struct config *c, const char *key, const char *text, char *why)
{
	char at[CONFIG_ERROR_MAX / 2 - 4];

	config_where(c, key, at, sizeof(at));
	snprintf(why, CONFIG_ERROR_MAX, "%s: %s", at, text);
	return KERR_INVALID_CONFIG;
}

static int parse_entry(struct config *c, const struct property *p, int id, bool dynamic, char *why)
{
	char kafka[CONFIG_ERROR_MAX / 2], expects[256];
	int r = config_value_parse(
		&config_keys[id], p->value, &c->values[id], kafka, sizeof(kafka));

	if (r == 0)
		return 0;
	if (!dynamic)
		return static_fault(
			c, p->key, config_expects(&config_keys[id], expects, sizeof(expects)), why);
	snprintf(why, CONFIG_ERROR_MAX, "%s", kafka);
	return r;
}

/* The values of overrides per listener are looked at only when used, but a bad one ends the start too. */
static int check_listener_entry(
	const struct config *c, const struct property *p, bool dynamic, char *why)
{
	int id = config_listener_key(p->key), r;
	struct config_value v;
	char kafka[CONFIG_ERROR_MAX / 2], expects[256];

	if (id < 0)
		return 0;
	r = config_value_parse(&config_keys[id], p->value, &v, kafka, sizeof(kafka));
	if (r == 0) {
		config_value_fini(&config_keys[id], &v);
		return 0;
	}
	if (!dynamic)
		return static_fault(
			c, p->key, config_expects(&config_keys[id], expects, sizeof(expects)), why);
	snprintf(why, CONFIG_ERROR_MAX, "%s", kafka);
	return r;
}

static int parse_entries(struct config *c, bool dynamic, char *why)
{
	char missing[256];
	int r = 0;

	for (size_t i = 0; i < c->merged.n && r == 0; i++) {
		const struct property *p = &c->merged.v[i];
		int id = config_key_find(p->key);

		if (id < 0)
			r = check_listener_entry(c, p, dynamic, why);
		else
			r = parse_entry(c, p, id, dynamic, why);
		if (r == 0 && !dynamic &&
			config_check_support(p->key, p->value, missing, sizeof(missing)))
			r = static_fault(c, p->key, missing, why);
	}
	for (int id = 0; id < CFG_COUNT && r == 0; id++) {
		if (properties_get(&c->merged, config_keys[id].name))
			continue;
		r = config_value_parse(&config_keys[id], config_keys[id].def, &c->values[id],
			missing, sizeof(missing));
		assert(r == 0); /* our table */
	}
	return r;
}

static char **split_dirs(const char *text, size_t *ret_n)
{
	char **v = NULL;
	size_t n = 0, cap = 0;

	for (const char *p = text; p && *p;) {
		size_t len = strcspn(p, ","), from = strspn(p, " \t\n\r\f\v"), to = len;

		while (to > from && strchr(" \t\n\r\f\v", p[to - 1]))
			to--;
		if (from < to) {
			v = grow_array(v, &cap, n + 1, sizeof(*v));
			v[n++] = xstrndup(p + from, to - from);
		}
		p += len + (p[len] == ',');
	}
	*ret_n = n;
	return v;
}

static int build(struct config *c, char *why)
{
	bool dynamic = c->layers[LAYER_CLUSTER].n || c->layers[LAYER_BROKER].n;
	struct config_fault fault;
	int r;

	properties_copy(&c->layers[LAYER_STATIC], &c->merged);
	override(&c->merged, &c->layers[LAYER_CLUSTER]);
	override(&c->merged, &c->layers[LAYER_BROKER]);
	r = parse_entries(c, dynamic, why);
	if (r)
		return r;
	c->log_dirs = split_dirs(
		config_text(c, config_is_null(c, CFG_LOG_DIRS) ? CFG_LOG_DIR : CFG_LOG_DIRS),
		&c->log_dirs_n);
	r = config_fill_listeners(c, &fault);
	if (r == 0)
		r = config_check_rules(c, &fault);
	if (r == 0)
		return 0;
	if (!dynamic)
		return static_fault(c, config_keys[fault.id].name, fault.text, why);
	snprintf(why, CONFIG_ERROR_MAX, "%s%s", fault.require ? "requirement failed: " : "",
		fault.text);
	return r;
}

static struct config *config_alloc(const char *file)
{
	struct config *c = xcalloc(1, sizeof(*c));

	atomic_init(&c->refs, 1);
	c->file = xstrdup(file);
	for (int id = 0; id < CFG_COUNT; id++)
		c->values[id].is_null = true;
	return c;
}

int config_new(const struct properties *p, const char *file, struct config **ret,
	char why[CONFIG_ERROR_MAX])
{
	CLEANUP(config_unrefp) struct config *c = config_alloc(file);

	properties_copy(p, &c->layers[LAYER_STATIC]);
	fill_ids(&c->layers[LAYER_STATIC]);
	if (build(c, why))
		return -EINVAL;
	*ret = TAKE(c);
	return 0;
}

int config_with_dynamic(const struct config *base, const struct properties *cluster,
	const struct properties *broker, struct config **ret, char why[CONFIG_ERROR_MAX])
{
	CLEANUP(config_unrefp) struct config *c = config_alloc(base->file);
	int r;

	properties_copy(&base->layers[LAYER_STATIC], &c->layers[LAYER_STATIC]);
	if (cluster)
		properties_copy(cluster, &c->layers[LAYER_CLUSTER]);
	if (broker)
		properties_copy(broker, &c->layers[LAYER_BROKER]);
	r = build(c, why);
	if (r)
		return r;
	*ret = TAKE(c);
	return 0;
}

struct config *config_ref(const struct config *c)
{
	struct config *mine = (struct config *)(uintptr_t)c; /* only the count changes */

	/* relaxed: the caller's own reference keeps the object alive meanwhile */
	atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
	return mine;
}

struct config *config_unref(struct config *c)
{
	/* acquire-release: the freeing thread sees the last uses of all others */
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	for (int id = 0; id < CFG_COUNT; id++)
		config_value_fini(&config_keys[id], &c->values[id]);
	for (size_t i = 0; i < ARRAY_LEN(c->layers); i++)
		properties_fini(&c->layers[i]);
	properties_fini(&c->merged);
	for (size_t i = 0; i < c->log_dirs_n; i++)
		free(c->log_dirs[i]);
	free(c->log_dirs);
	protocol_map_fini(&c->protocols);
	endpoints_fini(&c->listeners);
	endpoints_fini(&c->advertised);
	free(c->inter_broker);
	free(c->file);
	free(c);
	return NULL;
}

/* --- command line --- */

static int add_override(struct properties *p, const char *arg, char *why)
{
	const char *eq = strchr(arg, '=');
	char *key;

	if (!eq || eq == arg) {
		snprintf(why, CONFIG_ERROR_MAX, OVERRIDE ": %.200s: expected KEY=VALUE", arg);
		return -EINVAL;
	}
	key = xstrndup(arg, (size_t)(eq - arg));
	properties_set(p, key, eq + 1, 0);
	free(key);
	return 0;
}

static int parse_options(
	int argc, char *const *argv, struct properties *p, char *why, bool *ret_usage)
{
	size_t stray = 0;
	char list[512] = "";

	for (int i = 2; i < argc; i++) {
		const char *arg = argv[i];
		int r = 0;

		if (!strncmp(arg, OVERRIDE "=", sizeof(OVERRIDE))) {
			r = add_override(p, arg + sizeof(OVERRIDE), why);
		} else if (!strcmp(arg, OVERRIDE)) {
			if (i + 1 < argc) {
				r = add_override(p, argv[++i], why);
			} else {
				snprintf(why, CONFIG_ERROR_MAX,
					"Option override requires an argument");
				*ret_usage = true;
				return -EINVAL;
			}
		} else if (arg[0] == '-' && arg[1]) {
			snprintf(why, CONFIG_ERROR_MAX, "%.200s is not a recognized option",
				arg + strspn(arg, "-"));
			*ret_usage = true;
			return -EINVAL;
		} else {
			size_t at = strlen(list);

			snprintf(list + at, sizeof(list) - at, "%s%s", stray++ ? "," : "", arg);
		}
		if (r)
			return r;
	}
	if (stray == 0)
		return 0;
	snprintf(why, CONFIG_ERROR_MAX, "Found non argument parameters: %s", list);
	*ret_usage = true;
	return -EINVAL;
}

int config_load(int argc, char *const *argv, struct config **ret, char why[CONFIG_ERROR_MAX],
	bool *ret_usage)
{
	struct properties p = PROPERTIES_INIT;
	char text[256];
	int line = 0, r;

	*ret_usage = false;
	if (argc < 2) {
		snprintf(why, CONFIG_ERROR_MAX, "no configuration file given");
		*ret_usage = true;
		return -EINVAL;
	}
	r = properties_load(&p, argv[1], &line);
	if (r == -EINVAL)
		snprintf(why, CONFIG_ERROR_MAX,
			"%s:%d: malformed \\uxxxx escape: expected four hexadecimal digits",
			argv[1], line);
	else if (r < 0)
		snprintf(why, CONFIG_ERROR_MAX, "%s: cannot be read: %s", argv[1],
			error_text(r, text, sizeof(text)));
	if (r == 0)
		r = parse_options(argc, argv, &p, why, ret_usage);
	if (r == 0)
		r = config_new(&p, argv[1], ret, why);
	properties_fini(&p);
	return r;
}

/* --- reading --- */

const struct config_value *config_value(const struct config *c, enum config_id id)
{
	assert(id < CFG_COUNT);
	return &c->values[id];
}

bool config_bool(const struct config *c, enum config_id id)
{
	assert(config_keys[id].type == CONFIG_BOOLEAN);
	return c->values[id].b;
}

int64_t config_long(const struct config *c, enum config_id id)
{
	enum config_type type = config_keys[id].type;

	assert(type == CONFIG_LONG || type == CONFIG_INT || type == CONFIG_SHORT);
	assert(!c->values[id].is_null); /* those are read through the derived getters */
	return c->values[id].i;
}

int32_t config_int(const struct config *c, enum config_id id)
{
	assert(config_keys[id].type != CONFIG_LONG);
	return (int32_t)config_long(c, id);
}

double config_double(const struct config *c, enum config_id id)
{
	assert(config_keys[id].type == CONFIG_DOUBLE);
	return c->values[id].d;
}

const char *config_text(const struct config *c, enum config_id id)
{
	return c->values[id].text;
}

const char *const *config_list(const struct config *c, enum config_id id, size_t *ret_n)
{
	const struct config_value *v = &c->values[id];

	assert(config_keys[id].type == CONFIG_LIST);
	*ret_n = v->is_null ? 0 : v->list.n;
	return v->is_null ? NULL : (const char *const *)v->list.v;
}

bool config_is_null(const struct config *c, enum config_id id)
{
	return c->values[id].is_null;
}

const char *config_listener_text(const struct config *c, const char *listener, enum config_id id)
{
	char *key = xasprintf("listener.name.%s.%s", listener, config_keys[id].name);
	const char *value;

	for (char *p = key + sizeof("listener.name.") - 1; *p && *p != '.'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	value = properties_get(&c->merged, key);
	free(key);
	return value ? value : config_text(c, id);
}

/* --- derived --- */

const char *const *config_log_dirs(const struct config *c, size_t *ret_n)
{
	*ret_n = c->log_dirs_n;
	return (const char *const *)c->log_dirs;
}

int config_metadata_version(const struct config *c)
{
	return metadata_version(config_text(c, CFG_INTER_BROKER_PROTOCOL_VERSION));
}

int config_message_format_version(const struct config *c)
{
	if (config_metadata_version(c) >= METADATA_VERSION_3_0_IV1)
		return METADATA_VERSION_3_0_IV1; /* nobody is asked any more (KIP-724) */
	return metadata_version(config_text(c, CFG_LOG_MESSAGE_FORMAT_VERSION));
}

int64_t config_log_retention_ms(const struct config *c)
{
	int64_t ms;

	if (!config_is_null(c, CFG_LOG_RETENTION_MS))
		ms = config_long(c, CFG_LOG_RETENTION_MS);
	else if (!config_is_null(c, CFG_LOG_RETENTION_MINUTES))
		ms = config_long(c, CFG_LOG_RETENTION_MINUTES) * 60 * 1000;
	else
		ms = config_long(c, CFG_LOG_RETENTION_HOURS) * 60 * 60 * 1000;
	return ms < 0 ? -1 : ms;
}

static int64_t ms_or_hours(const struct config *c, enum config_id ms, enum config_id hours)
{
	return config_is_null(c, ms) ? config_long(c, hours) * 60 * 60 * 1000 : config_long(c, ms);
}

int64_t config_log_roll_ms(const struct config *c)
{
	return ms_or_hours(c, CFG_LOG_ROLL_MS, CFG_LOG_ROLL_HOURS);
}

int64_t config_log_roll_jitter_ms(const struct config *c)
{
	return ms_or_hours(c, CFG_LOG_ROLL_JITTER_MS, CFG_LOG_ROLL_JITTER_HOURS);
}

int64_t config_log_flush_interval_ms(const struct config *c)
{
	bool unset = config_is_null(c, CFG_LOG_FLUSH_INTERVAL_MS);

	return config_long(
		c, unset ? CFG_LOG_FLUSH_SCHEDULER_INTERVAL_MS : CFG_LOG_FLUSH_INTERVAL_MS);
}

static int64_t or_difference(const struct config *c, enum config_id id)
{
	int64_t ms = config_long(c, id);

	return ms == INT64_MAX ? config_long(c, CFG_LOG_MESSAGE_TIMESTAMP_DIFFERENCE_MAX_MS) : ms;
}

int64_t config_timestamp_before_max_ms(const struct config *c)
{
	return or_difference(c, CFG_LOG_MESSAGE_TIMESTAMP_BEFORE_MAX_MS);
}

int64_t config_timestamp_after_max_ms(const struct config *c)
{
	return or_difference(c, CFG_LOG_MESSAGE_TIMESTAMP_AFTER_MAX_MS);
}

int32_t config_zookeeper_connection_timeout_ms(const struct config *c)
{
	bool unset = config_is_null(c, CFG_ZOOKEEPER_CONNECTION_TIMEOUT_MS);

	return config_int(
		c, unset ? CFG_ZOOKEEPER_SESSION_TIMEOUT_MS : CFG_ZOOKEEPER_CONNECTION_TIMEOUT_MS);
}

const struct zk_endpoint *config_listeners(const struct config *c, size_t *ret_n)
{
	*ret_n = c->listeners.n;
	return c->listeners.v;
}

const struct zk_endpoint *config_advertised(const struct config *c, size_t *ret_n)
{
	*ret_n = c->advertised.n;
	return c->advertised.v;
}

const char *config_inter_broker_listener(const struct config *c)
{
	return c->inter_broker;
}

const struct properties *config_layer(const struct config *c, enum config_layer layer)
{
	return &c->layers[layer];
}

const char *config_file(const struct config *c)
{
	return c->file;
}
