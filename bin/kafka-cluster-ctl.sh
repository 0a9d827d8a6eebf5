#!/bin/sh
# kafka-cluster-ctl.sh - starts and stops the brokers of a cluster, or its ZooKeeper servers, over ssh, and shows which run.
#
# Every host does its part at the same time; a line for each is printed in the order of the command line. What a host
# does is the script of the function on_host below, read by its sh from the standard input: nothing has to be
# installed there but a Kafka home.

# shellcheck disable=SC2034 # variables for the hosts are used by name

usage() {
	cat <<-'EOF'
		Usage: kafka-cluster-ctl.sh start|stop|status [OPTION]... HOST...
		       kafka-cluster-ctl.sh zk-start|zk-stop|zk-status [OPTION]... HOST...

		Starts the brokers on hosts, stops them and waits until they are gone, or shows
		which run; with zk- the same for ZooKeeper servers. Stop the brokers before
		ZooKeeper. A HOST is what ssh takes, such as user@host.

		  --home DIR         Kafka home on the hosts; the one this script is in
		  --properties FILE  configuration, absolute or below the home;
		                     conf/server.properties or conf/zookeeper.properties
		  --log-dir DIR      LOG_DIR on the hosts; logs in the home
		  --user NAME        user on the hosts
		  --timeout SECONDS  how long a start or stop may take; 60
		  --ssh COMMAND      instead of ssh; also MOLDAU_SSH in the environment
		  --help             this text
		  --version          the Kafka version whose behaviour the brokers have

		A line per host. Exit status 1 when one failed, or, for status, does not run.
	EOF
}

fail() {
	echo "kafka-cluster-ctl.sh: $*" >&2
	exit 1
}

# 'it'\''s': a word that a shell reads back as it is.
quoted() {
	printf '%s' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"
	[ -n "$1" ] || printf "''"
}

# What happens on a host. Variables: action, home, properties, log_dir, timeout and those of the kind of server. Prints
# one line, exits with 1 when something failed.
on_host() {
	cat <<'EOF'
cd "$home" 2>/dev/null || { echo "there is no $home"; exit 1; }
case $properties in /*) ;; *) properties=$home/$properties ;; esac
log_dir=${log_dir:-${LOG_DIR:-$home/logs}}
file=$(readlink -f "$properties")

# The configuration that a process was started with.
file_of() {
	name=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | sed -n "$file_word")
	case $name in
	'' | /*) ;;
	*) name=$(readlink "/proc/$1/cwd")/$name ;;
	esac
	[ -z "$name" ] || readlink -f "$name"
}

find_pid() {
	# shellcheck disable=SC2013 # names without blanks
	for comm in $(grep -lx -- "$program" /proc/[0-9]*/comm 2>/dev/null); do
		pid=${comm#/proc/}
		pid=${pid%/comm}
		[ "$(file_of "$pid")" = "$file" ] || continue
		echo "$pid"
		return
	done
}

# The last value of a key in a properties file.
value_of() {
	sed -n "s/^[[:blank:]]*$1[[:blank:]]*[=:][[:blank:]]*//p" "$2" 2>/dev/null | tail -n 1
}

broker_id() {
	id=$(tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | sed -n 's/^\(--override=\)\{0,1\}broker\.id=//p' | tail -n 1)
	[ -n "$id" ] || id=$(value_of 'broker\.id' "$file")
	case $id in
	'' | -*)
		dirs=$(value_of 'log\.dirs' "$file")
		[ -n "$dirs" ] || dirs=$(value_of 'log\.dir' "$file")
		id=$(value_of 'broker\.id' "${dirs%%,*}/meta.properties")
		;;
	esac
	echo "$id"
}

keeper_id() {
	cat "$(value_of dataDir "$file")/myid" 2>/dev/null
}

describe() {
	if [ "$kind" = broker ]; then id=$(broker_id "$1"); else id=$(keeper_id); fi
	echo "pid $1${id:+, $kind $id}"
}

gone() {
	! kill -0 "$1" 2>/dev/null || [ "$(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null)" = Z ]
}

pause() {
	sleep 0.2 2>/dev/null || sleep 1
}

tail_of_output() {
	sed '/^[[:blank:]]*$/d' "$log_dir/$output" 2>/dev/null | tail -n 1
}

start() {
	pid=$(find_pid)
	[ -z "$pid" ] || { echo "running already, $(describe "$pid")"; exit 0; }
	[ -r "$properties" ] || { echo "there is no $properties"; exit 1; }
	rm -f "$log_dir/$output" # what an earlier start has said would count
	LOG_DIR=$log_dir "bin/$start_script" -daemon "$properties" </dev/null >/dev/null 2>&1 ||
		{ echo "bin/$start_script failed"; exit 1; }
	grace=$(($(date +%s) + 2)) # until the process has to be there
	until grep -q "$ready" "$log_dir/$output" 2>/dev/null; do
		pid=$(find_pid)
		[ -z "$pid" ] || grace=0
		if [ -z "$pid" ] && [ "$(date +%s)" -gt "$grace" ]; then echo "did not start: $(tail_of_output)"; exit 1; fi
		if [ "$(date +%s)" -ge "$end" ]; then echo "not ready within $timeout s${pid:+, pid $pid}: $(tail_of_output)"; exit 1; fi
		pause
	done
	pid=$(find_pid)
	[ -n "$pid" ] || { echo "did not start: $(tail_of_output)"; exit 1; }
	echo "started, $(describe "$pid")"
}

stop() {
	pid=$(find_pid)
	[ -n "$pid" ] || { echo "not running"; exit 0; }
	what=$(describe "$pid")
	kill -s TERM "$pid" 2>/dev/null || gone "$pid" || { echo "cannot be stopped, $what"; exit 1; }
	until gone "$pid"; do
		if [ "$(date +%s)" -ge "$end" ]; then echo "still running after $timeout s, $what"; exit 1; fi
		pause
	done
	echo "stopped, $what"
}

status() {
	pid=$(find_pid)
	[ -n "$pid" ] || { echo "not running"; exit 1; }
	echo "running, $(describe "$pid")"
}

end=$(($(date +%s) + timeout))
$action
EOF
}

# --- the command line ---

home=$(dirname "$(dirname "$(readlink -f "$0")")")
properties=
log_dir=
user=
timeout=60
ssh=${MOLDAU_SSH:-ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5}
action=
hosts=

while [ $# -gt 0 ]; do
	case $1 in
	--help)
		usage
		exit 0
		;;
	--version)
		echo 3.9.0
		exit 0
		;;
	--home | --properties | --log-dir | --user | --timeout | --ssh)
		[ $# -gt 1 ] || fail "$1 needs a value"
		option=$1
		value=$2
		shift
		;;
	--home=* | --properties=* | --log-dir=* | --user=* | --timeout=* | --ssh=*)
		option=${1%%=*}
		value=${1#*=}
		;;
	-*)
		fail "there is no option $1; --help lists them"
		;;
	*)
		option=
		if [ -z "$action" ]; then action=$1; else hosts="$hosts $1"; fi
		;;
	esac
	case $option in
	--home) home=$value ;;
	--properties) properties=$value ;;
	--log-dir) log_dir=$value ;;
	--user) user=$value ;;
	--timeout) timeout=$value ;;
	--ssh) ssh=$value ;;
	esac
	shift
done

case $action in
start | stop | status)
	kind=broker
	program=moldaud
	file_word=2p
	properties=${properties:-conf/server.properties}
	start_script=kafka-server-start.sh
	output=kafkaServer.out
	ready='started (kafka.server.KafkaServer)'
	;;
zk-start | zk-stop | zk-status)
	kind=server
	program=java
	file_word='/^org\.apache\.zookeeper\.server\.quorum\.QuorumPeerMain$/{n;p;}'
	properties=${properties:-conf/zookeeper.properties}
	start_script=zookeeper-server-start.sh
	output=zookeeper.out
	ready='binding to port'
	;;
'')
	usage >&2
	exit 1
	;;
*)
	fail "there is no action $action; --help lists them"
	;;
esac
[ -n "$hosts" ] || fail "no host given"
case $timeout in
'' | *[!0-9]*) fail "--timeout $timeout: not a number of seconds" ;;
esac
timeout=$((1$timeout - 1$(echo "$timeout" | tr 0-9 0))) # without zeros in front

# --- the hosts ---

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
{
	for name in home properties log_dir timeout kind program file_word start_script output ready; do
		eval "value=\$$name"
		echo "$name=$(quoted "$value")"
	done
	echo "action=${action#zk-}"
	on_host
} >"$work/script"

n=0
for host in $hosts; do
	n=$((n + 1))
	(
		# shellcheck disable=SC2086 # words on purpose
		$ssh ${user:+-l "$user"} "$host" 'exec sh -s' <"$work/script" >"$work/$n.out" 2>"$work/$n.err"
		echo $? >"$work/$n.status"
	) &
done
wait

n=0
failed=0
for host in $hosts; do
	n=$((n + 1))
	line=$(tail -n 1 "$work/$n.out")
	[ -n "$line" ] || line="no answer: $(tail -n 1 "$work/$n.err")"
	echo "$host: $line"
	[ "$(cat "$work/$n.status")" = 0 ] || failed=1
done
exit "$failed"
