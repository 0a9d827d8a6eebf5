/* log_dirs_json.c - see log_dirs_priv.h.
 *
 * Java prints maps in the order of their tables; which tables those were, and how large, is followed step by step.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/java_map.h"
#include "tools/java_order.h"
#include "tools/log_dirs_priv.h"
#include "tools/report.h"

typedef struct describe_log_dirs_response_describe_log_dirs_result dir_row;
typedef struct describe_log_dirs_response_describe_log_dirs_partition partition_row;

struct printer {
	FILE *out;
	const struct str *topics;
	size_t topics_n;
};

/* The inside of a text as Jackson writes it. */
static void print_escaped(const struct printer *p, struct str s)
{
	static const char plain[] = "\b\t\n\f\r\"\\", escaped[] = "btnfr\"\\";

	for (int32_t i = 0; i < s.len; i++) {
		const char *at = s.p[i] ? strchr(plain, s.p[i]) : NULL;

		if (at)
			fprintf(p->out, "\\%c", escaped[at - plain]);
		else if ((unsigned char)s.p[i] < 0x20)
			fprintf(p->out, "\\u%04X", (unsigned)s.p[i]);
		else
			fputc(s.p[i], p->out);
	}
}

struct replica {
	struct str topic;
	const partition_row *p;
};

static void print_replica(const struct printer *p, const struct replica *r)
{
	fprintf(p->out, "{\"partition\":\"");
	print_escaped(p, r->topic);
	fprintf(p->out, "-%d\",\"size\":%" PRId64 ",\"offsetLag\":%" PRId64 ",\"isFuture\":%s}",
		r->p->partition_index, r->p->partition_size, r->p->offset_lag,
		r->p->is_future_key ? "true" : "false");
}

static bool wants_topic(const struct printer *p, struct str topic)
{
	for (size_t i = 0; i < p->topics_n; i++)
		if (str_eq(p->topics[i], topic))
			return true;
	return p->topics_n == 0;
}

/* Puts the replicas in the order of a new map. */
static void order_replicas(struct replica *v, size_t n)
{
	struct replica *old = xmemdup(v, n * sizeof(*v));
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < n; i++)
		hashes[i] = java_hash_partition(v[i].topic, v[i].p->partition_index);
	order = java_map_order(hashes, n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < n; i++)
		v[i] = old[order[i]];
	free(order);
	free(hashes);
	free(old);
}

/* A map of all replicas, and one of those that are wanted. */
static void print_replicas(const struct printer *p, const dir_row *d)
{
	struct replica *v = NULL;
	size_t n = 0, cap = 0, kept = 0;

	for (int32_t i = 0; i < d->topics_n; i++)
		for (int32_t j = 0; j < d->topics[i].partitions_n; j++) {
			v = grow_array(v, &cap, n + 1, sizeof(*v));
			v[n++] = (struct replica){d->topics[i].name, &d->topics[i].partitions[j]};
		}
	if (n > 0)
		order_replicas(v, n);
	for (size_t i = 0; i < n; i++)
		if (wants_topic(p, v[i].topic))
			v[kept++] = v[i];
	if (kept > 0)
		order_replicas(v, kept);
	for (size_t i = 0; i < kept; i++) {
		if (i)
			fputc(',', p->out);
		print_replica(p, &v[i]);
	}
	free(v);
}

static void print_dir(const struct printer *p, const dir_row *d)
{
	char exception[96];

	fprintf(p->out, "{\"partitions\":[");
	print_replicas(p, d);
	if (d->error_code)
		fprintf(p->out, "],\"error\":\"%s\",\"logDir\":\"",
			report_exception(d->error_code, exception, sizeof(exception)));
	else
		fprintf(p->out, "],\"error\":null,\"logDir\":\"");
	print_escaped(p, d->log_dir);
	fprintf(p->out, "\"}");
}

static void print_broker(const struct printer *p, const struct broker_dirs *b)
{
	size_t n = (size_t)MAX(b->dirs.results_n, 0), *order;
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));

	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(b->dirs.results[i].log_dir);
	order = java_map_order(hashes, n, n);
	fprintf(p->out, "{\"broker\":%d,\"logDirs\":[", b->id);
	for (size_t i = 0; i < n; i++) {
		if (i)
			fputc(',', p->out);
		print_dir(p, &b->dirs.results[order[i]]);
	}
	fprintf(p->out, "]}");
	free(order);
	free(hashes);
}

void log_dirs_print(const struct broker_dirs *v, size_t n, const struct str *topics,
	size_t topics_n, FILE *out)
{
	struct printer p = {out, topics, topics_n};

	fprintf(out, "{\"brokers\":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			fputc(',', out);
		print_broker(&p, &v[i]);
	}
	fprintf(out, "],\"version\":1}\n");
}
