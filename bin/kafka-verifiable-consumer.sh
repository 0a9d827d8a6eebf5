#!/bin/sh
# kafka-verifiable-consumer.sh - consumes as a member of a group and tells what happens.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau verifiable-consumer "$@"
