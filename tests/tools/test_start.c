/* test_start.c - every tool starts in less than 20 ms: scripts call them hundreds of times. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/base/unit.h"
#include "tools/tool.h"

#define LIMIT_MS 20
/* The machine may be busy with other tests: the best of so many counts. */
#define TRIES 25

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

extern char **environ;

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* Milliseconds of processor time that `moldau TOOL --version` takes, since other programs may run meanwhile; some tools of
 * Kafka have no such option, and say so. */
static double run_once(const char *tool, const posix_spawn_file_actions_t *actions)
{
	char *argv[] = {(char *)"moldau", (char *)tool, (char *)"--version", NULL};
	struct rusage used;
	int status;
	pid_t pid;

	assert_int_equal(0, posix_spawn(&pid, "./moldau", actions, NULL, argv, environ));
	while (wait4(pid, &status, 0, &used) < 0)
		assert_int_equal(EINTR, errno);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		fail_msg("moldau %s --version: status %#x", tool, status);
	return ms_of(used.ru_utime) + ms_of(used.ru_stime);
}

static double best_of(const char *tool)
{
	posix_spawn_file_actions_t actions;
	double best = 1e9;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < TRIES && best >= LIMIT_MS; i++) {
		double ms = run_once(tool, &actions);

		best = MIN(best, ms);
	}
	posix_spawn_file_actions_destroy(&actions);
	return best;
}

static void every_tool_starts_within_20_ms(void **state)
{
	const struct tool *t;

	(void)state;
#ifdef SANITIZED
	puts("sanitizers take their own time to start");
	skip();
#endif
	for (size_t i = 0; (t = tool_at(i)) && t->run; i++) {
		double ms = best_of(t->name);

		if (ms >= LIMIT_MS)
			fail_msg("moldau %s --version: %.1f ms at best", t->name, ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tool_starts_within_20_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
