#!/bin/bash
# fetch.sh DIRECTORY [POM] - brings what a POM beside this script names (default: pom.xml, Apache Kafka 3.9) and its
# dependencies from Maven into DIRECTORY, once.
# Exit status 77 (skip) with a message when there is no Maven, no JDK, or no repository to be reached.
set -euo pipefail
directory=${1:?usage: fetch.sh DIRECTORY [POM]}
pom=${2:-pom.xml}
here=$(cd "$(dirname "$0")" && pwd)

mkdir -p "$directory"
exec 9>"$directory/.lock"
flock 9 # several test processes want them
[ -e "$directory/.complete" ] && exit 0
for program in mvn java javac; do
	if ! command -v "$program" >/dev/null; then
		echo "tests with Apache Kafka are skipped: $program is not installed"
		exit 77
	fi
done
if ! timeout 300 mvn -q -B -f "$here/$pom" dependency:copy-dependencies \
	-DoutputDirectory="$(cd "$directory" && pwd)" -DincludeScope=runtime >"$directory/mvn.log" 2>&1; then
	echo "tests with Apache Kafka are skipped: Maven's repository cannot be reached ($(tail -n 1 "$directory/mvn.log"))"
	exit 77
fi
touch "$directory/.complete"
