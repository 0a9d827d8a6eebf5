#!/bin/sh
# kafka-producer-perf-test.sh - measures how fast records can be sent.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau producer-perf-test "$@"
