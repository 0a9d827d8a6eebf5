/* topic_overrides.h - the overrides of the topics that have logs here, as last read from ZooKeeper.
 *
 * An announced change always counts; what somebody else read counts only if none was announced meanwhile, since it may be
 * older. Announced changes of topics that are not here are not kept: who makes a log reads them.
 *
 * Owner: struct dynamic_config. Thread: any. Locks: one of its own (RANK_LEAF), none held at a return.
 */
#ifndef BROKER_TOPIC_OVERRIDES_H
#define BROKER_TOPIC_OVERRIDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/properties.h"

struct topic_overrides;

struct topic_overrides *topic_overrides_new(void);
struct topic_overrides *topic_overrides_free(struct topic_overrides *t); /* accepts NULL, returns NULL */

/* To be taken before reading, for topic_overrides_put. */
uint64_t topic_overrides_generation(struct topic_overrides *t);
/* What was read since `generation`; the topic is here from now on. False: a change was announced since, read again. */
bool topic_overrides_put(struct topic_overrides *t, const char *topic, const struct properties *p,
	uint64_t generation) MUST_CHECK;
/* An announced change. False: the topic is not here. */
bool topic_overrides_announce(struct topic_overrides *t, const char *topic, const struct properties *p);
/* Adds to *ret; nothing for a topic that is not here. */
void topic_overrides_get(struct topic_overrides *t, const char *topic, struct properties *ret);
/* Are these the ones that are known? False for a topic that is not here. */
bool topic_overrides_are(struct topic_overrides *t, const char *topic, const struct properties *p);
void topic_overrides_forget(struct topic_overrides *t, const char *topic);
/* The names of all topics, each and the array owned by the caller. */
char **topic_overrides_names(struct topic_overrides *t, size_t *ret_n);

#endif
