# SPDX-License-Identifier: MIT
"""Damaged or unsupported networks: one line that names the file and the place."""
import random
import struct

import onnx
from harness import DATA, IMAGES, Story, main

WEIGHTS = onnx.tensor("w", (10, 784), [0.0] * 7840)
FLATTEN = onnx.node("Flatten", ["x"], ["f"], "flatten")


def gemm(inputs=("f", "w"), name="fc", **attributes):
    return onnx.node("Gemm", inputs, ["y"], name, transB=1, **attributes)


class BadNetwork(Story):
    def network(self, content, *names):
        self.write("net.onnx", content)
        self.bad("inspect", "net.onnx", names=("net.onnx", *names))

    def test_a_sound_one_opens(self):
        self.write("net.onnx", onnx.model([FLATTEN, gemm()], [WEIGHTS]))
        self.assertIn("fc", self.good("inspect", "net.onnx"))

    def test_quantized_onnx_of_an_old_opset_is_refused_before_the_work(self):
        self.write("net.onnx", onnx.model([FLATTEN, gemm()], [WEIGHTS], opset=9))
        images = DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz"
        self.bad("quantize", "net.onnx", "--calibration", images, "--onnx", "out.onnx",
                 names=["net.onnx", "opset 9", "convert it to opset 13"])

    def test_files(self):
        sound = (DATA / "lenet5.onnx").read_bytes()
        self.network(b"")
        self.network(b"hello, this is not a network\n")
        self.network(random.Random(1).randbytes(5000))
        for length in (1, 10, len(sound) // 3, len(sound) // 2, len(sound) - 1):
            self.network(sound[:length])
        self.bad("inspect", "nowhere.onnx", names=["nowhere.onnx"])
        self.bad("inspect", self.folder, names=[self.folder])

    def test_flipped_bytes_never_crash(self):
        sound = (DATA / "lenet5.onnx").read_bytes()
        numbers = random.Random(2)
        for _ in range(40):
            damaged = bytearray(sound)
            for _ in range(3):
                damaged[numbers.randrange(min(len(damaged), 3000))] = numbers.randrange(256)
            self.write("net.onnx", bytes(damaged))
            result = self.run_program("inspect", "net.onnx", errors="replace")
            self.assertIn(result.returncode, (0, 1), result.stderr)
            self.assertEqual(result.stderr.count("\n"), result.returncode)

    def test_operators(self):
        self.network(onnx.model([onnx.node("Frobnicate", ["x"], ["f"], "strange"), gemm()], [WEIGHTS]), "strange",
                     "Frobnicate")
        self.network(onnx.model([FLATTEN, gemm()], [WEIGHTS], opset=3), "3")

    def test_every_operator_that_is_missing_is_named_at_once(self):
        nodes = [onnx.node("Frobnicate", ["x"], ["a"], "strange"), onnx.node("Relu", ["a"], ["b"], "known"),
                 onnx.node("Det", ["b"], ["c"], "first"), onnx.node("Det", ["c"], ["d"], "second"),
                 onnx.node("LSTM", ["d"], ["f"], "memory"), gemm()]
        self.network(onnx.model(nodes, [WEIGHTS]), "Frobnicate (node 'strange')", "Det (node 'first' and 1 more)",
                     "LSTM (node 'memory')")

    def test_nothing_to_quantize_is_said_before_the_work(self):
        self.write("net.onnx", onnx.model([onnx.node("Flatten", ["x"], ["y"], "flatten")], []))
        self.write("script.txt", "keys q\n")
        images = ["--calibration", IMAGES]
        for arguments in (["quantize", *images], ["compare", *images], ["bound", *images], ["sensitivity", *images],
                          ["explore", *images, "--script", "script.txt"]):
            error = self.bad(arguments[0], "net.onnx", *arguments[1:], names=["'net.onnx' has no layer to quantize"])
            self.assertIn("Conv, ConvTranspose, Gemm, MatMul or Einsum", error)
        self.good("inspect", "net.onnx")
        self.good("evaluate", "net.onnx", "--images", IMAGES, "--evaluation-images", "10")

    def test_several_outputs_are_chosen_from(self):
        second = onnx.node("Relu", ["f"], ["z"], "relu")
        model = onnx.model([FLATTEN, gemm(), second], [WEIGHTS], more_outputs=("z",))
        self.write("net.onnx", model)
        self.assertIn("fc", self.good("inspect", "net.onnx"))
        self.assertIn("fc", self.good("inspect", "net.onnx", "--output", "z,y"))
        self.assertIn("fc", self.good("inspect", "net.onnx", "--output", "y"))
        self.assertNotIn("fc", self.good("inspect", "net.onnx", "--output", "z"))
        self.bad("inspect", "net.onnx", "--output", "w", names=["'w'", "'y', 'z'"])

    def test_graphs(self):
        self.network(onnx.model([FLATTEN, gemm(("f", "missing"))], [WEIGHTS]), "missing")
        self.network(onnx.model([onnx.node("Add", ["x", "b"], ["a"], "first"), onnx.node("Relu", ["a"], ["b"], "second"),
                                 onnx.node("Flatten", ["b"], ["f"], "flatten"), gemm()], [WEIGHTS]))
        self.network(onnx.model([FLATTEN, gemm()], [WEIGHTS], output="nothing"), "nothing")

    def test_numbers_that_are_none(self):
        self.write("images", struct.pack(">IIII", 0x803, 20, 28, 28) + bytes(range(256)) * 61 + bytes(64))
        nan = float("nan")
        weights = onnx.tensor("w", (10, 784), [0.01] * 7839 + [nan])
        sound = onnx.tensor("w", (10, 784), [0.01] * 7840)
        bias = onnx.tensor("b", (10,), [0.0] * 9 + [nan])
        zero = onnx.tensor("z", (1,), [0.0])
        divided = onnx.node("Div", ["x", "z"], ["d"], "divide")
        for content, arguments in ((onnx.model([FLATTEN, gemm()], [weights]), ()),
                                   (onnx.model([FLATTEN, gemm(("f", "w", "b"))], [sound, bias]), ()),
                                   (onnx.model([divided, onnx.node("Flatten", ["d"], ["f"], "flatten"), gemm()],
                                               [sound, zero]), ()),
                                   (onnx.model([FLATTEN, gemm()], [sound]), ("--std", "1e-40"))):
            self.write("net.onnx", content)
            self.bad("quantize", "net.onnx", "--calibration", "images", *arguments, names=["'fc'", "finite"])

    def test_sizes(self):
        self.network(onnx.model([FLATTEN, gemm()], [onnx.tensor("w", (10, 784), [0.0] * 7839)]), "w")
        self.network(onnx.model([FLATTEN, gemm()], [onnx.tensor("w", (10, 0), [])]))
        self.network(onnx.model([FLATTEN, gemm()], [onnx.tensor("w", (10, 783), [0.0] * 7830)]), "fc")
        self.network(onnx.model([FLATTEN, gemm()], [onnx.tensor("w", (1 << 40, 1 << 40), [0.0])]), "w")
        self.network(onnx.model([FLATTEN, gemm()], [WEIGHTS], input_dims=(1, 1, 1 << 31, 1 << 31)))
        self.network(onnx.model([FLATTEN, gemm()], [WEIGHTS], input_dims=(1, 1, 0, 28)))


main()
