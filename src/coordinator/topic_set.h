/* topic_set.h - a set of topic names in little memory: what the members of a group are subscribed to.
 *
 * A name costs its length and 12 bytes at most, whatever a client puts in.
 * Owner: whoever embeds it. Thread: as the owner says. Layer: coordinator.
 */
#ifndef COORDINATOR_TOPIC_SET_H
#define COORDINATOR_TOPIC_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct topic_set {
	uint8_t *names; /* 16-bit length and bytes, one after the other */
	size_t len, cap;
	uint32_t *slots; /* 0: free, else 1 + where the name begins */
	uint32_t n, slots_n;
};

#define TOPIC_SET_INIT { NULL, 0, 0, NULL, 0, 0 }

void topic_set_fini(struct topic_set *s); /* leaves it empty and usable */
/* 0 | -ENOMEM (or more than 2^32 bytes of names). */
int topic_set_add(struct topic_set *s, struct str name) MUST_CHECK;
bool topic_set_has(const struct topic_set *s, struct str name);

/* Adds the topics of a consumer's subscription as it stands in JoinGroup's metadata: a version, which does not matter,
 * then at least the layout of version 0.
 *   0 | KERR_INVALID_RECORD: not such a thing (some topics may have been added) | -ENOMEM                  */
int topic_set_add_subscription(struct topic_set *s, struct bytes metadata) MUST_CHECK;

#endif
