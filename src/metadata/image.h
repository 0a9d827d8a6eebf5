/* image.h - the cluster as this broker last heard it: brokers, topics, partitions, controller.
 *
 * Counted, immutable once published. struct metadata holds the current image behind one pointer; a reader takes a
 * reference for a request's life. Built from the controller's UpdateMetadata requests (replication.md 4.4);
 * topics are shared between successive images.
 *
 * Thread: readers any; metadata_apply one writer at a time (it locks).
 */
#ifndef METADATA_IMAGE_H
#define METADATA_IMAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "base/uuid.h"

struct update_metadata_request;

struct image_endpoint {
	char *listener;
	int16_t security_protocol; /* 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL */
	char *host;
	int32_t port;
};

struct image_broker {
	int32_t id;
	char *rack; /* NULL: none */
	struct image_endpoint *endpoints;
	int32_t endpoints_n;
};

struct image_partition {
	int32_t index;
	int32_t controller_epoch;
	int32_t leader; /* -1 none, -2 being deleted */
	int32_t leader_epoch;
	int32_t partition_epoch; /* the zkVersion of the state znode */
	int32_t *replicas, *isr, *offline;
	int32_t replicas_n, isr_n, offline_n;
};

/* Counted and shared between images: read-only. */
struct image_topic {
	char *name;
	struct uuid id; /* zero: unknown */
	struct image_partition *partitions; /* ascending by index */
	int32_t partitions_n;
	atomic_int refs; /* image.c only */
};

struct image;

struct image *image_ref(const struct image *i);
struct image *image_unref(const struct image *i); /* accepts NULL, returns NULL */
int32_t image_controller(const struct image *i); /* -1 unknown */
int32_t image_brokers(const struct image *i, const struct image_broker *const **ret); /* ascending by id */
const struct image_broker *image_broker(const struct image *i, int32_t id);
/* The broker's endpoint on a listener; NULL when it has none. */
const struct image_endpoint *image_broker_endpoint(const struct image_broker *b, const char *listener);
const struct image_topic *image_topic(const struct image *i, struct str name);
const struct image_topic *image_topic_by_id(const struct image *i, struct uuid id);
bool image_has_topics(const struct image *i);
/* Has a partition no leader although one in sync is alive? Then the controller is about to elect it. Walks over all. */
bool image_awaits_election(const struct image *i);
/* All topics, sorted by name; sorted on the first call for this image. Valid as long as the image. */
int32_t image_topics(const struct image *i, const struct image_topic *const **ret);
const struct image_partition *image_partition(const struct image_topic *t, int32_t index); /* NULL: none */
bool image_topic_is_internal(struct str name); /* __consumer_offsets, __transaction_state, __share_group_state */

struct metadata; /* holder of the current image */
struct metadata *metadata_new(void);
struct metadata *metadata_free(struct metadata *m); /* accepts NULL, returns NULL */
struct image *metadata_image(struct metadata *m);   /* a new reference, never NULL */
/* Builds and publishes the next image (replication.md 4.4): the brokers become exactly those of the request; a
 * partition with leader -2 disappears, with the last one its topic. The epochs were checked by the caller
 * (partitions_update_metadata). Returns 0. */
int metadata_apply(struct metadata *m, const struct update_metadata_request *req) MUST_CHECK;

#endif
