#!/bin/sh
# zookeeper-shell.sh - commands to ZooKeeper.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau zookeeper-shell "$@"
