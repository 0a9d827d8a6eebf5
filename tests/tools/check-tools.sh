#!/bin/sh
# check-tools.sh - every tool and script has all that belongs to it: a file in bin/ that is installed, a manual page that
# groff takes without a warning, a place in the completion. Prints each offence and fails when there is one.
#
# Runs in the build directory; the source tree is $TEST_SRCDIR.

src=${TEST_SRCDIR:-.}
found=$(mktemp) || exit 1
trap 'rm -f "$found"' EXIT
moldau=./moldau

say() {
	echo "$*" >>"$found"
}

# A tool's script is a wrapper that runs the tool of its name.
check_wrapper() { # tool, script
	file=$src/bin/$2
	if [ ! -x "$file" ]; then
		say "$file: missing, or not executable"
		return
	fi
	grep -q "^run moldau $1 \"\\\$@\"\$" "$file" || say "$file: does not run moldau $1"
	grep -q "^# $2 - " "$file" || say "$file: does not say what it is"
}

check_installed() { # script
	case $1 in
	moldau | moldaud) return ;;
	esac
	grep -q "bin/$1\\( \\|\$\\)" "$src/bin/local.mk" || say "$src/bin/local.mk: $1 is not installed"
}

check_page() { # page
	if [ ! -s "man/$1" ]; then
		say "man/$1: not made"
		return
	fi
	warnings=$(groff -man -ww -z -Tutf8 "man/$1" 2>&1)
	[ -z "$warnings" ] || say "man/$1: $warnings"
	for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' ENVIRONMENT 'SEE ALSO'; do
		grep -q "^\\.SH $section\$" "man/$1" || say "man/$1: no section $section"
	done
}

# Pages that a page refers to exist.
check_references() { # page
	sed -n '/^\.SH SEE ALSO/,$p' "man/$1" | tr ',' '\n' | sed -n 's/\\//g; s/^ *\([^ (]*\)(\([0-9]\)).*/\1.\2/p' |
		while read -r page; do
			[ -s "man/$page" ] || say "man/$1: refers to $page, which does not exist"
		done
}

check_completion() { # script
	grep -q "^	$1) specs=" completion/moldau || say "completion/moldau: knows no $1"
}

$moldau manual >"$found.pages" || exit 1
while read -r page; do
	script=${page%.*}
	check_page "$page"
	check_references "$page"
	check_installed "$script"
	check_completion "$script"
done <"$found.pages"

# The tools and their scripts, as the completion has them.
sed -n 's/^	\([^ ]*\)) script=\([^ ]*\) ;;$/\1 \2/p' completion/moldau >"$found.tools"
[ -s "$found.tools" ] || say "completion/moldau: no tools"
while read -r tool script; do
	check_wrapper "$tool" "$script"
done <"$found.tools"

# And the other way round: no script without a page.
for file in "$src"/bin/*.sh; do
	script=${file##*/}
	case $script in
	moldau-env.sh | quickstart.sh) continue ;;
	esac
	grep -q "^$script\\.[18]\$" "$found.pages" || say "$file: no tool or script of this name in src/tools"
done

rm -f "$found.pages" "$found.tools"
cat "$found"
[ ! -s "$found" ]
