/* scripts.h - what is installed beside the tools of `moldau`, described in the same form, for manual and completion.
 *
 * Thread: any; const tables. Layer: tools.
 */
#ifndef TOOLS_SCRIPTS_H
#define TOOLS_SCRIPTS_H

#include <stddef.h>

struct tool;

/* NULL behind the last. */
const struct tool *script_at(size_t i);

#endif
