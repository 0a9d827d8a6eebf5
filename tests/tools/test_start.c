/* test_start.c - every tool starts in less than 20 ms: scripts call them hundreds of times. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
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

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds that `moldau TOOL OPTION` takes; it has to succeed. Without an option it may fail for want of one. */
static double run_once(
	const char *tool, const char *option, const posix_spawn_file_actions_t *actions)
{
	char *argv[] = {(char *)"moldau", (char *)tool, (char *)option, NULL};
	double begin = now_ms();
	int status;
	pid_t pid;

	assert_int_equal(0, posix_spawn(&pid, "./moldau", actions, NULL, argv, environ));
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(EINTR, errno);
	if (!WIFEXITED(status) || (option && WEXITSTATUS(status) != 0))
		fail_msg("moldau %s %s: status %#x", tool, option ? option : "", status);
	return now_ms() - begin;
}

static double best_of(const char *tool, const char *option)
{
	posix_spawn_file_actions_t actions;
	double best = 1e9;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < TRIES && best >= LIMIT_MS; i++) {
		double ms = run_once(tool, option, &actions);

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
		const char *option = tool_has_version(t) ? "--version" : NULL;
		double ms = best_of(t->name, option);

		if (ms >= LIMIT_MS)
			fail_msg("moldau %s: %.1f ms at best", t->name, ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tool_starts_within_20_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
