#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs exported quantized networks in onnxruntime, and compares them with bitstitch image by image.

Prints one row per network and setting: the largest difference of the float outputs, relative to the largest output; then,
without / with onnxruntime's graph optimizations, the images whose outputs differ because of a tie in rounding, those that
differ otherwise (exports.mjs defines a tie), and the predictions that differ; then the correct predictions of both.
Fails if a difference is not a tie, or if float outputs differ by 1e-4.

PROGRAMS is the folder of peer_exports and peer_graphs. NETWORK is one in data/, or "made": small networks with every form
of a layer in a file.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import peers

DATA = peers.HERE.parent.parent / "data"
NETWORKS = ("lenet5", "vgg8", "resnet20", "mobilenetv2", "inception")
MADE = "made"
SETTINGS = {
    "W4": ("--bits", "4"),
    "W4A8": ("--bits", "4", "--activation-bits", "8"),
    "W3A4": ("--bits", "3", "--activation-bits", "4"),
    "W4A4 error-compensated": ("--bits", "4", "--activation-bits", "4", "--error-compensated"),
    "W4A8 power-of-two": ("--grid", "power-of-two", "--method", "gptq-polish", "--activation-bits", "8"),
    "W2A8 ternary": ("--grid", "ternary", "--method", "gptq-polish", "--activation-bits", "8"),
    "W1A8 binary": ("--grid", "binary", "--method", "gptq-polish", "--activation-bits", "8"),
}
# Settings for the run of all tests, which has little time.
SHORT = (("lenet5", "W4"), ("vgg8", "W3A4"), ("resnet20", "W4A8"), ("mobilenetv2", "W4A4 error-compensated"),
         ("inception", "W3A4"), ("lenet5", "W4A8 power-of-two"), ("lenet5", "W2A8 ternary"), ("lenet5", "W1A8 binary"))
SHORT_MADE = ("W4A8", "W4A4 error-compensated")
FLOAT_MOST = 1e-4


class Peer:
    """Runs exports.mjs, which answers one job per line."""

    def __init__(self, programs, folder, build):
        modules = peers.install(build)
        self.process = subprocess.Popen(["node", peers.HERE / "exports.mjs", folder, programs / "peer_exports"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "PEERS_MODULES": modules})

    def report(self, network, *options):
        print(json.dumps(["quantize", str(network), *options]), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline() or '{"error": "node ended"}')


def print_row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def print_report(network, setting, report):
    """Prints a row; returns whether both agree."""
    if "error" in report:
        print_row(network, setting, report["error"], "", "", "", "", "")
        return False
    levels = report["disabled"], report["all"]
    counts = (" / ".join(str(level[key]) for level in levels)
              for key in ("ties", "differing", "predictions", "ours", "theirs"))
    print_row(network, setting, f"{report['float']:.0e}", *counts)
    return report["float"] <= FLOAT_MOST and not any(level["differing"] for level in levels)


def compare_data(peer, options):
    pairs = SHORT if options.short else [(n, s) for n in options.networks if n != MADE for s in SETTINGS]
    for network, setting in pairs:
        yield print_report(network, setting, peer.report(
            DATA / f"{network}.json", *SETTINGS[setting], "--evaluation-images", options.images,
            "--calibration-images", options.calibration_images))


def compare_made(peer, options, folder):
    names = subprocess.run([options.programs / "peer_graphs", folder], check=True, stdout=subprocess.PIPE, text=True)
    noise = f"{folder}/noise"
    for name in names.stdout.split():
        for setting in SHORT_MADE if options.short else SETTINGS:
            yield print_report(name, setting, peer.report(
                f"{folder}/{name}.onnx", *SETTINGS[setting], "--calibration", noise, "--images", noise,
                "--mean", "0.5", "--std", "0.3"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("build")
    parser.add_argument("networks", nargs="*", default=(*NETWORKS, MADE), metavar="NETWORK")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--images", default="1000")
    parser.add_argument("--calibration-images", default="1024")
    options = parser.parse_args()
    options.programs = options.programs.resolve()
    print_row("network", "setting", "float", "ties", "not ties", "predictions", "right", "right there")
    print("|---" * 8 + "|")
    with tempfile.TemporaryDirectory(prefix="bitstitch-peers-") as folder:
        peer = Peer(options.programs, folder, options.build)
        results = list(compare_data(peer, options))
        if MADE in options.networks:
            results += compare_made(peer, options, folder)
        peer.process.communicate()
    sys.exit(not all(results))


main()
