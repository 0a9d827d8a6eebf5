/* client_metrics.h - a client's metrics by their Java names, made from librdkafka's statistics: what --print-metrics of
 * the performance tools shows. Names that librdkafka measures nothing for are not there.
 *
 * Owner: the tool. Thread: any; one lock. Rates are means over the life of the client. Layer: tools.
 */
#ifndef TOOLS_CLIENT_METRICS_H
#define TOOLS_CLIENT_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/properties.h"
#include "tools/client_properties.h"

struct client_metrics;
struct rd_kafka_conf_s;

/* `config` has the client's settings with Java names. */
struct client_metrics *client_metrics_new(enum client_kind kind, const struct properties *config);
struct client_metrics *client_metrics_free(struct client_metrics *m); /* accepts NULL, returns NULL */

/* Has the client report, by events or to the statistics callback: both are to be passed on to client_metrics_take. */
void client_metrics_conf(struct rd_kafka_conf_s *conf);

/* Takes in one report, librdkafka's JSON text. What is none is ignored. */
void client_metrics_take(struct client_metrics *m, const char *json, size_t len);
/* How many there have been. */
uint64_t client_metrics_reports(struct client_metrics *m);

/* How much a consumer has taken of a topic, whose name must stay; librdkafka knows only what it has fetched. */
void client_metrics_consumed(
	struct client_metrics *m, const char *topic, int64_t records, int64_t bytes);

/* Prints the table, sorted by name. With `fresh` it waits for the next report first, for a second at most. */
void client_metrics_print(struct client_metrics *m, bool fresh, FILE *out);

#endif
