#!/bin/sh
# check-tree.sh - rules of the source tree that the compiler does not know. Prints each offence as
# file:line: what is wrong, and fails when there is one.
#
#   layers    a file includes its own folder and those left of it in $layers, never to the right;
#             coordinator and controller do not include each other
#   private   x_priv.h is included from its own folder and the tests of that folder only
#   build     every source, header, unit test and fuzz target is named in a local.mk
#   length    .c 800 lines, handlers in src/api 300, .h 250; more needs a reason: a line with "Length:" in the
#             comment at the top of the file
#
# The tree is $TEST_SRCDIR, or the first argument, or the directory above this script.

layers='base protocol record storage security net zk metadata replica coordinator controller api broker tools'

cd "${1:-${TEST_SRCDIR:-$(dirname "$0")/..}}" || exit 1
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT

sources() {
	find src tests -type f \( -name '*.c' -o -name '*.h' -o -name '*.def' \) | sort
}

check_includes() {
	sources | while read -r file; do
		folder=${file#*/}
		echo "$file ${folder%%/*}"
	done | awk -v layers="$layers" '
	BEGIN {
		n = split(layers, name, " ")
		for (i = 1; i <= n; i++)
			rank[name[i]] = i
	}
	function check(file, folder, line, path,	to) {
		if (path !~ /\//)
			return
		to = path
		sub(/\/.*/, "", to)
		if (!(to in rank)) {
			if (!(path ~ /^tests\//))
				printf "%s:%d: includes %s, which is in no layer\n", file, line, path
			return
		}
		if ((folder in rank) && rank[to] > rank[folder])
			printf "%s:%d: %s includes %s: upward\n", file, line, folder, path
		if (folder == "controller" && to == "coordinator")
			printf "%s:%d: %s includes %s: they do not know each other\n", file, line, folder, path
		if (path ~ /_priv\.h$/ && to != folder)
			printf "%s:%d: includes %s, which is private to %s\n", file, line, path, to
	}
	{
		file = $1; folder = $2; line = 0
		while ((getline text < file) > 0) {
			line++
			if (text ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
				split(text, part, "\"")
				check(file, folder, line, part[2])
			}
		}
		close(file)
	}'
}

# All words of all local.mk, one per line: a file counts as named when it is one of them.
named() {
	cat src/*/local.mk tests/*/local.mk | sed 's/#.*//' | tr -s ' \t\\' '\n\n\n' | sort -u
}

check_named() {
	find src -type f \( -name '*.c' -o -name '*.h' \) >"$found.files"
	find tests -type f \( -name 'test_*.c' -o -name 'fuzz_*.c' \) >>"$found.files"
	named >"$found.named"
	sort "$found.files" | comm -23 - "$found.named" | sed 's/$/:1: no local.mk names it/'
	rm -f "$found.files" "$found.named"
}

check_length() {
	sources | grep -v '\.def$' | while read -r file; do
		case $file in
		src/api/*.c) limit=300 ;;
		*.h) limit=250 ;;
		*) limit=800 ;;
		esac
		lines=$(wc -l <"$file")
		[ "$lines" -le "$limit" ] && continue
		sed '/\*\//q' "$file" | grep -q 'Length:' && continue
		echo "$file:$limit: $((lines)) lines, the limit is $limit, and its first comment gives no \"Length:\" reason"
	done
}

LC_ALL=C
export LC_ALL
{
	check_includes
	check_named
	check_length
} >"$found"

cat "$found"
[ ! -s "$found" ]
