#!/bin/sh
# zookeeper-server-start.sh - starts a ZooKeeper server from Debian's package, in the foreground or with -daemon.
#
# Environment: JAVA_HOME, KAFKA_HEAP_OPTS, KAFKA_OPTS; KAFKA_LOG4J_OPTS replaces logging to the standard output.

# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"

if [ $# -lt 1 ]; then
	echo "USAGE: $0 [-daemon] zookeeper.properties"
	exit 1
fi

name=zookeeper
# shellcheck disable=SC2086 # words on purpose
take_flags ${EXTRA_ARGS:-}
take_flags "$@"
shift "$flags"

jars=/usr/share/java
if [ ! -e "$jars/zookeeper.jar" ]; then
	echo "$jars/zookeeper.jar not found: apt-get install zookeeper" >&2
	exit 1
fi
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
if ! command -v "$java" >/dev/null; then
	echo "$java not found: apt-get install default-jre-headless" >&2
	exit 1
fi

# The jar names what it needs in its manifest, but no logger to write with.
simple=-Dorg.slf4j.simpleLogger
stdout="$simple.logFile=System.out $simple.levelInBrackets=true $simple.showDateTime=true"
stdout="$stdout $simple.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss,SSS"
logging=${KAFKA_LOG4J_OPTS:-$stdout}

# shellcheck disable=SC2086 # options are words
launch "$java" ${KAFKA_HEAP_OPTS:--Xmx512M -Xms512M} $logging ${KAFKA_OPTS:-} \
	-cp "$jars/zookeeper.jar:$jars/slf4j-simple.jar" \
	org.apache.zookeeper.server.quorum.QuorumPeerMain "$@"
