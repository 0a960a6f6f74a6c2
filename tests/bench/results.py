#!/usr/bin/env python3
"""Prints the README's table of results: top-1 of every network in data/ by width and method.

usage: results.py [BITSTITCH]          the program; app/run where it is left out
"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETWORKS = ("lenet5", "vgg8", "resnet20", "mobilenetv2", "inception")
METHODS = (
    ("--method", "round-mse", "--no-bias-correction"),
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


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else f"{ROOT}/app/run"
    print("| network | float | bits | rounding | bit-split alone | default |")
    print("|---|---|---|---|---|---|")
    for network in NETWORKS:
        for bits in (4, 3, 2):
            results = [accuracy(program, network, bits, options) for options in METHODS]
            float_top1 = 100 * results[0]["float"]["top1"]
            print(f"| {network} | {float_top1:.2f} | {bits} | " + " | ".join(map(cell, results)) + " |", flush=True)


main()
