/* stop_signal.h - a tool that is told to stop finishes in order: SIGINT, SIGTERM and SIGHUP set a flag, which the tool
 * looks at wherever it waits.
 *
 * Thread: main, but for the flag. Layer: tools.
 */
#ifndef TOOLS_STOP_SIGNAL_H
#define TOOLS_STOP_SIGNAL_H

#include <signal.h>

#include "tools/throttle.h"

/* The number of the signal; 0: none yet. */
extern volatile sig_atomic_t stop_signal;

void stop_signal_catch(void);
/* Real time for a throttle; told to stop as soon as there was a signal. */
extern const struct throttle_clock stop_signal_clock;
/* The exit code of a JVM that was ended by the signal, `otherwise` without one. */
int stop_signal_exit_code(int otherwise);

#endif
