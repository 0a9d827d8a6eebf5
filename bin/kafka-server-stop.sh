#!/bin/sh
# kafka-server-stop.sh - asks the brokers on this machine to stop, and returns at once.
#
# All of them, or those chosen with --node-id=N. SIGNAL in the environment replaces TERM.

# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"

node_id=
role=
for arg in "$@"; do
	case $arg in
	--node-id=*) node_id=${arg#*=} ;;
	--process-role=*) role=${arg#*=} ;;
	*)
		echo "USAGE: $0 [--process-role=broker] [--node-id=N]"
		exit 1
		;;
	esac
done

# The id a broker was started with: the last --override counts, then its file.
id_of() {
	override=$(words_of "$1" | sed -n 's/^\(--override=\)\{0,1\}\(broker\|node\)\.id=//p' | tail -n 1)
	if [ -n "$override" ]; then
		echo "$override"
		return
	fi
	file=$(words_of "$1" | sed -n 2p)
	case $file in
	/*) ;;
	*) file=$(readlink "/proc/$1/cwd")/$file ;;
	esac
	sed -n 's/^[[:blank:]]*\(broker\|node\)\.id[[:blank:]]*[=:][[:blank:]]*//p' "$file" 2>/dev/null | tail -n 1
}

pids=
for comm in /proc/[0-9]*/comm; do
	pid=${comm#/proc/}
	pid=${pid%/comm}
	[ "$(cat "$comm" 2>/dev/null)" = moldaud ] || continue
	[ -z "$role" ] || [ "$role" = broker ] || continue
	[ -z "$node_id" ] || [ "$(id_of "$pid")" = "$node_id" ] || continue
	pids="$pids $pid"
done

# shellcheck disable=SC2086 # words on purpose
stop kafka $pids
