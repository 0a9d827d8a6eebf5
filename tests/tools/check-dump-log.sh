#!/bin/sh
# check-dump-log.sh - kafka-dump-log.sh prints what Apache Kafka's own tool printed of the same files
# (data/dump-log/README.md). Runs in the build directory; the source tree is $TEST_SRCDIR.

build=$PWD
cd "${TEST_SRCDIR:-.}/tests/tools/data/dump-log" || exit 1
here=$PWD
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

check() { # name, arguments
	name=$1
	shift
	wanted=expected/$name.err
	[ -e "$wanted" ] || wanted=/dev/null
	status=0
	grep -q '^Exception in thread' "$wanted" && status=1
	"$build/moldau" dump-log "$@" >"$work/out" 2>"$work/raw"
	got=$?
	sed "s|$here|DIR|g" "$work/raw" >"$work/err"
	diff -u "expected/$name.out" "$work/out" && diff -u "$wanted" "$work/err" && [ "$got" -eq "$status" ] && return
	echo "$name: differs from what Apache Kafka prints, or exit code $got and not $status"
	failed=1
}

while read -r name arguments; do
	# shellcheck disable=SC2086 # words on purpose
	check "$name" $arguments
done <commands

exit "$failed"
