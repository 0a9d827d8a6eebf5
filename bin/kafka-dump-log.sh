#!/bin/sh
# kafka-dump-log.sh - prints log segments and their indexes.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau dump-log "$@"
