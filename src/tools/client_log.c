/* client_log.c - what librdkafka has to say, in the shape that people know from Kafka's tools.
 *
 * librdkafka reports the same failure several times: as a log line of the connection, and through the error callback.
 * Only the callback's reports are shown for connections; of the log, what is at least a warning.
 */
#include "tools/client_log.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "tools/report.h"

#define NETWORK_CLIENT "org.apache.kafka.clients.NetworkClient"

static char prefix[256]; /* "[Producer clientId=console-producer]"; set before the client starts */
static atomic_llong last_connection_line;

/* At most one line a second about connections. */
static int may_print(void)
{
	long long now = clock_mono_ms(&clock_real), last = atomic_load(&last_connection_line);

	return now - last >= 1000 &&
	       atomic_compare_exchange_strong(&last_connection_line, &last, now);
}

void client_log_error(int err, const char *reason)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
		if (may_print())
			report("WARN", NETWORK_CLIENT,
				"%s Connection to node could not be established. Node may not be "
				"available. (%s)",
				prefix, reason);
		break;
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		break; /* said for each of them */
	default:
		report("ERROR", NETWORK_CLIENT, "%s %s: %s", prefix,
			rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
	}
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
	(void)rk;
	(void)opaque;
	client_log_error(err, reason);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	if (level > LOG_WARNING || strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0)
		return;
	/* Hints about settings that nobody here chose, and resets of offsets, which were asked for. */
	if (strcmp(facility, "CONFWARN") == 0 || strcmp(facility, "OFFSET") == 0)
		return;
	report(level <= LOG_ERR ? "ERROR" : "WARN", NETWORK_CLIENT, "%s %s: %s", prefix, facility,
		text);
}

void client_log_install(
	rd_kafka_conf_t *conf, const char *kind, const char *client_id, const char *group)
{
	if (group)
		snprintf(prefix, sizeof(prefix), "[%s clientId=%s, groupId=%s]", kind, client_id,
			group);
	else
		snprintf(prefix, sizeof(prefix), "[%s clientId=%s]", kind, client_id);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
}
