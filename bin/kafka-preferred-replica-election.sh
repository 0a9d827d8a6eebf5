#!/bin/sh
# kafka-preferred-replica-election.sh - makes preferred leaders of partitions lead again.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau preferred-replica-election "$@"
