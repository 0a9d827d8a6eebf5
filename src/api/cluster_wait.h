/* cluster_wait.h - a request about the cluster waits until a broker that has just started has heard of it.
 *
 * Until the controller's first UpdateMetadata no broker and no topic is known, and a new controller names the brokers
 * before the partitions, and names partitions without a leader before it elects one. Kafka answers from what it has, so a
 * client that asks in that moment learns that there is no such topic (librdkafka then gives its messages up) or no leader
 * (librdkafka remembers that for minutes). We answer when we know.
 *
 * Owner: the request. Thread: any. Layer: api.
 */
#ifndef API_CLUSTER_WAIT_H
#define API_CLUSTER_WAIT_H

struct request;

/* Calls done(req) at once or later, on any thread: when the cluster is known. When it is not in time, closes the
 * connection, so that the client asks another broker. */
void cluster_wait(struct request *req, void (*done)(struct request *req));

#endif
