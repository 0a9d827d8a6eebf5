/* config_describe.c - entries of DescribeConfigs: value, source, synonyms.
 *
 * The synonyms of an entry are all settings that could give its value, by layer and within a layer by spelling;
 * those before the first with the entry's own name are dropped (ConfigHelper.configSynonyms), so a topic's
 * retention.ms that comes from log.retention.hours reports DEFAULT_CONFIG. The first left gives the source.
 */
#include "broker/config_describe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "broker/config_priv.h"
#include "broker/topic_config.h"

/* A value's spellings: its own key first or not, at most the group of config_synonyms or a listener's two. */
struct spellings {
	const char *names[CONFIG_SYNONYMS_MAX];
	int n;
};

struct walk {
	const struct config *c;
	const struct describe_query *q;
	struct config_entry *v;
	int32_t n, cap;
	bool full;
};

static bool wanted(const struct describe_query *q, const char *name)
{
	if (q->keys_n <= 0)
		return true;
	for (int32_t i = 0; i < q->keys_n; i++) {
		if (str_is(q->keys[i], name))
			return true;
	}
	return false;
}

/* A copy in the arena; NULL stays null. */
static struct str keep(struct walk *w, const char *s)
{
	struct str copy;

	if (!s)
		return STR_NULL;
	copy = arena_str(w->q->arena, s);
	w->full = w->full || copy.len < 0;
	return copy;
}

static void add_synonym(struct walk *w, struct config_entry *e, const char *name, const char *value,
	enum config_source source)
{
	struct config_synonym *s = &e->synonyms[e->synonyms_n++];

	s->name = keep(w, name);
	s->value = keep(w, e->sensitive ? NULL : value);
	s->source = (int8_t)source;
}

/* Appends what the layers say about these spellings, from the first entry called `own` on. */
static void add_layers(struct walk *w, struct config_entry *e, const struct spellings *sp,
	const char *own, bool cluster_only)
{
	static const enum config_source sources[] = {CONFIG_SOURCE_DYNAMIC_BROKER,
		CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER, CONFIG_SOURCE_STATIC_BROKER,
		CONFIG_SOURCE_DEFAULT};
	bool seen = false;

	for (size_t layer = 0; layer < ARRAY_LEN(sources); layer++) {
		for (int i = 0; i < sp->n; i++) {
			int id = config_key_find(sp->names[i]);
			const char *value = NULL;

			if (sources[layer] != CONFIG_SOURCE_DEFAULT)
				value = properties_get(&w->c->layers[layer], sp->names[i]);
			else if (id >= 0 && id < CFG_STATIC_COUNT)
				value = config_keys[id].def;
			if (!value)
				continue;
			seen = seen || !strcmp(sp->names[i], own);
			if (seen && (!cluster_only || layer == LAYER_CLUSTER))
				add_synonym(w, e, sp->names[i], value, sources[layer]);
		}
	}
}

#define SYNONYMS_MAX (4 * CONFIG_SYNONYMS_MAX + 1)

/* A new entry with room for its synonyms; NULL when the arena is full. */
static struct config_entry *add_entry(struct walk *w, const char *name, enum config_type type)
{
	struct config_entry *e = &w->v[w->n];

	e->synonyms = arena_array(w->q->arena, SYNONYMS_MAX, sizeof(*e->synonyms));
	w->full = w->full || !e->synonyms;
	if (w->full)
		return NULL;
	w->n++;
	e->name = keep(w, name);
	e->type = (int8_t)type;
	e->sensitive = type == CONFIG_UNKNOWN || type == CONFIG_PASSWORD;
	e->documentation = STR_NULL;
	return e;
}

static void finish_entry(struct walk *w, struct config_entry *e, const char *doc)
{
	e->source = (int8_t)(e->synonyms_n ? e->synonyms[0].source : CONFIG_SOURCE_DEFAULT);
	if (!w->q->synonyms)
		e->synonyms_n = 0;
	if (w->q->documentation && doc)
		e->documentation = str_of(doc);
}

static struct spellings spellings_of(const char *name)
{
	struct spellings sp = {{name}, 1};
	enum config_id ids[CONFIG_SYNONYMS_MAX];
	int id = config_key_find(name);

	if (id >= 0) {
		sp.n = config_synonyms((enum config_id)id, ids);
		for (int i = 0; i < sp.n; i++)
			sp.names[i] = config_keys[ids[i]].name;
		return sp;
	}
	id = config_listener_key(name);
	if (id >= 0)
		sp.names[sp.n++] = config_keys[id].name;
	return sp;
}

static void add_broker_entry(
	struct walk *w, const char *name, const char *raw, bool cluster_default)
{
	int id = config_key_find(name), base = id >= 0 ? id : config_listener_key(name);
	struct spellings sp = spellings_of(name);
	struct config_entry *e;

	if (!wanted(w->q, name))
		return;
	e = add_entry(w, name, base >= 0 ? config_keys[base].type : CONFIG_UNKNOWN);
	if (!e)
		return;
	e->value = keep(w, e->sensitive ? NULL : raw);
	e->read_only =
		id < 0 || id >= CFG_STATIC_COUNT || config_keys[id].dynamic == CONFIG_READ_ONLY;
	add_layers(w, e, &sp, name, cluster_default);
	finish_entry(w, e, id >= 0 && id < CFG_STATIC_COUNT ? config_keys[id].doc : NULL);
}

static int by_name(const void *a, const void *b)
{
	const struct config_entry *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static int begin(struct walk *w, const struct config *c, const struct describe_query *q, size_t cap)
{
	*w = (struct walk){.c = c, .q = q};
	w->v = arena_array(q->arena, cap, sizeof(*w->v));
	return w->v ? 0 : -ENOMEM;
}

static int finish(struct walk *w, struct config_entry **ret, int32_t *ret_n)
{
	if (w->full)
		return FAIL(-ENOMEM);
	qsort(w->v, (size_t)w->n, sizeof(*w->v), by_name);
	*ret = w->v;
	*ret_n = w->n;
	return 0;
}

int describe_broker(const struct config *c, bool cluster_default, const struct describe_query *q,
	struct config_entry **ret, int32_t *ret_n)
{
	const struct properties *set = cluster_default ? &c->layers[LAYER_CLUSTER] : &c->merged;
	struct walk w;

	if (begin(&w, c, q, CFG_COUNT + set->n))
		return FAIL(-ENOMEM);
	for (int id = 0; id < CFG_STATIC_COUNT && !cluster_default && !w.full; id++) {
		if (!(config_keys[id].flags & CONFIG_INTERNAL))
			add_broker_entry(&w, config_keys[id].name, c->values[id].text, false);
	}
	for (size_t i = 0; i < set->n && !w.full; i++) {
		int id = config_key_find(set->v[i].key);
		bool listed = !cluster_default && id >= 0 && id < CFG_STATIC_COUNT &&
			      !(config_keys[id].flags & CONFIG_INTERNAL);

		if (!listed)
			add_broker_entry(&w, set->v[i].key, set->v[i].value, cluster_default);
	}
	return finish(&w, ret, ret_n);
}

static void add_topic_entry(
	struct walk *w, const char *name, int id, const struct properties *overrides)
{
	const char *override = properties_get(overrides, name), *value = override;
	char buf[32], why[CONFIG_ERROR_MAX];
	struct config_value parsed = {.is_null = true};
	struct config_entry *e;

	if (!wanted(w->q, name))
		return;
	e = add_entry(w, name, id >= 0 ? topic_config_keys[id].type : CONFIG_UNKNOWN);
	if (!e)
		return;
	if (id >= 0 && !override)
		value = topic_config_default(w->c, (enum topic_config_id)id, buf, sizeof(buf));
	else if (id >= 0 && config_value_parse(&topic_config_keys[id], override, &parsed, why,
				    sizeof(why)) == 0)
		value = parsed.text;
	e->value = keep(w, e->sensitive ? NULL : value);
	if (override)
		add_synonym(w, e, name, value, CONFIG_SOURCE_TOPIC);
	if (id >= 0)
		config_value_fini(&topic_config_keys[id], &parsed);
	if (id >= 0 && topic_config_synonym[id] >= 0) {
		const char *first = config_keys[topic_config_synonym[id]].name;
		struct spellings sp = spellings_of(first);

		add_layers(w, e, &sp, first, false);
	}
	finish_entry(w, e, id >= 0 ? topic_config_keys[id].doc : NULL);
}

int describe_topic(const struct config *c, const struct properties *overrides,
	const struct describe_query *q, struct config_entry **ret, int32_t *ret_n)
{
	struct walk w;

	if (begin(&w, c, q, TOPIC_CFG_COUNT + overrides->n))
		return FAIL(-ENOMEM);
	for (int id = 0; id < TOPIC_CFG_COUNT && !w.full; id++)
		add_topic_entry(&w, topic_config_keys[id].name, id, overrides);
	for (size_t i = 0; i < overrides->n && !w.full; i++) {
		if (topic_config_key_find(overrides->v[i].key) < 0)
			add_topic_entry(&w, overrides->v[i].key, -1, overrides);
	}
	return finish(&w, ret, ret_n);
}
