#!/bin/sh
# kafka-console-producer.sh - sends lines of the standard input as messages.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau console-producer "$@"
