#!/bin/sh
# kafka-consumer-groups.sh - lists and describes consumer groups, deletes them, moves their offsets.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau consumer-groups "$@"
