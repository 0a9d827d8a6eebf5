/* client_log.h - librdkafka's own messages as log lines of a Java client on stderr.
 *
 * Thread: any, librdkafka's too; the lines are written whole. Layer: tools.
 */
#ifndef TOOLS_CLIENT_LOG_H
#define TOOLS_CLIENT_LOG_H

struct rd_kafka_conf_s;

/* `kind` is "Producer" or "Consumer"; `group` may be NULL. Warnings and errors are shown, nothing else; a broker that
 * cannot be reached is said so in the words of NetworkClient, not more than once a second. One client per process. */
void client_log_install(
	struct rd_kafka_conf_s *conf, const char *kind, const char *client_id, const char *group);

/* The same for an error that came as an event. */
void client_log_error(int err, const char *reason);

#endif
