#!/bin/sh
# kafka-verifiable-producer.sh - sends numbers and tells of each whether it was acknowledged.
# shellcheck source=bin/moldau-env.sh
. "$(dirname "$(readlink -f "$0")")/moldau-env.sh"
run moldau verifiable-producer "$@"
