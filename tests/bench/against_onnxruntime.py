#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Images per second of the float networks and of onnxruntime, with the same threads, measured alternately in one run.

usage: against_onnxruntime.py BENCH_NETWORK PEERS BUILD NETWORK.onnx...
Exits with 77 (skipped) if npm or node is missing or the package cannot be installed.
"""
import os
import statistics
import subprocess
import sys

THREADS, SECONDS, ROUNDS, BATCH = 2, 2, 3, 16


def rate(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return float(done.stdout)


def main():
    bench, peers, build, *networks = sys.argv[1:]
    sys.path.append(peers)
    from peers import install  # pylint: disable=import-outside-toplevel
    modules = install(build)
    for network in networks:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(rate([bench, "speed", network, str(THREADS), str(SECONDS)]))
            theirs.append(rate(["node", os.path.join(peers, "run.mjs"), network, str(THREADS), str(SECONDS), str(BATCH)],
                               PEERS_MODULES=modules))
        mine, peer = statistics.median(ours), statistics.median(theirs)
        print(f"{os.path.basename(network)}: {mine:.0f} images/s, onnxruntime {peer:.0f}, ratio {mine / peer:.2f} "
              f"({THREADS} threads, medians of {ROUNDS})", flush=True)


main()
