#!/bin/bash
# run.sh - installs what the tests need, builds, runs everything, and ends with "N passed, N failed, N skipped".
#
#   tests/run.sh            everything: unit and integration tests, plain, then under sanitizers
#   tests/run.sh plain      one plain build only
#   tests/run.sh asan       one build with the address and undefined behaviour sanitizers only
#   tests/run.sh tsan       the threaded unit tests under the thread sanitizer only
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
jobs=$(nproc)
workers=$((jobs < 2 ? 2 : jobs > 4 ? 4 : jobs))
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
failed_step=0

configure_and_build() { # directory, configure arguments
	local dir=$1
	shift
	mkdir -p "$dir"
	(
		cd "$dir"
		"$root/configure" -q "$@"
		make -s -j"$jobs" all
		make -s -j"$jobs" check TESTS= # builds the test programs, runs none
	)
}

unit() { # directory, name, make arguments
	local dir=$1 name=$2
	shift 2
	(cd "$dir" && make -s -j"$jobs" -k check "$@" >"$results/$name.out" 2>&1) || true
	/usr/bin/python3 "$root/tests/count.py" unit "$dir" "$results/$name.count" || failed_step=1
}

run_pytest() { # folder of tests/, build directory, name, pytest arguments
	local folder=$1 build=$2 name=$3
	shift 3
	(cd "$root/tests/$folder" && MOLDAU_BUILD=$build timeout -k 60 2700 /usr/bin/python3 -m pytest -q -p no:cacheprovider \
		--junitxml="$results/$name.xml" "$@" .) || true
	/usr/bin/python3 "$root/tests/count.py" junit "$results/$name.xml" "$results/$name.count" || failed_step=1
}

# Files are spread over the workers; then what is marked as measuring time runs with the machine to itself.
system_tests() { # folder of tests/, build directory, name, workers
	run_pytest "$1" "$2" "$3" -n "$4" --dist loadfile -m "not alone"
	if grep -rq --include="*.py" "mark\.alone" "$root/tests/$1"; then
		run_pytest "$1" "$2" "$3-alone" -m alone
	fi
}

plain() {
	echo "== plain build =="
	configure_and_build "$root/build" CC=gcc
	unit "$root/build" plain-unit
	system_tests integration "$root/build" plain-integration "$workers"
	system_tests cluster "$root/build" plain-cluster "$workers"
	system_tests peers "$root/build" plain-peers 1 # Java's programs are many threads already
}

asan() {
	echo "== address and undefined behaviour sanitizers =="
	configure_and_build "$root/build-asan" CC=clang --enable-asan --enable-ubsan
	unit "$root/build-asan" asan-unit
	MOLDAU_TEST_SLOW=3 system_tests integration "$root/build-asan" asan-integration "$workers"
	MOLDAU_TEST_SLOW=3 system_tests cluster "$root/build-asan" asan-cluster "$workers"
}

tsan() {
	echo "== thread sanitizer: threaded unit tests =="
	configure_and_build "$root/build-tsan" CC=clang --enable-tsan
	unit "$root/build-tsan" tsan-unit
}

scripts/packages.sh build run test
./bootstrap >"$results/bootstrap.out" 2>&1 || {
	cat "$results/bootstrap.out"
	exit 1
}
case ${1:-all} in
all)
	plain
	asan
	tsan
	;;
plain | asan | tsan) "$1" ;;
*)
	echo "usage: tests/run.sh [plain|asan|tsan]" >&2
	exit 1
	;;
esac

/usr/bin/python3 tests/count.py sum "$results"/*.count || failed_step=1
exit "$failed_step"
