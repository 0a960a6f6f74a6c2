# SPDX-License-Identifier: MIT
"""Runs fuzzers and prints the executions, findings and coverage of each.

    fuzz_table.py --runs N FUZZER                      one line, for N inputs from a fixed seed
    fuzz_table.py --minutes M [--jobs J] FUZZER...     a table, for new inputs, from a corpus kept beside the fuzzer

Seeds, earlier findings and dictionaries stand beside this file. An input is a finding if it crashes, leaks, breaks a
property, or takes more than 10 seconds or 1 GiB; its file is printed.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MORE = {"onnx": [pathlib.Path("/usr/share/libonnx-testdata/data/node")]}  # if the package is installed
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=1024", "-print_final_stats=1"]
ROW = "{:<12} {:>12} {:>9} {:>9}"


def fuzz(fuzzer, folder, corpus, *arguments):
    """Returns executions, edges covered, the files of findings, and the output of a failure. The fuzzer adds inputs to the
    first folder of the corpus."""
    name = fuzzer.name.removeprefix("fuzz_")
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.iterdir())
    inputs = [str(path) for path in (*corpus, HERE / "seeds" / name, HERE / "findings" / name) if path.is_dir()]
    dictionary = HERE / "dictionaries" / name
    if dictionary.exists():
        arguments += (f"-dict={dictionary}",)
    environment = {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_stack_use_after_return=1", **os.environ,
                   "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([fuzzer, *LIMITS, f"-artifact_prefix={folder}/", *arguments, *inputs], capture_output=True,
                          text=True, errors="replace", env=environment, check=False)
    runs = re.findall(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    edges = re.findall(r" cov: (\d+) ", done.stderr)
    found = sorted(set(folder.iterdir()) - before)
    said = "" if done.returncode == 0 else done.stderr[-6000:]
    return int(runs[-1]) if runs else 0, int(edges[-1]) if edges else 0, found, said


def fixed(fuzzer, runs):
    """Runs inputs from a fixed seed; new corpus files are discarded."""
    folder = fuzzer.parent / "artifacts" / fuzzer.name
    with tempfile.TemporaryDirectory() as corpus:
        return fuzz(fuzzer, folder, [pathlib.Path(corpus)], "-seed=1", f"-runs={runs}", "-max_len=4096")


def timed(fuzzer, minutes):
    """Runs new inputs until the time is over, also after a finding."""
    folder = fuzzer.parent / "artifacts" / fuzzer.name
    corpus = fuzzer.parent / "corpus" / fuzzer.name
    corpus.mkdir(parents=True, exist_ok=True)
    more = MORE.get(fuzzer.name.removeprefix("fuzz_"), [])
    executions, coverage, findings, said = 0, 0, [], ""
    end = time.monotonic() + 60 * minutes
    while (left := int(end - time.monotonic())) > 0:
        runs, edges, found, words = fuzz(fuzzer, folder, [corpus, *more], f"-max_total_time={left}", "-max_len=16384")
        executions += runs
        coverage = max(coverage, edges)
        findings += found
        said = said or words
        if words and "Test unit written to" not in words:
            break  # the fuzzer did not start
    return executions, coverage, findings, said


def report(row):
    """Prints the findings and output of a failure, if any; returns whether there was one."""
    *_, findings, said = row
    if said:
        print(said, *findings, sep="\n")
    return bool(said)


def run_once(fuzzer, runs):
    row = executions, coverage, findings, _ = fixed(fuzzer, runs)
    failed = report(row)
    print(f"{fuzzer.name}: {executions:,} executions, {len(findings)} findings, {coverage:,} edges")
    return failed


def run_long(fuzzers, minutes, jobs):
    failed = False
    print(ROW.format("harness", "executions", "findings", "edges"), flush=True)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        rows = [pool.submit(timed, fuzzer, minutes) for fuzzer in fuzzers]
        for fuzzer, row in zip(fuzzers, rows):
            executions, coverage, findings, _ = row.result()
            failed |= report(row.result())
            name = fuzzer.name.removeprefix("fuzz_")
            print(ROW.format(name, f"{executions:,}", len(findings), f"{coverage:,}"), flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser()
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--runs", type=int)
    kind.add_argument("--minutes", type=float)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("fuzzers", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    fuzzers = [path.resolve() for path in options.fuzzers]
    if options.minutes:
        return run_long(fuzzers, options.minutes, options.jobs)
    return any([run_once(fuzzer, options.runs) for fuzzer in fuzzers])


sys.exit(main())
