/* metadata_partition.h - one partition in the answer to Metadata.
 *
 * Thread: any. The answer borrows the replica lists of the image.
 */
#ifndef API_METADATA_PARTITION_H
#define API_METADATA_PARTITION_H

#include <stdbool.h>

struct image;
struct image_partition;
struct metadata_response_metadata_response_partition;
struct request;

/* Fills `out`; false when the request's arena is full. */
bool metadata_fill_partition(struct request *req, const struct image *image, const struct image_partition *p,
    struct metadata_response_metadata_response_partition *out);

#endif
