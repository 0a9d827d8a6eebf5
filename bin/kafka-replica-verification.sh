#!/bin/sh
# kafka-replica-verification.sh - compares the replicas of partitions.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau replica-verification "$@"
