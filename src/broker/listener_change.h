/* listener_change.h - opens, moves and closes the server's listeners as a change of `listeners` says.
 *
 * Thread: the notification thread of dynamic_config. Layer: wiring.
 */
#ifndef BROKER_LISTENER_CHANGE_H
#define BROKER_LISTENER_CHANGE_H

struct config;
struct server;

/* Names that are gone are closed, with their connections; then those that are not open are opened, and those at another
 * address move. What cannot be opened is logged: the others go on. */
void listener_change_apply(struct server *s, const struct config *from, const struct config *to);
/* The limits of every listener: listener.name.X.max.connections and .max.connection.creation.rate. */
void listener_change_limits(struct server *s, const struct config *to);

#endif
