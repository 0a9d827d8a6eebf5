/* znode_json.h - reading and writing JSON the way Kafka does; for the znode files only. */
#ifndef ZK_ZNODE_JSON_H
#define ZK_ZNODE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "zk/znode.h"

static inline void json_free(json_t **j)
{
	json_decref(*j);
}
#define JSON_AUTO CLEANUP(json_free) json_t *

/* The first JSON value of `text`; what follows it is ignored (zookeeper.md 1.5). NULL: not JSON, NULL or empty data.
 * A new reference. */
json_t *json_parse(const char *text, int32_t len);
/* Owned compact text; takes the reference. */
char *json_finish(json_t *j);
/* A JSON string; bytes that are no UTF-8 become U+FFFD, as in a Java string. */
json_t *json_text(const char *s);
json_t *json_number_text(int64_t v); /* "123" */
json_t *json_ints(struct int_list l);

/* Strict readers: false unless the member is there and of that type and range. Strings are borrowed. */
bool json_int(const json_t *obj, const char *key, int32_t *ret);
bool json_string_at(const json_t *obj, const char *key, const char **ret);
bool json_long_text(const json_t *obj, const char *key, int64_t *ret);
/* `ret` is owned; false leaves it untouched. */
bool json_int_list(const json_t *array, struct int_list *ret);

/* String.hashCode, and the spread java.util and scala maps use for buckets. */
uint32_t java_hash(const char *s);
uint32_t java_spread(const char *s);

#endif
