# SPDX-License-Identifier: MIT
"""Compares the section Compatibility of tests/README.md with what onnx_cases prints: the number of passing cases of each
operator, and how many cases are run, pass, and are left out for each reason."""
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).parents[1] / "README.md"


def found(report):
    operators = {name: int(passed) for name, passed in re.findall(r"^(\w+) +(\d+) +\d+ +\d+$", report, re.M)}
    totals = {kind: int(count) for count, kind in re.findall(r"(\d+) (cases|run|passed)\b", report.splitlines()[-1])}
    left_out = [int(count) for count in re.findall(r"^left out, .*: (\d+) cases$", report, re.M)]
    return operators, totals, left_out


def told(section):
    tables = section.split("| operators | |")
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|$", tables[1], re.M)
    names = re.findall(r"\b([A-Z]\w+)(?: (\d+))?", " ".join(rows))
    operators = {name: int(count) for name, count in names if count}
    counts = {what: int(count) for what, count in re.findall(r"^\| ([^|]+?) \| (\d+) \|$", tables[0], re.M)}
    totals = {"cases": int(re.search(r"[Oo]f (\d+) cases", tables[0])[1]), "run": counts["run"],
              "passed": counts["passed"]}
    return operators, totals, [count for what, count in counts.items() if what.startswith("left out")]


def differences(page, report):
    for what, is_told, is_found in zip(("operator", "number"), page, report):
        for name in sorted(is_told.keys() | is_found.keys()):
            if is_told.get(name) != is_found.get(name):
                yield f"{what} '{name}': the page says {is_told.get(name)}, onnx_cases prints {is_found.get(name)}"
    if page[2] != report[2]:
        yield f"left out: the page says {page[2]}, onnx_cases prints {report[2]}"


def main(program):
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        print(done.stdout.strip())
        return 77
    section = PAGE.read_text(encoding="utf-8").split("\n## Compatibility\n")[1].split("\n## ")[0]
    wrong = list(differences(told(section), found(done.stdout)))
    for line in wrong:
        print(f"tests/README.md, Compatibility: {line}")
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
