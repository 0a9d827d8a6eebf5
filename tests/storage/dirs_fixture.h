/* dirs_fixture.h - for tests of log_dirs: two scratch directories, a fake clock, captured log lines. */
#ifndef TESTS_STORAGE_DIRS_FIXTURE_H
#define TESTS_STORAGE_DIRS_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/worker.h"
#include "storage/log_dirs.h"

struct dirs_fixture {
	char *root, *paths[2]; /* root/a and root/b */
	struct clock_fake clock;
	struct log_dirs_config config;
	struct log_dirs *d;
	atomic_int offline_calls, all_offline_calls;
	char last_offline[512];
};

extern struct dirs_fixture fx;

/* cmocka set-up and tear-down: nothing is open yet. */
int dirs_fixture_setup(void **state);
int dirs_fixture_teardown(void **state);
/* Opens with n directories and loads; NULL scheduler. */
void dirs_open(size_t n, struct scheduler *scheduler);
void dirs_load(void);
void dirs_close(void);
/* Captured lines that contain `text`, of at least `min` level names ("ERROR"), or any for NULL. */
int dirs_lines(const char *level, const char *text);
void dirs_forget_lines(void);
/* Waits until *n reaches want; fails the test after ten seconds. */
void dirs_wait(atomic_int *n, int want);
void dirs_wait_offline(int dirs);
int64_t dirs_online(void);

#endif
