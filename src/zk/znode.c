/* znode.c - the small znodes, and the JSON helpers all of them share (znode_json.h).
 *
 * jansson keeps the members of an object in the order they were set, so an encoder's lines are the text's order.
 */
#include "zk/znode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "zk/znode_json.h"

/* ---- JSON ---- */

json_t *json_parse(const char *text, int32_t len)
{
	json_error_t error;

	if (!text || len <= 0)
		return NULL;
	return json_loadb(text, (size_t)len, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &error);
}

char *json_finish(json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);

	if (!text)
		abort(); /* out of memory: every string went through json_text */
	json_decref(j);
	return text;
}

/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
static size_t utf8_len(const char *s)
{
	for (int32_t n = 1; n <= 4; n++) {
		if (s[n - 1] == '\0')
			return 0;
		if (str_is_utf8((struct str){ s, n }))
			return (size_t)n;
	}
	return 0;
}

json_t *json_text(const char *s)
{
	json_t *j = json_string(s);
	char *fixed, *to;

	if (j)
		return j;
	fixed = to = xmalloc(strlen(s) * 3 + 1);
	while (*s) {
		size_t n = utf8_len(s);

		memcpy(to, n ? s : "\xef\xbf\xbd", n ? n : 3);
		to += n ? n : 3;
		s += n ? n : 1;
	}
	*to = '\0';
	j = json_string(fixed);
	free(fixed);
	return j;
}

json_t *json_number_text(int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, v);
	return json_string(text);
}

json_t *json_ints(struct int_list l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l.n; i++)
		json_array_append_new(array, json_integer(l.v[i]));
	return array;
}

bool json_int(const json_t *obj, const char *key, int32_t *ret)
{
	const json_t *j = json_object_get(obj, key);
	json_int_t v;

	if (!json_is_integer(j))
		return false;
	v = json_integer_value(j);
	if (v < INT32_MIN || v > INT32_MAX)
		return false;
	*ret = (int32_t)v;
	return true;
}

bool json_string_at(const json_t *obj, const char *key, const char **ret)
{
	const json_t *j = json_object_get(obj, key);

	if (!json_is_string(j))
		return false;
	*ret = json_string_value(j);
	return true;
}

bool json_long_text(const json_t *obj, const char *key, int64_t *ret)
{
	const char *text;

	return json_string_at(obj, key, &text) && str_to_i64(str_of(text), INT64_MIN, INT64_MAX, ret);
}

bool json_int_list(const json_t *array, struct int_list *ret)
{
	struct int_list l = { .n = json_array_size(array) };

	if (!json_is_array(array))
		return false;
	l.v = xcalloc(l.n + 1, sizeof(*l.v));
	for (size_t i = 0; i < l.n; i++) {
		const json_t *j = json_array_get(array, i);
		json_int_t v = json_integer_value(j);

		if (!json_is_integer(j) || v < INT32_MIN || v > INT32_MAX) {
			free(l.v);
			return false;
		}
		l.v[i] = (int32_t)v;
	}
	*ret = l;
	return true;
}

uint32_t java_hash(const char *s)
{
	return (uint32_t)str_java_hash(str_of(s));
}

uint32_t java_spread(const char *s)
{
	uint32_t h = java_hash(s);

	return h ^ (h >> 16);
}

/* ---- lists of ints ---- */

struct int_list int_list_of(const int32_t *v, size_t n)
{
	struct int_list l = { .v = xcalloc(n + 1, sizeof(int32_t)), .n = n };

	if (n > 0)
		memcpy(l.v, v, n * sizeof(*v));
	return l;
}

struct int_list int_list_copy(struct int_list l)
{
	return int_list_of(l.v, l.n);
}

void int_list_fini(struct int_list *l)
{
	free(l->v);
	*l = (struct int_list){ .v = NULL };
}

bool int_list_eq(struct int_list a, struct int_list b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.v, b.v, a.n * sizeof(*a.v)) == 0);
}

bool int_list_has(struct int_list l, int32_t v)
{
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i] == v)
			return true;
	return false;
}

/* ---- /controller, /controller_epoch ---- */

char *znode_controller_encode(int32_t broker, int64_t timestamp_ms)
{
	json_t *j = json_object();

	json_object_set_new(j, "version", json_integer(2));
	json_object_set_new(j, "brokerid", json_integer(broker));
	json_object_set_new(j, "timestamp", json_number_text(timestamp_ms));
	json_object_set_new(j, "kraftControllerEpoch", json_integer(-1));
	return json_finish(j);
}

int znode_controller_decode(const char *text, int32_t len, struct znode_controller *ret)
{
	JSON_AUTO j = json_parse(text, len);
	struct znode_controller c = { .kraft_epoch = -1 };

	if (!json_int(j, "brokerid", &c.broker))
		return FAIL(-EBADMSG);
	if (json_object_get(j, "kraftControllerEpoch") && !json_int(j, "kraftControllerEpoch", &c.kraft_epoch))
		return FAIL(-EBADMSG);
	*ret = c;
	return 0;
}

char *znode_epoch_encode(int32_t epoch)
{
	return xasprintf("%" PRId32, epoch);
}

int znode_epoch_decode(const char *text, int32_t len, int32_t *ret)
{
	int64_t v;

	if (!text || !str_to_i64((struct str){ text, len }, INT32_MIN, INT32_MAX, &v))
		return FAIL(-EBADMSG);
	*ret = (int32_t)v;
	return 0;
}

/* ---- /cluster/id ---- */

char *znode_cluster_id_encode(const char *id)
{
	json_t *j = json_object();

	json_object_set_new(j, "version", json_string("1")); /* a string here, an int elsewhere */
	json_object_set_new(j, "id", json_text(id));
	return json_finish(j);
}

int znode_cluster_id_decode(const char *text, int32_t len, char **ret)
{
	JSON_AUTO j = json_parse(text, len);
	const char *id;

	if (!json_string_at(j, "id", &id))
		return FAIL(-EBADMSG);
	*ret = xstrdup(id);
	return 0;
}

/* ---- configurations ---- */

void znode_config_fini(struct znode_config *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->pairs[i].name);
		free(c->pairs[i].value);
	}
	free(c->pairs);
	*c = ZNODE_CONFIG_INIT;
}

static struct zk_pair *config_find(const struct znode_config *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->pairs[i].name, name) == 0)
			return &c->pairs[i];
	return NULL;
}

const char *znode_config_get(const struct znode_config *c, const char *name)
{
	const struct zk_pair *p = config_find(c, name);

	return p ? p->value : NULL;
}

void znode_config_put(struct znode_config *c, const char *name, const char *value)
{
	struct zk_pair *p = config_find(c, name);

	if (p) {
		free(p->value);
		p->value = xstrdup(value);
		return;
	}
	c->pairs = grow_array(c->pairs, &c->cap, c->n + 1, sizeof(*c->pairs));
	c->pairs[c->n++] = (struct zk_pair){ xstrdup(name), xstrdup(value) };
}

bool znode_config_remove(struct znode_config *c, const char *name)
{
	struct zk_pair *p = config_find(c, name);

	if (!p)
		return false;
	free(p->name);
	free(p->value);
	memmove(p, p + 1, (size_t)(&c->pairs[--c->n] - p) * sizeof(*p));
	return true;
}

/* The order in which java.util.Properties hands out its entries (zookeeper.md 1.5): by bucket, inside a bucket as
 * inserted. */
static json_t *config_object(const struct znode_config *c)
{
	json_t *j = json_object();
	size_t size = 16;

	while (c->n * 4 >= size * 3)
		size *= 2;
	for (size_t bucket = 0; bucket < size && c->n > 0; bucket++)
		for (size_t i = 0; i < c->n; i++)
			if ((java_spread(c->pairs[i].name) & 0x7fffffff & (size - 1)) == bucket) {
				JSON_AUTO key = json_text(c->pairs[i].name);

				json_object_set_new(j, json_string_value(key), json_text(c->pairs[i].value));
			}
	return j;
}

char *znode_config_encode(const struct znode_config *c)
{
	json_t *j = json_object();

	json_object_set_new(j, "version", json_integer(1));
	json_object_set_new(j, "config", config_object(c));
	return json_finish(j);
}

int znode_config_decode(const char *text, int32_t len, struct znode_config *ret)
{
	JSON_AUTO j = json_parse(text, len);
	json_t *config = json_object_get(j, "config"), *value;
	struct znode_config c = ZNODE_CONFIG_INIT;
	const char *name;

	json_object_foreach(config, name, value) { /* what is no object has no entries, in Kafka too */
		if (!json_is_string(value)) {
			znode_config_fini(&c);
			return FAIL(-EBADMSG);
		}
		znode_config_put(&c, name, json_string_value(value));
	}
	*ret = c;
	return 0;
}

char *znode_config_change_encode(const char *entity_path)
{
	json_t *j = json_object();

	json_object_set_new(j, "version", json_integer(2));
	json_object_set_new(j, "entity_path", json_text(entity_path));
	return json_finish(j);
}

int znode_config_change_decode(const char *text, int32_t len, char **ret_entity_path)
{
	JSON_AUTO j = json_parse(text, len);
	const char *type, *name;
	int32_t version;

	if (!json_int(j, "version", &version))
		return FAIL(-EBADMSG);
	if (version == 2 && json_string_at(j, "entity_path", &name) && strchr(name, '/')) {
		*ret_entity_path = xstrdup(name);
		return 0;
	}
	if (version == 1 && json_string_at(j, "entity_type", &type) && json_string_at(j, "entity_name", &name) &&
	    (strcmp(type, "topics") == 0 || strcmp(type, "clients") == 0)) {
		*ret_entity_path = xasprintf("%s/%s", type, name);
		return 0;
	}
	return FAIL(-EBADMSG);
}

/* ---- lists of partitions ---- */

void znode_partitions_fini(struct znode_partitions *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->refs[i].topic);
		int_list_fini(&p->refs[i].replicas);
	}
	free(p->refs);
	*p = ZNODE_PARTITIONS_INIT;
}

static char *partitions_encode(const struct znode_partitions *p, bool replicas)
{
	json_t *j = json_object(), *array = json_array();

	for (size_t i = 0; i < p->n; i++) {
		json_t *ref = json_object();

		json_object_set_new(ref, "topic", json_text(p->refs[i].topic));
		json_object_set_new(ref, "partition", json_integer(p->refs[i].partition));
		if (replicas)
			json_object_set_new(ref, "replicas", json_ints(p->refs[i].replicas));
		json_array_append_new(array, ref);
	}
	json_object_set_new(j, "version", json_integer(1));
	json_object_set_new(j, "partitions", array);
	return json_finish(j);
}

static bool partition_ref(const json_t *j, bool replicas, struct zk_partition_ref *ret)
{
	struct zk_partition_ref ref = { .topic = NULL };
	const char *topic;

	if (!json_string_at(j, "topic", &topic) || !json_int(j, "partition", &ref.partition))
		return false;
	if (replicas && !json_int_list(json_object_get(j, "replicas"), &ref.replicas))
		return false;
	ref.topic = xstrdup(topic);
	*ret = ref;
	return true;
}

static int partitions_decode(const char *text, int32_t len, bool replicas, struct znode_partitions *ret)
{
	JSON_AUTO j = json_parse(text, len);
	const json_t *array = json_object_get(j, "partitions");
	struct znode_partitions p = ZNODE_PARTITIONS_INIT;

	if (!json_is_array(array))
		return FAIL(-EBADMSG);
	p.refs = xcalloc(json_array_size(array) + 1, sizeof(*p.refs));
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (!partition_ref(json_array_get(array, i), replicas, &p.refs[p.n])) {
			znode_partitions_fini(&p);
			return FAIL(-EBADMSG);
		}
		p.n++;
	}
	*ret = p;
	return 0;
}

char *znode_partitions_encode(const struct znode_partitions *p)
{
	return partitions_encode(p, false);
}

int znode_partitions_decode(const char *text, int32_t len, struct znode_partitions *ret)
{
	return partitions_decode(text, len, false, ret);
}

char *znode_reassign_encode(const struct znode_partitions *p)
{
	return partitions_encode(p, true);
}

int znode_reassign_decode(const char *text, int32_t len, struct znode_partitions *ret)
{
	return partitions_decode(text, len, true, ret);
}

/* ---- notifications, producer ids ---- */

char *znode_log_dir_event_encode(int32_t broker)
{
	json_t *j = json_object();

	json_object_set_new(j, "version", json_integer(1));
	json_object_set_new(j, "broker", json_integer(broker));
	json_object_set_new(j, "event", json_integer(1));
	return json_finish(j);
}

int znode_log_dir_event_decode(const char *text, int32_t len, int32_t *ret_broker)
{
	JSON_AUTO j = json_parse(text, len);

	return json_int(j, "broker", ret_broker) ? 0 : FAIL(-EBADMSG);
}

char *znode_producer_ids_encode(const struct znode_producer_ids *p)
{
	json_t *j = json_object();

	json_object_set_new(j, "version", json_integer(1));
	json_object_set_new(j, "broker", json_integer(p->broker));
	json_object_set_new(j, "block_start", json_number_text(p->start));
	json_object_set_new(j, "block_end", json_number_text(p->end));
	return json_finish(j);
}

int znode_producer_ids_decode(const char *text, int32_t len, struct znode_producer_ids *ret)
{
	JSON_AUTO j = json_parse(text, len);
	struct znode_producer_ids p;

	if (!json_int(j, "broker", &p.broker) || !json_long_text(j, "block_start", &p.start) ||
	    !json_long_text(j, "block_end", &p.end))
		return FAIL(-EBADMSG);
	*ret = p;
	return 0;
}

/* ---- /feature ---- */

char *znode_feature_encode(const struct znode_feature *f)
{
	json_t *j = json_object(), *all = json_object();

	for (size_t i = 0; i < f->features_n; i++) {
		json_t *levels = json_object();
		JSON_AUTO name = json_text(f->features[i].name);

		if (f->version == 1)
			json_object_set_new(levels, "min_version_level", json_integer(f->features[i].max_version));
		json_object_set_new(levels, "max_version_level", json_integer(f->features[i].max_version));
		json_object_set_new(all, json_string_value(name), levels);
	}
	json_object_set_new(j, "features", all);
	json_object_set_new(j, "version", json_integer(f->version));
	json_object_set_new(j, "status", json_integer(f->status));
	return json_finish(j);
}

void znode_feature_fini(struct znode_feature *f)
{
	for (size_t i = 0; i < f->features_n; i++)
		free(f->features[i].name);
	free(f->features);
	*f = (struct znode_feature){ .features = NULL };
}

int znode_feature_decode(const char *text, int32_t len, struct znode_feature *ret)
{
	JSON_AUTO j = json_parse(text, len);
	json_t *all = json_object_get(j, "features"), *levels;
	struct znode_feature f = { .features = NULL };
	const char *name;

	if (!json_int(j, "version", &f.version) || f.version < 1 || f.version > 2 ||
	    !json_int(j, "status", &f.status) || f.status < 0 || f.status > 1 || !json_is_object(all))
		return FAIL(-EBADMSG);
	f.features = xcalloc(json_object_size(all) + 1, sizeof(*f.features));
	json_object_foreach(all, name, levels) {
		struct zk_feature *to = &f.features[f.features_n];

		if (!json_int(levels, "max_version_level", &to->max_version) || to->max_version < 1) {
			znode_feature_fini(&f);
			return FAIL(-EBADMSG);
		}
		to->min_version = 1;
		to->name = xstrdup(name);
		f.features_n++;
	}
	*ret = f;
	return 0;
}

/* ---- names of quota entities ---- */

static bool is_plain(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	    c == '_';
}

char *zk_sanitize(const char *name)
{
	char *r = xmalloc(strlen(name) * 3 + 1), *to = r;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		if (is_plain(*p))
			*to++ = (char)*p;
		else
			to += snprintf(to, 4, "%%%02X", *p);
	}
	*to = '\0';
	return r;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
				      -1;
}

char *zk_desanitize(const char *name)
{
	char *r = xmalloc(strlen(name) + 1), *to = r;

	for (const char *p = name; *p; p++) {
		if (*p == '+') {
			*to++ = ' ';
		} else if (*p == '%' && hex(p[1]) >= 0 && hex(p[2]) >= 0 && (hex(p[1]) | hex(p[2])) != 0) {
			*to++ = (char)(hex(p[1]) * 16 + hex(p[2]));
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return r;
}
