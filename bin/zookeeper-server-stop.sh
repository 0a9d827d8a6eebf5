#!/bin/sh
# zookeeper-server-stop.sh - asks the ZooKeeper servers on this machine to stop, and returns at once.
#
# SIGNAL in the environment replaces TERM.

# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"

pids=
for comm in /proc/[0-9]*/comm; do
	pid=${comm#/proc/}
	pid=${pid%/comm}
	[ "$(cat "$comm" 2>/dev/null)" = java ] || continue
	words_of "$pid" | grep -q '^org\.apache\.zookeeper\.server\.quorum\.QuorumPeerMain$' || continue
	pids="$pids $pid"
done

# shellcheck disable=SC2086 # words on purpose
stop zookeeper $pids
