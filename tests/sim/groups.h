/* groups.h - a consumer group that commits rising positions, and rule 4 of DESIGN.md section 5: what a group was told is
 * committed does not go back by itself. In a fiber. */
#ifndef TESTS_SIM_GROUPS_H
#define TESTS_SIM_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

struct committer {
	const char *group;
	bool lenient; /* nothing is promised */
	bool stop;
	/* its own */
	bool stopped;
	int64_t sent, acknowledged;
};
void committer_start(struct committer *c);
/* When everything is well: what is stored is between what was acknowledged and what was sent. False: no answer yet. */
bool committer_check(const struct committer *c);

#endif
