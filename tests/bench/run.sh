#!/bin/sh
# run.sh - builds the bench and the broker, measures, and prints one table: see README.md beside it.
#
#   tests/bench/run.sh [--quick] [--broker HOST:PORT [--pid PID | --start COMMAND] [--name NAME]] ...
#
# Uses the build directory $MOLDAU_BUILD (default: build/ of the tree, made when absent).
set -eu

here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
build=${MOLDAU_BUILD:-$root/build}

if [ ! -e "$build/Makefile" ]; then
	[ -e "$root/configure" ] || (cd "$root" && ./bootstrap >/dev/null)
	mkdir -p "$build"
	(cd "$build" && "$root/configure" -q)
fi
make -s -C "$build" moldaud bench >&2
exec python3 "$here/bench.py" --build "$build" "$@"
