#!/bin/sh
# kafka-log-dirs.sh - shows what the log directories of brokers hold.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau log-dirs "$@"
