/* fixture.h - what the tests against a real ZooKeeper share.
 *
 * Such a program starts itself again under with_zookeeper.sh when no ZooKeeper is given, so it runs like any other
 * test. Each test works in a chroot of its own.
 */
#ifndef TESTS_ZK_FIXTURE_H
#define TESTS_ZK_FIXTURE_H

#include <stdint.h>

struct zk_session;

/* First thing in main. Returns only with a ZooKeeper. */
void fixture_zookeeper(int argc, char **argv);
/* A session in the chroot "/NAME", which is made; aborts the program when it cannot. */
struct zk_session *fixture_session(const char *name, int32_t timeout_ms);
/* Ends the session as ZooKeeper would after a long silence: a second client takes it over and closes it. */
void fixture_expire(struct zk_session *s);
/* Waits until ok(arg), at most 20 s; fails the test otherwise. */
void fixture_until(const char *what, int (*ok)(void *arg), void *arg);
/* ZooKeeper hangs, and goes on. */
void fixture_pause(void);
void fixture_resume(void);

#endif
