#!/bin/sh
# kafka-cluster.sh - prints the id of the cluster.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau cluster "$@"
