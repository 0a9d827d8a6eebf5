#!/bin/sh
# kafka-leader-election.sh - elects leaders of partitions.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau leader-election "$@"
