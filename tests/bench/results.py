#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the tables of results in data/README.md.

weights: top-1 and output SQNR with quantized weights, per method. widths: the default at seven widths of weights and
activations. parts: what each part of the default contributes, from the paper's pipeline on. activations: top-1 with
quantized activations, per tensor and error-compensated, calibrated sequentially and independently; then how far the
outputs of the sequential runs move.
tasks: average precision, mean IoU and Dice of the detector and the segmentation networks, beside round-to-nearest.
certified: the share of images that each test by direction certifies, and the share that keeps its prediction, on
256 calibration images.
"""
import argparse
import json
import os
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETWORKS = ("lenet5", "vgg8", "resnet20", "mobilenetv2", "inception")
METHODS = {
    "RTN": ("--method", "round-mse"),
    "paper": ("--effort", "paper"),
    "GPTQ with polish": ("--method", "gptq-polish"),
    "default": (),
}
PARTS = {  # each adds one part to the row before
    "paper": ("--effort", "paper"),
    "+ sequential": ("--effort", "paper", "--mode", "sequential"),
    "+ bias correction": ("--effort", "fast", "--no-polish", "--ridge", "0"),
    "+ ridge": ("--effort", "fast", "--no-polish"),
    "+ polish": ("--effort", "fast"),
    "+ nearest plane": (),
}
ALL_WIDTHS = ((4, None), (3, None), (2, None), (4, 8), (3, 8), (2, 8), (4, 4))
WIDTHS = ((4, 8), (3, 8), (4, 4), (2, 8))  # bits of weights and activations
SCALES = ((), ("--error-compensated",))


def run(program, command, network, bits, *options):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([program, command, f"{ROOT}/data/{network}.json", "--bits", str(bits), "--json", out.name,
                        "--progress", "none", *options], check=True, stdout=subprocess.DEVNULL)
        with open(out.name, encoding="utf-8") as file:
            return json.load(file)


def print_row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def print_head(*titles):
    print_row(*titles)
    print("|---" * len(titles) + "|", flush=True)


def top1(result):
    return f"{100 * result['accuracy']['float']['top1']:.2f}"


def change(result):
    accuracy = result["accuracy"]
    low, high = (100 * bound for bound in accuracy["change_interval"])
    return f"{100 * accuracy['quantized']['top1']:.2f} ({100 * accuracy['change']:+.2f} [{low:+.2f}, {high:+.2f}])"


def sqnr(result):
    return f"{result['accuracy']['output_sqnr_db']:.2f} dB"


def weights(program, networks, more):
    print_head("network", "float", "bits", *METHODS)
    for network in networks:
        for bits in (4, 3, 2):
            results = [run(program, "quantize", network, bits, *options, *more) for options in METHODS.values()]
            print_row(network, top1(results[0]), str(bits), *(f"{change(result)}, {sqnr(result)}" for result in results))


def widths(program, networks, more):
    print_head("network", "float", "bits", "top-1 (change)", "output SQNR")
    for network in networks:
        for bits, width in ALL_WIDTHS:
            options = ("--activation-bits", str(width)) if width else ()
            result = run(program, "quantize", network, bits, *options, *more)
            print_row(network, top1(result), f"W{bits}" + (f"A{width}" if width else ""), change(result), sqnr(result))


def parts(program, networks, more):
    print_head("network", "bits", *PARTS)
    for network in networks:
        for bits in (3, 2):
            results = [run(program, "quantize", network, bits, *options, *more) for options in PARTS.values()]
            print_row(network, str(bits), *(f"{100 * result['accuracy']['quantized']['top1']:.2f}, {sqnr(result)}"
                                            for result in results))


def relative(rung, form):
    """A rung of the ladder in units of the output's norm; null means infinite."""
    return lambda ladder: "infinite" if ladder[rung] is None else format(ladder[rung] / ladder["output_norm"], form)


def certified(rung):
    return lambda ladder: f"{100 * ladder['certified'][rung]:.1f}"


LADDER = (
    ("measured", relative("measured", ".3f")),
    ("hybrid", relative("hybrid", ".3f")),
    ("spectral", relative("spectral", ".1e")),
    ("measured certifies %", certified("measured")),
    ("hybrid certifies %", certified("hybrid")),
)


def print_ladders(rows):
    print()
    print_head("network", "bits", *(title for title, _ in LADDER))
    for network, widths, ladders in rows:
        print_row(network, widths, *(" / ".join(map(cell, ladders)) for _, cell in LADDER))


def activations(program, networks, more):
    rows = []
    print_head("network", "float", "bits", "per tensor, sequential", "per tensor, independent",
               "error-compensated, sequential", "error-compensated, independent")
    for network in networks:
        for bits, width in WIDTHS:
            cells, ladders = [], []
            for scales in SCALES:
                options = ("--activation-bits", str(width), *scales)
                sequential = run(program, "bound", network, bits, *options, *more)
                cells += [sequential, run(program, "quantize", network, bits, "--mode", "independent", *options, *more)]
                ladders.append(sequential["ladder"])
            print_row(network, top1(cells[0]), f"W{bits}A{width}", *map(change, cells))
            rows.append((network, f"W{bits}A{width}", ladders))
    print_ladders(rows)


# Bits of weights and activations (0: float) of networks that find objects, and what is shown of them.
TASK_WIDTHS = ((8, 0), (4, 0), (4, 8), (3, 0), (3, 8), (2, 0))
TASKS = {
    "cells-yolo": (TASK_WIDTHS, ("box AP", "box AP50")),
    "nuclei-yolo-seg": (TASK_WIDTHS, ("box AP", "box AP50", "mask AP", "mask AP50")),
    "nuclei-unet": ((*TASK_WIDTHS, (2, 4)), ("mIoU", "Dice")),
}


def measure(result, name):
    """A figure in percent, with its change and the paired interval where it has one."""
    figures = result["accuracy"]["measures"][name]
    text = f"{100 * figures['quantized']:.1f} ({100 * figures['change']:+.1f}"
    if figures["change_interval"]:
        low, high = (100 * bound for bound in figures["change_interval"])
        text += f" [{low:+.1f}, {high:+.1f}]"
    return text + ")"


def tasks(program, networks, more):
    print_head("network", "measure", "float", "bits", "RTN", "default")
    for network in (name for name in TASKS if name in networks or networks == NETWORKS):
        widths, names = TASKS[network]
        for bits, activation in widths:
            options = ("--activation-bits", str(activation)) if activation else ()
            rounded = run(program, "quantize", network, bits, "--method", "round-mse", *options, *more)
            default = run(program, "quantize", network, bits, *options, *more)
            for name in names:
                figure = f"{100 * default['accuracy']['measures'][name]['float']:.1f}"
                width = f"W{bits}A{activation}" if activation else f"W{bits}"
                print_row(network, name, figure, width, measure(rounded, name), measure(default, name))


def certified_shares(ladder):
    """norms / direction / one-sided / one-sided by stage; kept, in per cent."""
    shares = [ladder["certified"][key] for key in ("hybrid", "direction", "one_sided", "by_stage")]
    return " / ".join(f"{100 * share:.0f}" for share in shares) + f"; {100 * ladder['kept']:.0f}"


def certificates(program, networks, _):
    settings = (("W8", 8, ()), ("W4", 4, ()), ("W3", 3, ()), ("W2", 2, ()), ("W4A8", 4, ("--activation-bits", "8")))
    print_head("network", *(name for name, _, _ in settings))
    for network in networks:
        cells = [certified_shares(run(program, "bound", network, bits, "--calibration-images", "256",
                                      "--evaluation-images", "16", *options)["ladder"]) for _, bits, options in settings]
        print_row(network, *cells)


def main():
    tables = {"weights": weights, "widths": widths, "parts": parts, "activations": activations,
              "certified": certificates, "tasks": tasks}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=tables)
    parser.add_argument("network", nargs="*", help="of data/ (all)")
    parser.add_argument("--program", default=f"{ROOT}/app/run", help="bitstitch (app/run)")
    parser.add_argument("--evaluation-images", default="all", help="number of images that accuracy is measured on (all)")
    options = parser.parse_args()
    tables[options.table](options.program, options.network or NETWORKS,
                          ("--evaluation-images", options.evaluation_images))


main()
