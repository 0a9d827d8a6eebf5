#!/bin/sh
# kafka-get-offsets.sh - prints offsets of partitions.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau get-offsets "$@"
