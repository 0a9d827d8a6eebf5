#!/bin/sh
# kafka-topics.sh - creates, lists, describes, alters and deletes topics.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau topics "$@"
