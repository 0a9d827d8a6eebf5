/* fuzz_znode.c - any bytes as the content of any znode: the first byte chooses the decoder. What decodes must encode
 * to something that decodes again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zk/znode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int r)
{
	if (r != 0)
		abort();
}

/* One round trip of a struct that has a fini function. */
#define ROUND(type, name, fini)                                                                    \
	static void round_##name(const char *text, int32_t len)                                    \
	{                                                                                          \
		type v, w;                                                                         \
		char *again;                                                                       \
                                                                                                   \
		if (name##_decode(text, len, &v) != 0)                                             \
			return;                                                                    \
		again = name##_encode(&v);                                                         \
		must(name##_decode(again, (int32_t)strlen(again), &w));                            \
		free(again);                                                                       \
		fini(&v);                                                                          \
		fini(&w);                                                                          \
	}

static void nothing(struct znode_producer_ids *p)
{
	(void)p;
}

ROUND(struct znode_broker, znode_broker, znode_broker_fini)
ROUND(struct znode_topic, znode_topic, znode_topic_fini)
ROUND(struct znode_config, znode_config, znode_config_fini)
ROUND(struct znode_partitions, znode_partitions, znode_partitions_fini)
ROUND(struct znode_partitions, znode_reassign, znode_partitions_fini)
ROUND(struct znode_feature, znode_feature, znode_feature_fini)
ROUND(struct znode_producer_ids, znode_producer_ids, nothing)

static void round_state(const char *text, int32_t len)
{
	struct znode_state v, w;
	char *again;

	if (znode_state_decode(text, len, 1, &v) != 0)
		return;
	again = znode_state_encode(&v);
	must(znode_state_decode(again, (int32_t)strlen(again), 1, &w));
	free(again);
	znode_state_fini(&v);
	znode_state_fini(&w);
}

static void round_small(const char *text, int32_t len)
{
	struct znode_controller c;
	int32_t n;
	char *s;

	(void)!znode_controller_decode(text, len, &c);
	(void)!znode_epoch_decode(text, len, &n);
	(void)!znode_log_dir_event_decode(text, len, &n);
	if (znode_cluster_id_decode(text, len, &s) == 0)
		free(s);
	if (znode_config_change_decode(text, len, &s) == 0)
		free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const rounds[])(const char *, int32_t) = {
		round_znode_broker, round_znode_topic,	  round_znode_config,	    round_znode_partitions,
		round_znode_reassign, round_znode_feature, round_znode_producer_ids, round_state, round_small,
	};
	char *text;

	if (size < 1)
		return 0;
	text = xmalloc(size); /* what session.c hands out ends with a NUL */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	rounds[data[0] % ARRAY_LEN(rounds)](text, (int32_t)size - 1);
	free(text);
	return 0;
}
