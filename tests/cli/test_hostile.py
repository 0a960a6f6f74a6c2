# SPDX-License-Identifier: MIT
"""Hostile input: names with control characters, paths that are not regular files, numbers that are not numbers."""
import csv
import json
import os
import struct
import unicodedata

import onnx
from harness import DATA, FAST, IMAGES, LABELS, LENET, Story, main

CALIBRATION = DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz"
SAMPLE = ["--images", IMAGES, "--image-labels", LABELS, "--calibration", CALIBRATION, *FAST]
NAMES = ["\x1b[2J\x1b]0;title\x07conv", "=HYPERLINK(\"http://x\")", "\u202egnol\u2066\u200b", "-1,\"\r\n", "\u4e16\u754c" * 60,
         "\x9b31m\x7f", "e" + "\u0301" * 300]


def network(names):
    """Returns a chain of Gemm layers with these names."""
    nodes = [onnx.node("MaxPool", ["x"], ["p"], "pool", kernel_shape=[7, 7], strides=[7, 7]),
             onnx.node("Flatten", ["p"], ["f"], "flatten")]
    tensors, values = [], ["f", *(f"v{i}" for i in range(len(names) - 1)), "y"]
    width = 16
    for i, name in enumerate(names):
        tensors.append(onnx.tensor(f"{i}.w", (10, width), [(k * 7 % 11 - 5) / 50 for k in range(10 * width)]))
        nodes.append(onnx.node("Gemm", [values[i], f"{i}.w"], [values[i + 1]], name, transB=1))
        width = 10
    return onnx.model(nodes, tensors)


class Names(Story):
    def shown(self, text):
        """Checks that the text has visible characters and line ends only."""
        for character in text:
            self.assertTrue(character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp", "Cn"),
                            repr(character) + " in " + repr(text))

    def test_on_the_screen(self):
        self.write("net.onnx", network(NAMES))
        for arguments in (["inspect", "net.onnx"], ["quantize", "net.onnx", *SAMPLE], ["bound", "net.onnx", *SAMPLE],
                          ["sensitivity", "net.onnx", *SAMPLE[4:6]]):
            self.shown(self.good(*arguments))
        self.write("script", "size 200x50\nwait errors\ndump\nkeys <Enter>\ndump\nascii on\ndump\n")
        self.shown(self.good("explore", "net.onnx", *SAMPLE, "--script", "script"))

    def test_of_files_and_classes(self):
        path = self.folder / "\x1b[31mlenet5\u202e.onnx"
        path.write_bytes((DATA / "lenet5.onnx").read_bytes())
        self.write("\x1b[32m", "\x1b[33mdress\u2028\n" * 10)
        shown = self.good("inspect", path, "--labels", "\x1b[32m")
        self.shown(shown)
        self.assertIn("\\x1b[33mdress\\xe2\\x80\\xa8", shown)
        self.shown(self.bad("evaluate", path, "--images", "\x1b[32m", names=["\\x1b[32m"]))

    def test_in_messages(self):
        self.write("net.onnx", network([NAMES[0]]).replace(b"Gemm", b"G\x1b]m"))
        self.shown(self.bad("inspect", "net.onnx", names=["G\\x1b]m", "\\x1b[2J"]))
        self.write("net.onnx", network(["fc"]).replace(b"0.w", b"\xff\x1b;"))
        self.assertIn("fc", self.good("inspect", "net.onnx"))
        self.write("bad.csv", "name,weight_bits\n\x1b[31m,4\n")
        self.shown(self.bad("inspect", LENET, "--plan", "bad.csv", names=["\\x1b[31m"]))
        self.write("\x1b[31m.csv", "name,weight_bits\nx,4\n")
        self.shown(self.bad("inspect", LENET, "--plan", "\x1b[31m.csv", names=["\\x1b[31m.csv"]))
        self.write("bad.json", '{"network": "lenet5.onnx", "\u202e\\u001b": 1}')
        self.shown(self.bad("inspect", "bad.json", names=["\\x1b", "\\xe2\\x80\\xae"]))

    def test_in_files(self):
        self.write("net.onnx", network(NAMES))
        self.good("quantize", "net.onnx", *SAMPLE, "--csv", "out.csv", "--json", "out.json")
        with open(self.folder / "out.csv", newline="", encoding="utf-8") as file:
            names = [row["name"] for row in csv.DictReader(file)]
        guarded = [name if name[0] not in "=+-@\t\r\n'" else "'" + name for name in NAMES]
        self.assertEqual(names, guarded)
        self.assertEqual([layer["name"] for layer in json.loads((self.folder / "out.json").read_text())["layers"]], NAMES)
        before = self.good("inspect", "net.onnx")
        for plan in ("out.csv", "out.json"):
            self.assertEqual(self.good("inspect", "net.onnx", "--plan", plan), before)


class Files(Story):
    def uses(self):
        """Yields a command for every place where a file can be named."""
        return {"network": lambda path: ["inspect", path], "plan": lambda path: ["inspect", LENET, "--plan", path],
                "labels": lambda path: ["inspect", LENET, "--labels", path],
                "images": lambda path: ["evaluate", LENET, "--images", path],
                "image labels": lambda path: ["evaluate", LENET, "--images", IMAGES, "--image-labels", path],
                "calibration": lambda path: ["quantize", LENET, *FAST, "--calibration", path],
                "script": lambda path: ["explore", LENET, *FAST, "--script", path]}

    def test_what_is_no_file(self):
        os.mkfifo(self.folder / "pipe")
        self.write("empty", "")
        (self.folder / "folder").mkdir()
        (self.folder / "loop").symlink_to("loop")
        for path in ("pipe", "empty", "folder", "loop", "/dev/zero", "/proc/self/mem", "nowhere", "x" * 5000):
            for use, command in self.uses().items():
                if use == "script" and path in ("pipe", "empty"):
                    continue
                with self.subTest(path=path, use=use):
                    self.bad(*command(path), names=[path[:200]])

    def test_descriptions_of_what_is_no_file(self):
        os.mkfifo(self.folder / "pipe")
        for content in ({"network": "pipe"}, {"network": "."}, {"network": "/dev/zero"}, {"network": ""},
                        {"network": "net.json"}):
            with self.subTest(content=content):
                self.write("net.json", json.dumps(content))
                self.bad("inspect", "net.json")

    def test_files_that_are_larger_or_smaller_than_they_say(self):
        for path in ("/proc/self/status", "/sys/devices/system/cpu/online"):
            if os.path.exists(path):
                self.bad("inspect", LENET, "--plan", path, names=["its size changed while it was read"])

    def test_a_description_that_never_ends(self):
        self.write("net.json", '{"network": "' + "[" * 1000000)
        self.bad("inspect", "net.json", names=["net.json"])


class Numbers(Story):
    def logits(self, weight):
        tensors = [onnx.tensor("w", (10, 784), [0.01] * 7839 + [weight])]
        nodes = [onnx.node("Flatten", ["x"], ["f"], "flatten"), onnx.node("Gemm", ["f", "w"], ["y"], "fc", transB=1)]
        self.write("net.onnx", onnx.model(nodes, tensors))

    def test_weights_that_are_none(self):
        for weight in (float("nan"), float("inf"), -float("inf")):
            self.logits(weight)
            with self.subTest(weight=weight):
                self.bad("inspect", "net.onnx", names=["net.onnx", "'fc' (Gemm): a weight is not finite"])

    def test_weights_whose_products_overflow(self):
        self.logits(3e38)
        self.write("images", struct.pack(">IIII", 0x803, 4, 28, 28) + bytes([255]) * 3136)
        self.write("labels", struct.pack(">II", 0x801, 4) + bytes(4))
        images = ["net.onnx", "--images", "images", "--image-labels", "labels", "--std", "1e-3"]
        told = self.good("evaluate", *images)
        self.assertRegex(told, r"float +0\.00 .* nan\n")
        self.assertIn("note: outputs are not finite", told)
        told = self.good("quantize", *images, "--calibration", "images", "--json", "out.json")
        self.assertNotIn("-nan", told)
        self.assertIn("note: outputs are not finite", told)
        self.assertIsNone(json.loads((self.folder / "out.json").read_text())["accuracy"]["output_sqnr_db"])
        self.bad("bound", *images, "--calibration", "images", names=["outputs on image 0 are not finite", "--std"])

    def test_images_that_are_none(self):
        for value in (float("nan"), float("inf"), -float("inf"), 1e300):
            header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 28, 28), }\n"
            self.write("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() +
                       struct.pack("<784d", *[0.5] * 783, value))
            self.bad("evaluate", LENET, "--images", "x.npy", names=["x.npy", "element 783"])


main()
