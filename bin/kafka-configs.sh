#!/bin/sh
# kafka-configs.sh - shows and changes settings of topics, brokers, users, clients and ips.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau configs "$@"
