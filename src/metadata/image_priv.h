/* image_priv.h - counting of the topics of an image, for image.c, topic_map.c and their tests. */
#ifndef METADATA_IMAGE_PRIV_H
#define METADATA_IMAGE_PRIV_H

#include "metadata/image.h"

struct image_topic *image_topic_ref(struct image_topic *t);
struct image_topic *image_topic_unref(struct image_topic *t); /* accepts NULL, returns NULL */

#endif
