/* loop.h - one network thread: a libev loop with a mailbox.
 *
 * Owner: struct server. Thread: loop_post from any; everything else on the loop itself (loop_assert_here).
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include "base/attr.h"
#include "base/list.h"

struct ev_loop;
struct loop;

/* A message to a loop; embedded in its owner, valid until run. */
struct loop_msg {
	struct list link;
	void (*run)(struct loop_msg *msg);
};

struct loop *loop_new(const char *name);
int loop_start(struct loop *l) MUST_CHECK;	    /* starts the thread */
void loop_post(struct loop *l, struct loop_msg *m); /* any thread; runs in order of posting */
/* Runs fn on the loop and waits for its end; at once when the loop has no thread yet or this is its thread. Not while
 * a lock is held, not from another loop. */
void loop_call(struct loop *l, void (*fn)(void *arg), void *arg);
bool loop_is_here(const struct loop *l);
void loop_assert_here(const struct loop *l);
struct ev_loop *loop_ev(struct loop *l);
struct loop *loop_free(struct loop *l);	       /* runs what is posted, joins; NULL is fine */

#endif
