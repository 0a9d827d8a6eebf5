#!/bin/bash
# packages.sh build|run|test - installs the Debian packages that building, running or testing Moldau needs.
# Does nothing when they are there already. Uses sudo when not root.
set -euo pipefail

build=(autoconf automake make gcc libc6-dev pkg-config libev-dev libisal-dev libjansson-dev liblz4-dev
	librdkafka-dev libsnappy-dev libssl-dev libzookeeper-mt-dev libzstd-dev uthash-dev zlib1g-dev)
run=(default-jre-headless zookeeper)
tests=(clang groff-base libclang-rt-14-dev llvm libcmocka-dev kcat python3-confluent-kafka python3-kafka python3-kazoo
	python3-lz4 python3-pytest python3-pytest-xdist python3-snappy python3-zstandard shellcheck)

wanted=()
for set in "$@"; do
	case $set in
	build) wanted+=("${build[@]}") ;;
	run) wanted+=("${run[@]}") ;;
	test) wanted+=("${tests[@]}") ;;
	*)
		echo "usage: packages.sh build|run|test ..." >&2
		exit 1
		;;
	esac
done

missing=()
for package in "${wanted[@]}"; do
	dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo)
fi
echo "Installing from Debian: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
