#!/bin/sh
# with_zookeeper.sh PROGRAM [ARGUMENT]... - runs a program beside a real ZooKeeper of its own.
#
# Starts Debian's zookeeper on a free loopback port in a temporary directory, exports ZOOKEEPER=127.0.0.1:PORT and
# ZOOKEEPER_PID, runs the program, stops ZooKeeper, removes the directory. Ticks are short, so that sessions may
# expire after 400 ms. Exit status: the program's; 77 (skipped) when there is no ZooKeeper to run.
set -u

jar=${ZOOKEEPER_JAR:-/usr/share/java/zookeeper.jar}
if [ ! -e "$jar" ] || ! command -v java >/dev/null 2>&1; then
	echo "skipped: no $jar or no java (Debian: zookeeper, default-jre-headless)" >&2
	exit 77
fi

dir=$(mktemp -d) || exit 1
pid=
cleanup() {
	if [ -n "$pid" ]; then
		kill -CONT "$pid" 2>/dev/null
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
	port=$(free_port) || exit 1
	cat >"$dir/zoo.cfg" <<-CFG
		tickTime=200
		dataDir=$dir/data
		clientPort=$port
		clientPortAddress=127.0.0.1
		admin.enableServer=false
		maxClientCnxns=0
		4lw.commands.whitelist=*
	CFG
	java -Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dzookeeper.extendedTypesEnabled=true \
		-Dzookeeper.forceSync=no -cp "$jar" \
		org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg" >"$dir/log" 2>&1 &
	pid=$!
}

# True when ZooKeeper answers; false when it died (somebody took the port meanwhile).
answers() {
	python3 - "$port" "$pid" <<-'PY'
		import os, socket, sys, time
		port, pid = int(sys.argv[1]), int(sys.argv[2])
		end = time.monotonic() + 60
		while time.monotonic() < end:
		    try:
		        os.kill(pid, 0)
		        with socket.create_connection(("127.0.0.1", port), 1) as s:
		            s.sendall(b"ruok")
		            if s.recv(4) == b"imok":
		                sys.exit(0)
		    except ProcessLookupError:
		        sys.exit(1)
		    except OSError:
		        pass
		    time.sleep(0.05)
		sys.exit(1)
	PY
}

for try in 1 2 3; do
	start
	answers && break
	kill -KILL "$pid" 2>/dev/null
	pid=
done
if [ -z "$pid" ]; then
	echo "ZooKeeper does not start:" >&2
	tail -20 "$dir/log" >&2
	exit 1
fi

ZOOKEEPER=127.0.0.1:$port ZOOKEEPER_PID=$pid "$@"
