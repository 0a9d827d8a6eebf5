#!/bin/sh
# kafka-delete-records.sh - deletes records of partitions before an offset.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau delete-records "$@"
