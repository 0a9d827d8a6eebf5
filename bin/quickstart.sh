#!/bin/bash
# quickstart.sh - from a fresh Debian 12 to a running broker with a message in it.
#
# Installs the packages, builds, starts a ZooKeeper (Debian's) and a broker on loopback, creates a topic, sends and reads
# back a message, shows the znodes. Both servers stay running; the last lines say how to stop them.
set -euo pipefail
cd "$(dirname "$0")/.."

topic=quickstart
work=${MOLDAU_QUICKSTART_DIR:-$PWD/build/quickstart}
zookeeper_port=${ZOOKEEPER_PORT:-2181}
broker_port=${BROKER_PORT:-9092}

say() {
	printf '\n== %s ==\n' "$*"
}

port_open() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

wait_for_port() { # port, what, log file
	local i
	for ((i = 0; i < 600; i++)); do
		port_open "$1" && return 0
		sleep 0.1
	done
	echo "$2 did not come up on port $1 within a minute; see $3" >&2
	exit 1
}

must_be_free() { # port, what, variable
	if port_open "$1"; then
		echo "Port $1 is in use already; stop what listens there, or set $3 for $2." >&2
		exit 1
	fi
}

say "Packages"
scripts/packages.sh build run

say "Build"
[ -x configure ] || ./bootstrap >/dev/null 2>&1
mkdir -p build
(cd build && { [ -f Makefile ] || ../configure -q; } && make -s -j"$(nproc)")

must_be_free "$zookeeper_port" ZooKeeper ZOOKEEPER_PORT
must_be_free "$broker_port" "the broker" BROKER_PORT
mkdir -p "$work"
export LOG_DIR=$work/logs

say "ZooKeeper on 127.0.0.1:$zookeeper_port"
sed -e "s|^dataDir=.*|dataDir=$work/zookeeper|" -e "s|^clientPort=.*|clientPort=$zookeeper_port|" \
	conf/zookeeper.properties >"$work/zookeeper.properties"
echo "clientPortAddress=127.0.0.1" >>"$work/zookeeper.properties"
bin/zookeeper-server-start.sh -daemon "$work/zookeeper.properties"
wait_for_port "$zookeeper_port" ZooKeeper "$LOG_DIR/zookeeper.out"

say "Broker on 127.0.0.1:$broker_port"
bin/kafka-server-start.sh -daemon conf/server.properties \
	--override "zookeeper.connect=127.0.0.1:$zookeeper_port/kafka" \
	--override "listeners=PLAINTEXT://127.0.0.1:$broker_port" \
	--override "log.dirs=$work/kafka-logs"
wait_for_port "$broker_port" "The broker" "$LOG_DIR/kafkaServer.out"

server=127.0.0.1:$broker_port
say "A topic"
bin/kafka-topics.sh --bootstrap-server "$server" --create --if-not-exists --topic "$topic" --partitions 3 \
	--replication-factor 1
bin/kafka-topics.sh --bootstrap-server "$server" --describe --topic "$topic"

say "A message in, a message out"
message="Hello from $(hostname) at $(date -u +%H:%M:%S)"
echo "sending:  $message"
echo "$message" | bin/kafka-console-producer.sh --bootstrap-server "$server" --topic "$topic"
for partition in 0 1 2; do
	bin/kafka-console-consumer.sh --bootstrap-server "$server" --topic "$topic" --partition "$partition" \
		--offset earliest --timeout-ms 1000 2>/dev/null
done | sed 's/^/received: /'

say "What ZooKeeper holds"
for path in /kafka /kafka/brokers/ids /kafka/brokers/topics; do
	echo "ls $path"
	bin/zookeeper-shell.sh "127.0.0.1:$zookeeper_port" ls "$path" | tail -n 1
done

cat <<END

ZooKeeper and the broker are running. Logs: $LOG_DIR
To stop them:
    bin/kafka-server-stop.sh; bin/zookeeper-server-stop.sh
END
