#!/bin/bash
# check-completion.sh - what bash offers on the command lines of the tools. Runs in the build directory.
set -u

home=$(mktemp -d) || exit 1
trap 'rm -rf "$home"' EXIT
failures=0
asked=
compopt() { # outside of a completion bash refuses it
	asked=$*
}

# shellcheck source=/dev/null
. completion/moldau

# Completes a line at its end, as bash would.
complete_line() {
	local rest
	COMP_LINE=$1
	COMP_POINT=${#COMP_LINE}
	read -ra COMP_WORDS <<<"$1"
	rest=${COMP_WORDS[0]##*/}
	COMP_CWORD=${#COMP_WORDS[@]}
	COMPREPLY=(left over)
	asked=
	_moldau "$rest" '' ''
}

expect() { # line, wanted words separated by '|'
	local got IFS='|'
	complete_line "$1"
	got="${COMPREPLY[*]}"
	[[ $got == "$2" ]] && return
	echo "'$1': wanted '$2', got '$got'"
	failures=$((failures + 1))
}

expect_files() {
	expect "$1" ''
	[[ $asked == '-o default' ]] && return
	echo "'$1': no file names"
	failures=$((failures + 1))
}

# Tools that answer from a file, beside a script of the name that is on the line.
make_home() {
	local tool
	for tool in kafka-topics.sh kafka-consumer-groups.sh; do
		cat >"$home/$tool" <<-END
			#!/bin/sh
			printf '%s\n' "\$@" >"$home/arguments"
			cat "$home/\${0##*/}.list" 2>/dev/null
			echo "no broker" >&2
		END
		chmod +x "$home/$tool"
	done
	printf '%s\n' clicks clocks other >"$home/kafka-topics.sh.list"
	# shellcheck disable=SC2016 # not to be expanded
	printf '%s\n' 'g1' '$(touch marker)' 'a b' '' '`touch marker`;x' >"$home/kafka-consumer-groups.sh.list"
}

options() {
	expect 'kafka-topics.sh --alt' '--alter'
	expect 'kafka-topics.sh --list --under-' '--under-min-isr-partitions|--under-replicated-partitions'
	expect '/opt/kafka/bin/kafka-topics.sh --if' '--if-exists|--if-not-exists'
	expect 'kafka-topics.sh --nothing' ''
	expect 'kafka-topics.sh --partitions ' ''
	expect 'kafka-topics.sh --partitions 3 --del' '--delete|--delete-config'
	expect 'kafka-server-start.sh -d' '-daemon'
	expect 'kafka-console-consumer.sh --isolation-level read_c' 'read_committed'
	expect 'kafka-console-consumer.sh --isolation-level=' 'read_committed|read_uncommitted'
	expect 'kafka-cluster.sh clu' 'cluster-id'
	expect 'kafka-cluster.sh unregister -i' '-i'
	expect 'kafka-verifiable-producer.sh --acks -' '-1'
	expect 'unknown.sh --l' ''
	complete_line 'kafka-topics.sh '
	[[ " ${COMPREPLY[*]} " == *' --create '* && ${#COMPREPLY[@]} -gt 20 ]] || {
		echo "all options: ${COMPREPLY[*]}"
		failures=$((failures + 1))
	}
}

files() {
	expect_files 'kafka-topics.sh --command-config '
	expect_files 'kafka-topics.sh --command-config=co'
	expect_files 'kafka-server-start.sh -daemon conf/ser'
	expect_files 'moldaud server'
	expect_files 'kafka-cluster.sh cluster-id -c '
}

tools_of_moldau() {
	expect 'moldau top' 'topics'
	expect 'moldau --v' '--version'
	expect 'moldau topics --exclude' '--exclude-internal'
	expect 'moldau kafka-topics.sh --exclude' ''
}

names_of_the_cluster() {
	local tool=$home/kafka-console-consumer.sh
	expect "$tool --bootstrap-server h:9092 --topic cl" 'clicks|clocks'
	expect "$tool --bootstrap-server h:9092 --topic=oth" 'other'
	expect "$tool --topic cl" ''
	[[ $(<"$home/arguments") == $'--list\n--bootstrap-server\nh:9092' ]] || {
		echo "asked with: $(<"$home/arguments")"
		failures=$((failures + 1))
	}
	expect "$tool --bootstrap-server=h:1 --consumer.config c --topic ot" 'other'
	[[ $(<"$home/arguments") == $'--list\n--bootstrap-server\nh:1\n--command-config\nc' ]] || {
		echo "asked with: $(<"$home/arguments")"
		failures=$((failures + 1))
	}
}

# A group may be called anything: it must neither run now nor when the line is sent.
hostile_names() {
	local tool=$home/kafka-console-consumer.sh line names=()
	cd "$home" || return
	complete_line "$tool --bootstrap-server h:9092 --group "
	line="${COMPREPLY[*]}"
	eval "names=($line)"
	# shellcheck disable=SC2016 # not to be expanded
	[[ ${#names[@]} -eq 4 && ${names[1]} == '$(touch marker)' && ${names[2]} == 'a b' && ! -e marker ]] || {
		echo "groups: $line"
		failures=$((failures + 1))
	}
	cd - >/dev/null || return
}

no_answer() {
	rm -f "$home"/*.list
	expect "$home/kafka-console-consumer.sh --bootstrap-server h:9092 --topic c" ''
}

make_home
options
files
tools_of_moldau
names_of_the_cluster
hostile_names
no_answer
[[ $failures -eq 0 ]]
