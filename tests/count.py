#!/usr/bin/env python3
"""Counts test results.

count.py unit BUILD OUT    reads the .trs and .log files that `make check` left, cmocka's single tests included
count.py junit XML OUT     reads pytest's report
count.py sum OUT...        prints "N passed, N failed, N skipped"

Each prints what failed; the exit status is 1 when something did, or when nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def unit(build):
    passed = failed = skipped = 0
    for trs in sorted(Path(build, "tests").rglob("*.trs")):
        result = re.search(r":test-result: (\w+)", trs.read_text()).group(1)
        log = trs.with_suffix(".log").read_text(errors="replace")
        ok = len(re.findall(r"^\[       OK \]", log, re.M))
        bad = len(set(re.findall(r"^\[  FAILED  \] (\S+)$", log, re.M)))
        passed, failed = passed + ok, failed + bad
        skipped += len(re.findall(r"^\[  SKIPPED \] (\S+)$", log, re.M)) // 2
        if result == "SKIP":
            skipped += 1
        elif result in ("FAIL", "ERROR", "XPASS"):
            failed += bad == 0
            print(f"--- {trs.with_suffix('').relative_to(build)} failed, the end of its log:")
            print("\n".join(log.splitlines()[-60:]))
        elif ok == 0 and result == "PASS":
            passed += 1
    return passed, failed, skipped


def junit(xml):
    if not Path(xml).exists():
        print(f"--- no report {xml}: the test runner itself failed")
        return 0, 1, 0
    passed = failed = skipped = 0
    for case in ET.parse(xml).getroot().iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
        elif "skipped" in kinds:
            skipped += 1
            print(f"skipped: {case.get('name')}: {case.find('skipped').get('message')}")
        else:
            passed += 1
    return passed, failed, skipped


def main():
    what = sys.argv[1]
    if what == "sum":
        counts = [tuple(map(int, Path(f).read_text().split())) for f in sys.argv[2:]]
        passed, failed, skipped = (sum(column) for column in zip(*counts))
        print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    else:
        passed, failed, skipped = (unit if what == "unit" else junit)(sys.argv[2])
        Path(sys.argv[3]).write_text(f"{passed} {failed} {skipped}\n")
        print(f"{what}: {passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not (passed or skipped) else 0)


if __name__ == "__main__":
    main()
