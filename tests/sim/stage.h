/* stage.h - what scenarios are played with: a cluster whose broker 0 is the controller, one topic of one partition, short
 * words for what is to be done and seen, and the program around them.
 *
 * A scenario runs once per seed of its row, in a process of its own, in a fiber outside of all nodes.
 */
#ifndef TESTS_SIM_STAGE_H
#define TESTS_SIM_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster.h"
#include "fiber.h"
#include "oracle.h"

struct client;

enum { A = 1, B = 2, C = 0 }; /* the leader, a follower, the controller */

#define PATIENCE_MS 60000

#define EXPECT(what)                                                                                                  \
	do {                                                                                                          \
		if (!(what))                                                                                          \
			fail("%s:%d: not so: %s", __FILE__, __LINE__, #what);                                         \
	} while (0)

#define AWAIT(what)                                                                                                   \
	do {                                                                                                          \
		int64_t until_ = world_now_ms() + PATIENCE_MS;                                                        \
		while (!(what)) {                                                                                     \
			if (world_now_ms() > until_)                                                                  \
				fail("%s:%d: never: %s", __FILE__, __LINE__, #what);                                  \
			fiber_sleep_ms(10);                                                                           \
		}                                                                                                     \
	} while (0)

struct scenario {
	const char *name;
	void (*play)(void);
	int brokers;
	uint64_t seeds;
	const char *settings; /* lines of server.properties; NULL: none */
};
/* main of a program: all scenarios, or the one that is named. */
int stage_main(const struct scenario *v, size_t n, int argc, char **argv);

extern struct client *client;
extern const int32_t ab[2]; /* A, B */

/* --- what is --- */

int controller_now(void); /* -1: none */
bool is_registered(int id);
bool leads(int broker, const char *topic);
struct stored_view stored(const char *topic); /* leader and epoch -1: nothing */
bool in_sync(const char *topic, int broker);  /* in ZooKeeper */
int64_t end_of(int broker, const char *topic);
int32_t epoch_of(int broker, const char *topic);
int64_t mark_of(int broker, const char *topic);
/* Does it lead, or say who does, to clients too? */
bool knows(int broker, const char *topic, int leader);

/* --- what is done --- */

/* One partition, led by the first of the replicas, all in sync. */
void make_topic(const char *topic, const int32_t *replicas, int32_t n, const char *key, const char *value);
/* One record without a producer id: the error code, or -errno. */
int produce(int broker, const char *topic, int16_t acks);
void part(int a, int b);
void join(int a, int b);
/* Topic "t" at A and B: the last record is acknowledged, and B does not know it yet; they cannot reach each other from then
 * on. */
void leave_the_mark_behind(void);
/* Until everything is well again; then all logs are compared once more. */
void end_well(void);
void same_logs(const char *topic, int a, int b);

#endif
