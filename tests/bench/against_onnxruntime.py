#!/usr/bin/env python3
"""Images a second of the float networks, beside onnxruntime's on the same threads, in turns in one run.

usage: against_onnxruntime.py BENCH_NETWORK PEERS BUILD NETWORK.onnx...
Exits with 77 (skipped) where npm or node is absent or the package cannot be installed.
"""
import os
import shutil
import statistics
import subprocess
import sys

THREADS, SECONDS, ROUNDS, BATCH = 2, 2, 3, 16


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def install(peers, build):
    """onnxruntime-node as package-lock.json pins it, in the build folder."""
    place = os.path.join(build, "peers")
    if not os.path.isdir(os.path.join(place, "node_modules", "onnxruntime-node")):
        os.makedirs(place, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(peers, name), place)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place,
                              capture_output=True, text=True)
        if done.returncode:
            skip("npm cannot install onnxruntime-node: " + (done.stderr.strip().splitlines() or ["?"])[-1])
    return os.path.join(place, "package.json")


def rate(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return float(done.stdout)


def main():
    bench, peers, build, *networks = sys.argv[1:]
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm and node are not installed")
    modules = install(peers, build)
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
