# SPDX-License-Identifier: MIT
"""Shared by the tests of saving: small networks, every kind of save, and a program whose file calls fail."""
import json
import os
import pty
import struct
import time

from harness import PROGRAM, Story
from onnx import model, node, tensor

SHIM = os.environ["BITSTITCH_FILE_FAULTS"]
SIDE = 6
OLD = "old, and whole\n"
QUICK = ["net.onnx", "--calibration", "images", "--threads", "1", "--rows", "20"]
EXPLORE = ["explore", *QUICK, "--script"]
REPLACE = "type {}\nkeys <Enter>y\nwait\n"
SCRIPTS = {"dump": "wait\ndump out/f.txt\n", "csv": "keys 2e<Ctrl-U>\n" + REPLACE.format("out/f.csv"),
           "onnx": "keys 2e<Ctrl-U>\n" + REPLACE.format("out/f.onnx"),
           "json": "keys 2e<Ctrl-U>\n" + REPLACE.format("out/f.json"),
           "save": "wait\nkeys S<Ctrl-U>\n" + REPLACE.format("out/f.json")}
# Every kind of save, and the file that it writes. Add new kinds here.
SAVES = {
    "inspect's CSV": (["inspect", "net.onnx", "--csv", "out/f.csv"], "f.csv"),
    "sensitivity's CSV": (["sensitivity", *QUICK, "--csv", "out/f.csv"], "f.csv"),
    "a run's CSV": (["quantize", *QUICK, "--csv", "out/f.csv"], "f.csv"),
    "a run's JSON": (["bound", *QUICK, "--json", "out/f.json"], "f.json"),
    "a quantized network": (["quantize", *QUICK, "--activation-bits", "4", "--onnx", "out/f.onnx"], "f.onnx"),
    "a screen of a script": ([*EXPLORE, "dump"], "f.txt"),
    "the explorer's CSV": ([*EXPLORE, "csv"], "f.csv"),
    "the explorer's JSON": ([*EXPLORE, "json"], "f.json"),
    "the explorer's ONNX": ([*EXPLORE, "onnx"], "f.onnx"),
    "an exploration": ([*EXPLORE, "save"], "f.json"),
}

# Writes activations to a temporary file.
SPILLING = ["quantize", "wide.onnx", "--calibration", "wide", "--threads", "1", "--rows", "20", "--memory", "200M",
            "--csv", "f.csv"]


def idx(*dims):
    size = 1
    for dim in dims:
        size *= dim
    return bytes([0, 0, 8, len(dims)]) + struct.pack(f">{len(dims)}I", *dims) + bytes(i * 37 % 251 for i in range(size))


def network():
    weights = [(i * 29 % 17 - 8) / 8 for i in range(160)]
    return model([node("Conv", ["x", "a"], ["c"], "conv"), node("Relu", ["c"], ["r"], "relu"),
                  node("Flatten", ["r"], ["f"], "flatten"), node("Gemm", ["f", "b"], ["y"], "fc")],
                 [tensor("a", (2, 1, 3, 3), weights[:18]), tensor("b", (32, 5), weights)], (1, 1, SIDE, SIDE))


def wide_network():
    """Writes a network whose activations take more memory than everything else."""
    weights = [(i * 29 % 17 - 8) / 8 for i in range(576)]
    return model([node("Conv", ["x", "a"], ["c"], "conv"), node("Conv", ["c", "e"], ["g"], "conv2"),
                  node("GlobalAveragePool", ["g"], ["p"], "pool"), node("Flatten", ["p"], ["y"], "flatten")],
                 [tensor("a", (64, 1, 3, 3), weights), tensor("e", (4, 64, 1, 1), weights[:256])], (1, 1, 34, 34))


def content(path):
    """Returns a file's text without the parts that depend on time, or None if there is no file."""
    if not path.exists():
        return None
    data = path.read_bytes()
    if path.suffix == ".onnx" and data != OLD.encode():
        return data
    text = data.decode()
    if path.suffix != ".json" or text == OLD:
        return text
    whole = json.loads(text)
    early = ("visits", "hashes", "norms") if "state" in path.parts else ()  # depend on how far the worker was
    for key in ("run", "saved", *early):
        whole.pop(key, None)
    return whole


class Saver(Story):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.write("net.onnx", network())
        self.write("wide.onnx", wide_network())
        self.write("wide", idx(300, 34, 34))
        self.write("images", idx(6, SIDE, SIDE))
        for name, text in SCRIPTS.items():
            self.write(name, text)
        self.out = self.folder / "out"
        self.out.mkdir()
        self.log = self.folder / "log"

    # --- running ---

    def environment(self, at, kind):
        """Runs the program with the `at`-th file call below out/ failing."""
        self.log.write_text("")
        return {**os.environ, "LD_PRELOAD": SHIM, "FAULTS_FOLDER": str(self.out), "FAULTS_AT": str(at),
                "FAULTS_KIND": str(kind), "FAULTS_LOG": str(self.log), "TMPDIR": str(self.out),
                "XDG_STATE_HOME": str(self.out / "state"), "TERM": "xterm"}

    def batch(self, arguments):
        def run(at=0, kind=""):
            result = self.run_program(*arguments, env=self.environment(at, kind))
            return result.returncode, result.stderr
        return run

    def by_hand(self, at=0, kind=""):
        """Opens the explorer in a terminal, changes the plan and quits, which saves the exploration."""
        environment = self.environment(at, kind)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(PROGRAM, [PROGRAM, *EXPLORE[:-1]], environment)
        shown = b""
        try:
            while b"conv" not in shown:
                shown += os.read(terminal, 65536)
            os.write(terminal, b"n2q")
            while more := os.read(terminal, 65536):
                shown += more
        except OSError:  # the program closed the terminal
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        return status, shown.decode(errors="replace").split("\x1b>")[-1].replace("\r", "")

    def calls(self):
        return self.log.read_text().split()

    # --- what is left ---

    def leftovers(self):
        return [path for path in self.out.rglob("*") if ".tmp-" in path.name or path.name.startswith("bitstitch-")]

    def remove_leftovers(self):
        for left in self.leftovers():
            left.unlink()

    def put_old(self, path):
        self.remove_leftovers()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(OLD)
