/* owner.c - Kafka's Utils.abs maps the smallest int to 0; that is not `h & 0x7fffffff`. */
#include "coordinator/owner.h"

#include <assert.h>

int32_t coordinator_partition(struct str id, int32_t n)
{
	int32_t h = str_java_hash(id);

	assert(n > 0);
	if (h == INT32_MIN)
		h = 0;
	return (h < 0 ? -h : h) % n;
}
