#!/bin/sh
# kafka-reassign-partitions.sh - moves partitions to other brokers or log directories.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau reassign-partitions "$@"
