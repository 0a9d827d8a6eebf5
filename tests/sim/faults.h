/* faults.h - what goes wrong in a run, drawn from the seed, and the end of all of it. In a fiber. */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include <stdint.h>

/* Lets things go wrong for so long; then everything that is broken has been set right again. */
void faults_run(int64_t ms);
void faults_heal(void);
/* Boots what has come to an end by itself, as a supervisor does; from time to time after faults_heal. */
void faults_supervise(void);

#endif
