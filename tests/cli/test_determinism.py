# SPDX-License-Identifier: MIT
"""The same plan and seed give the same CSV, JSON (without `run`) and ONNX, byte for byte, for any number of threads, memory
limit, load and history of edits, from a command, from a script and from keys in a terminal."""
import gzip
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import time

from harness import DATA, FAST, IMAGES, LABELS, LENET, PROGRAM, Story, main
from onnx import model, node, tensor

PICTURES = pathlib.Path(__file__).resolve().parents[1] / "images" / "pictures"
CALIBRATION = DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz"
PATIENCE = 60  # seconds: far more than any step takes
PREPARED = ["--mean", "0.3", "--std", "0.3", "--rows", "300"]
# For bound and for quantize; with the lower limits, quantize writes activations to a temporary file.
ROOM, SOME, LITTLE = {}, {"bound": "1G", "quantize": "512M"}, {"bound": "240M", "quantize": "100M"}
KINDS = ("csv", "json", "onnx")
EXPORT = "".join(f"keys e<Ctrl-U>\ntype {{0}}.{kind}\nkeys <Enter>\nwait\n" for kind in KINDS)


def weights(name, *dims):
    size = 1
    for dim in dims:
        size *= dim
    return tensor(name, dims, [((i * 7919 + len(name)) % 1009 - 504) / 2000 for i in range(size)])


def residual():
    pads = {"pads": [1, 1, 1, 1]}
    return model([node("Conv", ["x", "a"], ["c"], "stem", **pads), node("Relu", ["c"], ["r"], "relu1"),
                  node("Conv", ["r", "b"], ["d"], "branch1", **pads), node("Relu", ["d"], ["s"], "relu2"),
                  node("Conv", ["s", "e"], ["f"], "branch2", **pads), node("Add", ["f", "r"], ["g"], "add"),
                  node("Relu", ["g"], ["h"], "relu3"), node("GlobalAveragePool", ["h"], ["p"], "pool"),
                  node("Flatten", ["p"], ["q"], "flatten"), node("Gemm", ["q", "w"], ["y"], "head")],
                 [weights("a", 24, 1, 3, 3), weights("b", 24, 24, 3, 3), weights("e", 24, 24, 3, 3), weights("w", 24, 12)])


def numpy_array(idx):
    """Converts an IDX file of images to .npy."""
    count, height, width = struct.unpack(">3I", idx[4:16])
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, {height}, {width}), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + idx[16:]


class Determinism(Story):
    def results(self, name):
        """Returns the bytes of a run's files, the JSON without `run`."""
        run = json.loads((self.folder / f"{name}.json").read_text())
        self.assertIn("threads", run.pop("run"))
        return *((self.folder / f"{name}.{kind}").read_bytes() for kind in ("csv", "onnx")), run

    def command(self, command, memory, *arguments):
        self.good(command, *arguments, *(["--memory", memory[command]] if memory else []))

    def bound(self, *arguments, memory=ROOM, name="batch"):
        for kind in KINDS:
            (self.folder / f"{name}.{kind}").unlink(missing_ok=True)
        self.command("bound", memory, *arguments, "--csv", f"{name}.csv", "--json", f"{name}.json")
        self.command("quantize", memory, *arguments, "--onnx", f"{name}.onnx")
        return self.results(name)

    def same(self, expected, *arguments, memory=ROOM):
        for one, other in zip(self.bound(*arguments, memory=memory), expected):
            self.assertEqual(one, other, arguments)

    def load(self):
        """Keeps all processors busy."""
        for _ in range(3):
            burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            self.addCleanup(burner.wait)
            self.addCleanup(burner.kill)

    def spills(self, *arguments):
        """Says whether a run needs a temporary file, by leaving no place for one."""
        result = self.run_program("quantize", *arguments, env={**os.environ, "TMPDIR": "/nonexistent"})
        return result.returncode == 1 and "/nonexistent" in result.stderr

    # --- threads, memory, load, image sources ---

    def test_lenet5(self):
        arguments = [LENET, *FAST, "--activation-bits", "6"]
        expected = self.bound(*arguments, "--threads", "1")
        for threads in ("1", "2", "4"):
            for memory in (ROOM, SOME, LITTLE):
                self.same(expected, *arguments, "--threads", threads, memory=memory)
        self.load()
        self.same(expected, *arguments, "--threads", "4")

    def made(self):
        self.write("residual.onnx", residual())
        return ["residual.onnx", *PREPARED, "--calibration-images", "200", "--activation-bits", "5"]

    def each(self, *arguments):
        expected = self.bound(*arguments, "--threads", "1")
        for threads in ("1", "2", "4"):
            self.same(expected, *arguments, "--threads", threads, memory=LITTLE)
        self.load()
        self.same(expected, *arguments, "--threads", "4")
        return expected

    def test_a_residual_network_on_idx(self):
        arguments = [*self.made(), "--calibration", CALIBRATION, "--images", IMAGES, "--image-labels", LABELS,
                     "--evaluation-images", "200"]
        self.assertTrue(self.spills(*arguments, "--memory", LITTLE["quantize"]))
        self.each(*arguments)

    def test_a_residual_network_on_numpy(self):
        made = self.made()
        self.write("images.npy", numpy_array(gzip.decompress(CALIBRATION.read_bytes())))
        csv, _, _ = self.each(*made, "--calibration", "images.npy", "--mode", "independent", "--error-compensated")
        self.assertEqual(csv, self.bound(*made, "--calibration", CALIBRATION, "--mode", "independent",
                                         "--error-compensated")[0])

    def test_a_residual_network_on_pictures(self):
        self.each(*self.made(), "--calibration", PICTURES, "--images", PICTURES, "--resize", "28", "--method", "gptq")

    # --- histories, scripts and keys ---

    def by_script(self, arguments, *orders):
        self.write("script", "".join(f"{order}\n" for order in orders) + EXPORT.format("script"))
        self.good("explore", *arguments, "--script", "script")
        return self.results("script")

    def by_hand(self, arguments, *keys):
        """Types into the explorer in a terminal, and waits for the exported files."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(PROGRAM, [PROGRAM, *map(str, arguments)],
                      {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(self.folder / "state")})
        self.addCleanup(os.close, terminal)
        os.set_blocking(terminal, False)
        shown = self.until(terminal, b"", lambda text: b"W 4.0" in text or b"weight bits" in text)
        for text in (*keys, *(f"e\x15hand.{kind}\r" for kind in KINDS)):
            os.write(terminal, text.encode())
            shown = self.until(terminal, shown, lambda _: True)
        self.until(terminal, b"", lambda _: all((self.folder / f"hand.{kind}").exists() for kind in KINDS))
        os.write(terminal, b"q")
        while not self.ended(child, terminal):
            os.write(terminal, b"nq")  # it asks, if an export was still being written
        return self.results("hand")

    def ended(self, child, terminal):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            self.until(terminal, b"", lambda _: True)
            if os.waitpid(child, os.WNOHANG)[0] == child:
                return True
        return False

    def until(self, terminal, shown, condition):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # nothing to read, or closed
                time.sleep(0.02)
            if condition(shown):
                return shown
            if time.monotonic() > end:
                self.fail(re.sub(rb"\x1b\[[^a-zA-Z]*[a-zA-Z]", b"", shown).decode(errors="replace"))

    def every_hand(self, arguments):
        """Reaches one plan in every possible way: 3-bit weights and 6-bit activations for conv2 or branch1."""
        self.by_script(arguments, "keys j3a6")
        expected = self.bound(*arguments, "--plan", "script.csv")
        self.assertEqual(self.results("script"), expected)
        for orders in (["wait", "keys *2", "wait errors", "keys u", "keys *", "keys j5", "wait", "keys a7", "keys a6 3"],
                       ["keys *fimEP", "keys j", "wait errors", "keys uuuuuuuuu", "wait", "keys gj3c", "keys a6", "wait",
                        "keys uur", "keys r", "wait"],
                       ["keys j3a6", "wait", "keys 2", "wait", "keys p4", "keys Vg<Enter>", "keys p", "wait", "keys gj3a6"]):
            self.assertEqual(self.by_script([*arguments, "--threads", "2"], *orders), expected, orders)
        self.assertEqual(self.by_hand([*arguments, "--threads", "2"], "j", "5", "u", "3", "a", "6"), expected)

    def test_every_way_to_a_plan_of_lenet5(self):
        self.every_hand([LENET, *FAST])

    def test_every_way_to_a_plan_of_a_residual_network(self):
        self.every_hand([*self.made(), "--calibration", CALIBRATION, "--images", IMAGES, "--image-labels", LABELS,
                         "--evaluation-images", "200", "--memory", "600M"])


main()
