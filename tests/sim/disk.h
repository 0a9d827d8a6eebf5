/* disk.h - the disks of the nodes: real files below one directory, of which a node can lose what it has not synced.
 *
 * A process that is killed leaves everything that it wrote: it is in the page cache. A machine that loses power keeps
 * what was synced, and of the rest a random choice, in whole or in part; creations, renames and truncations are taken
 * as done in order, as journalling file systems do them.
 */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include <stdbool.h>

#include "cluster.h"

/* `root` has a directory "broker-N" for each node. */
void disk_begin(const char *root);
void disk_end(void);
void disk_node_killed(int node, enum ending how);
/* Every change below broker-N/dDIR fails with EIO from now on. */
void disk_break(int node, int dir);
/* The broken ones work again. Of a replica that was made anew on the other one meanwhile, the old directory goes: what
 * a start asks the operator to do by hand. The broker does not run. */
void disk_repair(int node);
bool disk_is_broken(int node);

#endif
