# shellcheck shell=sh
# moldau-env.sh - what the scripts of this directory share. Sourced by them, does nothing by itself.
#
# Environment: LOG_DIR (log files and output of daemons; default: logs beside bin), MOLDAU_BUILD (a build
# directory to take the programs from), EXTRA_ARGS (-name N sets the name of the output file; the rest of it
# concerned the JVM and is ignored).

bin_dir=$(dirname "$(readlink -f "$0")")
base_dir=$(dirname "$bin_dir")
LOG_DIR=${LOG_DIR:-$base_dir/logs}
export LOG_DIR
daemon=
name=

# Prints the path of a program: from a build tree, beside the scripts, or in PATH.
find_program() {
	for dir in "${MOLDAU_BUILD:-}" "$base_dir/build" "$base_dir" "$base_dir/sbin" "$base_dir/bin"; do
		if [ -n "$dir" ] && [ -f "$dir/$1" ] && [ -x "$dir/$1" ]; then
			echo "$dir/$1"
			return 0
		fi
	done
	command -v "$1" && return 0
	echo "$1 not found: build it with make, or set MOLDAU_BUILD to the build directory" >&2
	return 1
}

# Becomes a program: run NAME ARGS...
run() {
	program=$(find_program "$1") || exit 1
	shift
	exec "$program" "$@"
}

# Takes -daemon, -name N and -loggc from the front; sets $flags to the number of words taken.
take_flags() {
	flags=0
	while [ $# -gt 0 ]; do
		case $1 in
		-daemon)
			daemon=yes
			;;
		-loggc)
			;;
		-name)
			name=${2:-}
			[ $# -gt 1 ] && shift && flags=$((flags + 1))
			;;
		*)
			return 0
			;;
		esac
		flags=$((flags + 1))
		shift
	done
}

# Runs a command in the foreground, or with -daemon in the background with its output in $LOG_DIR/$name.out.
launch() {
	mkdir -p "$LOG_DIR" || exit 1
	if [ -z "$daemon" ]; then
		exec "$@"
	fi
	nohup "$@" >"$LOG_DIR/$name.out" 2>&1 </dev/null &
}

# The words of a process's command line, one per line.
words_of() {
	tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline"
}

# Sends ${SIGNAL:-TERM} to the processes named, and says so when there are none: stop WHAT PIDS...
stop() {
	what=$1
	shift
	if [ $# -eq 0 ]; then
		echo "No $what server to stop"
		exit 1
	fi
	kill -s "${SIGNAL:-TERM}" "$@"
}
