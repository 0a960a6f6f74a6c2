#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the program on ResNet-50 and MobileNetV3 at 224 x 224: seconds per part, processor time, peak memory of the
process, and images per second beside onnxruntime with the same threads.

usage: large_networks.py BITSTITCH MAKE_LARGE BENCH_NETWORK PEERS BUILD
Without npm or onnxruntime, the comparison is left out.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

THREADS, SECONDS, ROUNDS, IMAGES, HELDOUT, MEMORY = 2, 4, 3, 64, 8, "4G"


def measured(*command):
    """Returns standard output and the cost: time and memory."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        out.seek(0)
        return out.read(), (f"{time.monotonic() - start:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} s of processors, "
                            f"peak {usage.ru_maxrss // 1024} MiB")


def rate(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return float(done.stdout)


def compare_speed(bench, peers, modules, network):
    """Alternates between the two, so that other load on the machine affects both."""
    ours, theirs = [], {1: [], 16: []}
    for _ in range(ROUNDS):
        ours.append(rate([bench, "speed", network, str(THREADS), str(SECONDS)]))
        for batch, rates in theirs.items():
            rates.append(rate(["node", os.path.join(peers, "run.mjs"), network, str(THREADS), str(SECONDS), str(batch)],
                              PEERS_MODULES=modules))
    mine, best = statistics.median(ours), max(statistics.median(rates) for rates in theirs.values())
    print(f"  speed: {mine:.0f} images/s, onnxruntime {best:.0f} (the better of batches of 1 and 16), "
          f"ratio {mine / best:.2f} ({THREADS} threads, medians of {ROUNDS})", flush=True)


def run_program(program, network, pictures):
    options = ["--threads", str(THREADS), "--memory", MEMORY]
    images = ["--calibration", pictures, "--calibration-images", str(IMAGES), "--images", pictures, "--resize", "256"]
    _, cost = measured(program, "inspect", network, *options)
    print(f"  inspect: {cost}", flush=True)
    text, cost = measured(program, "quantize", network, *images, *options, "--bits", "4")
    print(f"  quantize to 4 bits on {IMAGES} images: {cost}\n    "
          f"{re.search('^time: (.*)', text, re.M)[1]}\n    "
          f"{re.search('^SQNR.*', text, re.M)[0]}; {re.search('^agreement.*', text, re.M)[0]}", flush=True)
    text, cost = measured(program, "bound", network, *images, *options, "--ladder-images", "8", "--method", "round-mse")
    print(f"  rounded to 4 bits, and bound on 8 images: {cost}\n    {re.search('^time: (.*)', text, re.M)[1]}", flush=True)


def main():
    program, make_large, bench, peers, build = sys.argv[1:]
    sys.path.append(peers)
    from peers import install  # pylint: disable=import-outside-toplevel
    with tempfile.TemporaryDirectory(prefix="bitstitch-large-") as folder:
        pictures = os.path.join(folder, "pictures")
        os.mkdir(pictures)
        subprocess.run([make_large, "pictures", pictures, str(IMAGES + HELDOUT)], check=True)
        networks = {name: os.path.join(folder, name + ".onnx") for name in ("resnet50", "mobilenetv3")}
        for name, network in networks.items():
            subprocess.run([make_large, name, network], check=True)
            print(f"{name}, --memory {MEMORY}, --threads {THREADS}", flush=True)
            run_program(program, network, pictures)
        if not shutil.which("npm") or not shutil.which("node"):
            print("onnxruntime: npm and node are not installed")
            return
        modules = install(build)
        for name, network in networks.items():
            print(name)
            compare_speed(bench, peers, modules, network)


main()
