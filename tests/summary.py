# SPDX-License-Identifier: MIT
"""Summarizes meson's test logs: the fuzzers' results, failed and skipped tests with reasons, and a line of totals."""
import json
import os
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
OPTIONAL = {"build-tsan", "build-fuzz"}  # tests/run prints the reason if one is skipped


def records(path):
    with open(path, encoding="utf-8") as log:
        for line in log:
            yield json.loads(line)


def last_line(record):
    lines = [line for line in (record.get("stdout") or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def main(paths):
    passed = failed = skipped = 0
    for path in paths:
        tree = os.path.basename(os.path.dirname(os.path.dirname(path)))
        if not os.path.exists(path):
            if tree in OPTIONAL:
                print(f"SKIPPED {tree}: it did not run")
                skipped += 1
                continue
            print(f"FAILED  {tree}: it did not run")
            failed += 1
            continue
        for record in records(path):
            if tree == "build-fuzz":
                print(f"FUZZED  {last_line(record)}")
            if record["result"] in PASSED:
                passed += 1
            elif record["result"] == "SKIP":
                skipped += 1
                print(f"SKIPPED {tree}: {record['name']}: {last_line(record)}")
            else:
                failed += 1
                print(f"FAILED  {tree}: {record['name']}: {record['result']}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1:]))
