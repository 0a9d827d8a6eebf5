#!/bin/sh
# kafka-consumer-perf-test.sh - measures how fast records can be consumed.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau consumer-perf-test "$@"
