/* topic_settings.c - see topic_settings.h. */
#include "tools/topic_settings.h"

#include <stdint.h>
#include <stdio.h>

#include "broker/config_def.h"
#include "protocol/errors.h"

#define MIN_LAG "min.compaction.lag.ms"
#define MAX_LAG "max.compaction.lag.ms"

/* The value of a numeric key, which has been checked. */
static int64_t number(const struct properties *p, enum topic_config_id id, int64_t def)
{
	const char *text = properties_get(p, topic_config_keys[id].name);
	struct config_value v;
	char why[TOPIC_SETTINGS_WHY_MAX];

	if (!text || config_value_parse(&topic_config_keys[id], text, &v, why, sizeof(why)))
		return def;
	def = v.i;
	config_value_fini(&topic_config_keys[id], &v);
	return def;
}

static int check_values(const struct properties *p, char why[TOPIC_SETTINGS_WHY_MAX])
{
	for (size_t i = 0; i < p->n; i++) {
		const struct config_key *k = &topic_config_keys[topic_config_key_find(p->v[i].key)];
		struct config_value v;

		if (config_value_parse(k, p->v[i].value, &v, why, TOPIC_SETTINGS_WHY_MAX))
			return KERR_INVALID_REQUEST;
		config_value_fini(k, &v);
	}
	return 0;
}

int topic_settings_check_names(const struct properties *p, char why[TOPIC_SETTINGS_WHY_MAX])
{
	for (size_t i = 0; i < p->n; i++)
		if (topic_config_key_find(p->v[i].key) < 0) {
			snprintf(why, TOPIC_SETTINGS_WHY_MAX, "Unknown topic config name: %.400s",
				p->v[i].key);
			return KERR_INVALID_CONFIG;
		}
	return 0;
}

int topic_settings_check(const struct properties *p, char why[TOPIC_SETTINGS_WHY_MAX])
{
	int64_t min, max;
	int r = topic_settings_check_names(p, why);

	if (!r)
		r = check_values(p, why);
	if (r)
		return r;
	min = number(p, TOPIC_MIN_COMPACTION_LAG_MS, 0);
	max = number(p, TOPIC_MAX_COMPACTION_LAG_MS, INT64_MAX);
	if (min <= max)
		return 0;
	snprintf(why, TOPIC_SETTINGS_WHY_MAX,
		"conflict topic config setting " MIN_LAG " (%lld) > " MAX_LAG " (%lld)",
		(long long)min, (long long)max);
	return KERR_INVALID_CONFIG;
}
