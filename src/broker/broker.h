/* broker.h - the whole broker: its parts, in the order they start and stop.
 *
 * Owner: main. Thread: the main thread, except broker_fail.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <signal.h>

#include "base/attr.h"

struct broker;
struct config;

/* Raised against the process by broker_fail, so that the main thread leaves its sigwait. */
#define BROKER_FATAL_SIGNAL SIGUSR2

/* Starts everything and returns when requests are served. On failure one line has been logged, everything that was
 * started is stopped, and the result is < 0. Order: zookeeper.md 3.1. */
int broker_start(struct config *config, struct broker **ret) MUST_CHECK;

/* Orderly end: requests, controller, logs (checkpoints, clean marker), then the ZooKeeper session, whose end removes
 * the registration. Accepts NULL. */
void broker_stop(struct broker *b);

/* The broker cannot go on (no log directory is left): asks the main thread to stop it. Any thread. */
void broker_fail(struct broker *b);
int broker_failed(const struct broker *b);

#endif
