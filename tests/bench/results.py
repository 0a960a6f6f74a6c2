#!/usr/bin/env python3
"""Prints the README's tables of results: top-1 of every network in data/.

usage: results.py weights|activations [BITSTITCH]          the program; app/run where it is left out
"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETWORKS = ("lenet5", "vgg8", "resnet20", "mobilenetv2", "inception")
METHODS = (
    ("--method", "round-mse"),
    ("--no-polish", "--no-bias-correction", "--ridge", "0"),
    (),
)


def accuracy(program, network, bits, options):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([program, "quantize", f"{ROOT}/data/{network}.json", "--bits", str(bits), "--json", out.name,
                        "--progress", "none", *options], check=True, stdout=subprocess.DEVNULL)
        with open(out.name, encoding="utf-8") as file:
            return json.load(file)["accuracy"]


def cell(result):
    low, high = (100 * bound for bound in result["change_interval"])
    return f"{100 * result['quantized']['top1']:.2f} ({100 * result['change']:+.2f} [{low:+.2f}, {high:+.2f}])"


def weights(program):
    print("| network | float | bits | rounding | bit-split alone | default |")
    print("|---|---|---|---|---|---|")
    for network in NETWORKS:
        for bits in (4, 3, 2):
            results = [accuracy(program, network, bits, options) for options in METHODS]
            float_top1 = 100 * results[0]["float"]["top1"]
            print(f"| {network} | {float_top1:.2f} | {bits} | " + " | ".join(map(cell, results)) + " |", flush=True)


def activations(program):
    print("| network | weights, inputs | a scale a tensor | error-compensated |")
    print("|---|---|---|---|")
    for network in sorted(NETWORKS, key=lambda name: name != "resnet20"):
        for mode in ("sequential", "independent") if network == "resnet20" else ("sequential",):
            for bits, width in ((4, 8), (3, 8), (4, 4), (2, 8)):
                options = ("--activation-bits", str(width), "--mode", mode)
                results = [accuracy(program, network, bits, options + more) for more in ((), ("--error-compensated",))]
                where = f"{network}, independent" if mode == "independent" else network
                print(f"| {where} | W{bits}A{width} | " + " | ".join(map(cell, results)) + " |", flush=True)


def main():
    tables = {"weights": weights, "activations": activations}
    if len(sys.argv) < 2 or sys.argv[1] not in tables:
        sys.exit(__doc__)
    tables[sys.argv[1]](sys.argv[2] if len(sys.argv) > 2 else f"{ROOT}/app/run")


main()
