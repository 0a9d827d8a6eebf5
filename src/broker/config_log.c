/* config_log.c - what the log says about the configuration: warnings at the start, and the block of all values. */
#define LOG_CLASS "kafka.server.KafkaConfig"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/logger.h"
#include "base/str.h"
#include "broker/config_priv.h"
#include "protocol/metadata_version.h"

#define JMX_REPORTER "org.apache.kafka.common.metrics.JmxReporter"

/* Only the reporter that we do not miss: JMX has no meaning here. */
static bool only_jmx(const struct config *c, enum config_id id)
{
	size_t n;
	const char *const *v;

	if (config_keys[id].type != CONFIG_LIST)
		return false;
	v = config_list(c, id, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i], JMX_REPORTER))
			return false;
	}
	return true;
}

static bool differs_from_default(const struct config *c, enum config_id id)
{
	const char *def = config_keys[id].def, *now = config_text(c, id);

	return now && *now && (!def || strcmp(def, now));
}

static void warn_known(const struct config *c, enum config_id id, const char *at)
{
	if (id >= CFG_STATIC_COUNT)
		log_warn(
			"%s: ignored, it has an effect only as a dynamic config (kafka-configs.sh)",
			at);
	else if (config_keys[id].support == CONFIG_WARNED && differs_from_default(c, id) &&
		 !only_jmx(c, id))
		log_warn("%s: %s", at, config_keys[id].reason);
	else if (id == CFG_OFFSETS_COMMIT_REQUIRED_ACKS)
		log_warn("%s: deprecated, and removed in Apache Kafka 4.0", at);
	else if (id == CFG_LOG_MESSAGE_FORMAT_VERSION &&
		 config_metadata_version(c) >= METADATA_VERSION_3_0_IV1 &&
		 metadata_version(config_text(c, id)) < METADATA_VERSION_0_11_0_IV0)
		log_warn("%s: ignored, records are written in format 2 since "
			 "inter.broker.protocol.version 3.0",
			at);
}

static void warn_other(const struct property *p, const char *at)
{
	const struct config_foreign *f = config_foreign_find(p->key);
	int id = config_listener_key(p->key);

	if (id == CFG_NUM_NETWORK_THREADS)
		log_warn("%s: ignored, the network threads serve all listeners", at);
	else if (f && f->note)
		log_warn("%s: ignored, %s", at, f->note);
	else if (!f && id < 0)
		log_warn("%s: unknown key, ignored", at);
}

void config_log_warnings(const struct config *c)
{
	const struct properties *p = &c->layers[LAYER_STATIC];

	for (size_t i = 0; i < p->n; i++) {
		int id = config_key_find(p->v[i].key);
		char at[512];

		config_where(c, p->v[i].key, at, sizeof(at));
		if (id >= 0)
			warn_known(c, (enum config_id)id, at);
		else
			warn_other(&p->v[i], at);
	}
}

/* Bytes to be appended to: grows as needed. */
struct text {
	char *p;
	size_t n, cap;
};

static void text_add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	t->p = grow_array(t->p, &t->cap, t->n + n + 1, 1);
	memcpy(t->p + t->n, s, n + 1);
	t->n += n;
}

static void add_value(struct text *t, const struct config_key *k, const struct config_value *v)
{
	if (v->is_null) {
		text_add(t, "null");
	} else if (k->type == CONFIG_PASSWORD) {
		text_add(t, "[hidden]");
	} else if (k->type == CONFIG_LIST) {
		text_add(t, "[");
		for (size_t i = 0; i < v->list.n; i++) {
			text_add(t, i ? ", " : "");
			text_add(t, v->list.v[i]);
		}
		text_add(t, "]");
	} else {
		text_add(t, k->type == CONFIG_CLASS ? "class " : "");
		text_add(t, v->text);
	}
}

void config_log_values(const struct config *c)
{
	struct text t = {NULL, 0, 0};

	for (int id = 0; id < CFG_STATIC_COUNT; id++) {
		text_add(&t, "\t");
		text_add(&t, config_keys[id].name);
		text_add(&t, " = ");
		add_value(&t, &config_keys[id], &c->values[id]);
		text_add(&t, "\n");
	}
	log_info("KafkaConfig values: \n%s", t.p);
	free(t.p);
}
