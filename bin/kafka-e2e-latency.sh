#!/bin/sh
# kafka-e2e-latency.sh - measures how long a record takes to a consumer.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau e2e-latency "$@"
