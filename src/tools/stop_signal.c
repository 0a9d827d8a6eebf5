/* stop_signal.c - see the header. Waits are cut into pieces, since a signal may come just before one begins. */
#include "tools/stop_signal.h"

#include <stddef.h>
#include <time.h>

#include "base/attr.h"

#define PIECE_NS 50000000

volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
	stop_signal = number;
}

void stop_signal_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction stop = {.sa_handler = on_signal};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct sigaction old;

		/* What the parent has us ignore (nohup) stays ignored. */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &stop, NULL);
	}
}

static int64_t now_ns(const struct throttle_clock *c)
{
	return throttle_clock_real.now_ns(c);
}

static bool sleep_ns(const struct throttle_clock *c, int64_t ns)
{
	(void)c;
	if (!stop_signal) {
		struct timespec piece = {.tv_nsec = MIN(ns, PIECE_NS)};

		nanosleep(&piece, NULL);
	}
	return !stop_signal;
}

const struct throttle_clock stop_signal_clock = {now_ns, sleep_ns};

int stop_signal_exit_code(int otherwise)
{
	return stop_signal ? 128 + stop_signal : otherwise;
}
