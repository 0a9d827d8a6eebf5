/* current_leader.h - whom a client should ask instead: leader, epoch and address in answers of Produce and Fetch
 * (KIP-951).
 *
 * Thread: any. Strings are borrowed from the image.
 */
#ifndef API_CURRENT_LEADER_H
#define API_CURRENT_LEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct image;
struct request;

struct current_leader {
	int32_t id, epoch; /* -1: not known */
	bool has_endpoint; /* on the listener the request came in on */
	struct str host, rack;
	int32_t port;
};

/* As this broker's partition knows it, else as the metadata does. */
void current_leader_of(const struct request *req, const struct image *image, struct str topic, int32_t index,
    struct current_leader *ret);

#endif
