/* listener_change.c - see listener_change.h; DynamicListenerConfig.reconfigure of 3.9, but for listeners that move, which
 * Apache leaves where they were until the next start. */
#include "broker/listener_change.h"

#include <string.h>

#include "broker/config.h"
#include "broker/settings.h"
#include "net/server.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.network.SocketServer"
#include "base/logger.h"

static void close_missing(struct server *s, const struct config *from, const struct config *to)
{
	size_t n;
	const struct zk_endpoint *old = config_listeners(from, &n);
	struct server_listener ignored;

	for (size_t i = 0; i < n; i++) {
		if (settings_listener(to, old[i].listener, &ignored))
			continue;
		log_info("Removing data-plane listener %s://%s:%d", old[i].listener, old[i].host,
			(int)old[i].port);
		server_close_listener(s, old[i].listener);
	}
}

static bool same_address(const struct config *from, const struct server_listener *now)
{
	struct server_listener old;

	return settings_listener(from, now->name, &old) && old.port == now->port && !strcmp(old.host, now->host);
}

static void open_or_move(struct server *s, const struct config *from, const struct server_listener *l)
{
	if (server_port(s, l->name) < 0) {
		log_info("Adding data-plane listener %s://%s:%d", l->name, l->host, l->port);
		if (server_open_listener(s, l) < 0)
			log_error("Unable to start acceptor for ListenerName(%s): nobody is told of it until "
				  "another change of listeners can open it.",
				l->name);
	} else if (!same_address(from, l)) {
		log_info("Moving data-plane listener %s to %s:%d", l->name, l->host, l->port);
		if (server_move_listener(s, l) < 0)
			log_error("ListenerName(%s) stays where it was.", l->name);
	}
}

void listener_change_apply(struct server *s, const struct config *from, const struct config *to)
{
	size_t n;
	const struct zk_endpoint *v = config_listeners(to, &n);
	struct server_listener l;

	close_missing(s, from, to);
	for (size_t i = 0; i < n; i++) {
		if (settings_listener(to, v[i].listener, &l))
			open_or_move(s, from, &l);
	}
}

void listener_change_limits(struct server *s, const struct config *to)
{
	size_t n;
	const struct zk_endpoint *v = config_listeners(to, &n);
	struct server_listener l;

	for (size_t i = 0; i < n; i++) {
		if (settings_listener(to, v[i].listener, &l))
			server_set_listener_limits(s, l.name, l.limits);
	}
}
