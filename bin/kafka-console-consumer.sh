#!/bin/sh
# kafka-console-consumer.sh - prints messages.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau console-consumer "$@"
