#!/bin/sh
# kafka-broker-api-versions.sh - shows which requests the brokers serve, and in which versions.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau broker-api-versions "$@"
