#!/bin/sh
# kafka-server-start.sh - starts a broker, in the foreground or with -daemon in the background.
#
# The broker logs to stdout and to files in $LOG_DIR; with -daemon its output is in $LOG_DIR/kafkaServer.out.

# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"

if [ $# -lt 1 ]; then
	echo "USAGE: $0 [-daemon] server.properties [--override property=value]*"
	exit 1
fi

name=kafkaServer
# shellcheck disable=SC2086 # words on purpose
take_flags ${EXTRA_ARGS:-}
take_flags "$@"
shift "$flags"

program=$(find_program moldaud) || exit 1
launch "$program" "$@"
