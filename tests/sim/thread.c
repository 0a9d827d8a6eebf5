/* thread.c - what the linker puts in the place of calls into the system (--wrap in local.mk): threads, time, chance. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "cluster.h"
#include "fiber.h"

enum { WALL_AHEAD_S = 1700000000 };

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_join(pthread_t t, void **ret);
pthread_t __wrap_pthread_self(void);
int __wrap_pthread_setname_np(pthread_t t, const char *name);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
ssize_t __wrap_getrandom(void *p, size_t n, unsigned flags);
int __wrap_kill(pid_t pid, int sig);

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	(void)attr;
	*ret = (pthread_t)(uintptr_t)fiber_spawn(fiber_node(), "thread", run, arg);
	return 0;
}

int __wrap_pthread_join(pthread_t t, void **ret)
{
	void *result = fiber_join((struct fiber *)(uintptr_t)t);

	if (ret)
		*ret = result;
	return 0;
}

pthread_t __wrap_pthread_self(void)
{
	return (pthread_t)(uintptr_t)fiber_self();
}

int __wrap_pthread_setname_np(pthread_t t, const char *name)
{
	struct fiber *f = (struct fiber *)(uintptr_t)t;

	strncpy(f->name, name, sizeof(f->name) - 1);
	return 0;
}

int __wrap_nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)left;
	fiber_sleep_ms((int64_t)t->tv_sec * 1000 + t->tv_nsec / 1000000);
	return 0;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	int64_t ms = world_now_ms();

	ret->tv_sec = ms / 1000 + (id == CLOCK_REALTIME ? WALL_AHEAD_S : 0);
	ret->tv_nsec = ms % 1000 * 1000000;
	return 0;
}

ssize_t __wrap_getrandom(void *p, size_t n, unsigned flags)
{
	uint8_t *to = p;

	(void)flags;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)world_random(256);
	return (ssize_t)n;
}

/* broker_fail: the broker asks its main thread to stop it. */
int __wrap_kill(pid_t pid, int sig)
{
	(void)pid;
	(void)sig;
	cluster_broker_failed(fiber_node());
	return 0;
}
