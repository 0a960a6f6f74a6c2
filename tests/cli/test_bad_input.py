# SPDX-License-Identifier: MIT
"""Wrong plans, images, descriptions and outputs: one line on stderr, and no file changed."""
import gzip
import json
import os
import pathlib
import shutil
import struct

import onnx
from harness import DATA, FAST, IMAGES, LENET, Story, main


def idx(count, height, width, data=None):
    return struct.pack(">IIII", 0x803, count, height, width) + (bytes(count * height * width) if data is None else data)


def idx_labels(values):
    return struct.pack(">II", 0x801, len(values)) + bytes(values)


class BadPlan(Story):
    def plan(self, content, *names):
        self.write("plan.csv", content)
        self.write("out.csv", "old")
        self.bad("quantize", LENET, *FAST, "--plan", "plan.csv", "--csv", "out.csv", names=("plan.csv", *names))

    def test_plans(self):
        self.plan("name,weight_bits\nconv9,4\n", "conv9", "line 2")
        self.plan("name,weight_bits\nconv1,0\n", "line 2", "weight_bits")
        self.plan("name,weight_bits\nconv1,4\nconv2,17\n", "line 3", "17")
        self.plan("name,weight_bits\nconv1,4\nconv1,4\n", "line 3", "conv1")
        self.plan("name,bits\nconv1,4\n", "weight_bits")
        self.plan("weight_bits\n4\n", "name")
        self.plan("name,weight_bits\n\"conv1,4\n")
        self.plan("name,weight_bits,method\nconv1,4,magic\n", "magic")
        self.plan("")

    def test_blank_lines_take_no_time(self):
        self.write("plan.csv", "name,weight_bits\n" + "\n" * 4000000 + "conv9,4\n")
        self.bad("inspect", LENET, "--plan", "plan.csv", names=["line 4000002", "conv9"])

    def test_json_plans(self):
        self.plan("{", "plan.csv")
        self.plan("{}", "format")
        self.plan('{"format": "bitstitch-run/1"} trailing')

    def test_a_name_that_ends_in_json_is_no_csv(self):
        for content, what in (("[]", "not a JSON object"), ("nul", "not valid JSON"), ("", "not valid JSON")):
            self.write("plan.json", content)
            self.bad("inspect", LENET, "--plan", "plan.json", names=["'plan.json'", what])
            self.bad("explore", "plan.json", "--script", "/dev/null", names=["'plan.json'", what])

    def test_a_json_of_another_network(self):
        self.good("quantize", LENET, *FAST, "--json", "run.json")
        run = json.loads((self.folder / "run.json").read_text())
        run["hashes"]["network"] = "0" * 64
        self.write("run.json", json.dumps(run))
        self.bad("inspect", LENET, "--plan", "run.json", names=["run.json"])

    def test_no_plan(self):
        self.bad("inspect", LENET, "--plan", "nowhere.csv", names=["nowhere.csv"])


class BadImages(Story):
    def images(self, content, *names, labels=None):
        self.write("images", content)
        arguments = ["evaluate", LENET, "--images", "images"]
        if labels is not None:
            self.write("labels", labels)
            arguments += ["--image-labels", "labels"]
        self.bad(*arguments, names=names)

    def test_images(self):
        self.images(b"", "images")
        self.images(b"not images at all", "images")
        self.images(idx(3, 28, 28)[:-1], "images")
        self.images(idx(3, 28, 28) + b"x", "images")
        self.images(idx(2, 27, 28), "images", "27", labels=idx_labels([0, 1]))
        self.images(struct.pack(">IIII", 0x803, 0xffffffff, 0xffffffff, 0xffffffff), "images")
        self.images(gzip.compress(idx(3, 28, 28))[:-9], "images")

    def test_labels(self):
        self.images(idx(2, 28, 28), "labels", labels=idx_labels([0, 1, 2]))
        self.images(idx(2, 28, 28), "labels", "10", labels=idx_labels([0, 10]))
        self.images(idx(2, 28, 28), "labels", labels=b"")

    def test_missing(self):
        self.bad("evaluate", LENET, "--images", "nowhere", names=["nowhere"])
        self.bad("evaluate", DATA / "lenet5.onnx", names=["lenet5.onnx", "--images"])
        self.bad("quantize", DATA / "lenet5.onnx", "--images", IMAGES,
                 names=["lenet5.onnx", "without calibration images", "--calibration", "in a description 'lenet5.json'"])
        self.write("bare.json", '{"network": "%s"}' % (DATA / "lenet5.onnx"))
        self.bad("quantize", "bare.json", names=["'bare.json' comes without", "name them there", "--calibration"])

    def test_memory_names_the_ceiling(self):
        for memory in ("1", "1K", "20K", "100K"):
            message = self.bad("evaluate", LENET, "--memory", memory, names=["the 1 MiB that are left: the file alone needs about --memory "])
            self.assertNotIn("out of memory", message)

    def test_memory_names_no_number_that_is_not_known(self):
        self.write("wide.onnx", onnx.model([onnx.node("Relu", ["x"], ["y"], "relu")], [], (1, 1, 100000, 100000)))
        message = self.bad("inspect", "wide.onnx", "--memory", "900M")
        self.assertIn("take 38147 MiB, more than the 900 MiB that are left: use a larger --memory", message)
        self.assertNotIn("try", message)

    def test_calibration_of_another_size(self):
        self.write("small", idx(300, 8, 8))
        self.write("out.csv", "old")
        self.bad("quantize", LENET, "--calibration", "small", "--csv", "out.csv", names=["small"])


class BadDescription(Story):
    def description(self, content, *names):
        shutil.copy(DATA / "lenet5.onnx", self.folder)
        self.write("net.json", content)
        self.bad("inspect", "net.json", names=("net.json", *names))

    def test_descriptions(self):
        self.description("")
        self.description("{")
        self.description('{"network": "lenet5.onnx"} x')
        self.description('{"task": "classification"}', "network")
        self.description('{"network": "lenet5.onnx", "nonsense": 1}', "nonsense")
        self.description('{"network": "lenet5.onnx", "network": "lenet5.onnx"}', "network")
        self.description('{"network": 3}', "network")
        self.description('{"network": "lenet5.onnx", "std": [0]}', "std")
        self.description('{"network": "lenet5.onnx", "mean": [0, 0]}', "mean")
        self.description('{"network": "lenet5.onnx", "labels": ["a", "b"]}', "2", "10")

    def starts(self, start, *arguments):
        self.assertTrue(self.bad(*arguments).startswith(f"bitstitch: {start}"), self.bad(*arguments))

    def test_files_that_are_missing(self):
        shutil.copy(DATA / "lenet5.onnx", self.folder)
        missing = "No such file or directory\n"
        self.starts(f"cannot open 'gone.onnx': {missing}", "inspect", "gone.onnx")
        self.write("net.json", '{"network": "gone.onnx"}')
        self.starts(f"description 'net.json', key 'network': cannot open 'gone.onnx': {missing}", "inspect", "net.json")
        self.write("net.json", '{"network": "lenet5.onnx", "calibration": "gone", "evaluation": "gone too"}')
        self.starts(f"description 'net.json', key 'evaluation': cannot read 'gone too': {missing}", "evaluate", "net.json")
        self.starts(f"description 'net.json', key 'calibration': cannot read 'gone': {missing}", "sensitivity", "net.json")
        self.starts(f"cannot read 'mine': {missing}", "sensitivity", "net.json", "--calibration", "mine")

    def test_all_begin_alike(self):
        shutil.copy(DATA / "lenet5.onnx", self.folder)
        for content in ('{"network": 3}', '{"network": "lenet5.onnx", "std": [0]}'):
            self.write("net.json", content)
            self.starts("description 'net.json', key '", "inspect", "net.json")
        self.write("net.json", "[]")
        self.starts("description 'net.json': ", "inspect", "net.json")

    def test_options(self):
        self.bad("inspect", LENET, "--std", "0", names=["--std"])
        self.bad("inspect", LENET, "--mean", "0.1,x", names=["--mean"])
        self.bad("inspect", LENET, "--mean", "1,2", names=["--mean"])
        self.write("classes.txt", "one\ntwo\n")
        self.bad("inspect", LENET, "--labels", "classes.txt", names=["classes.txt", "2", "10"])
        self.bad("inspect", LENET, "--labels", "nowhere.txt", names=["nowhere.txt"])


class BadOutput(Story):
    def test_outputs_are_tried_before_the_work(self):
        (self.folder / "folder").mkdir()
        for option in ("--csv", "--json", "--onnx"):
            self.bad("quantize", LENET, *FAST, option, "nowhere/out", names=["nowhere/out"])
            self.bad("quantize", LENET, *FAST, option, "folder", names=["folder"])
            self.bad("quantize", LENET, *FAST, option, "/dev/full", names=["/dev/full"])

    def test_nothing_is_written_where_the_other_output_cannot_be(self):
        self.write("plan.csv", "old")
        self.bad("quantize", LENET, *FAST, "--csv", "plan.csv", "--json", "nowhere/out", names=["nowhere/out"])


class OutputsOverInputs(Story):
    def test_no_file_that_is_read_is_written(self):
        self.write("images.gz", gzip.compress(idx(20, 28, 28), 1))
        self.write("labels", idx_labels([0] * 20))
        self.write("classes", "\n".join("abcdefghij"))
        shutil.copy(DATA / "lenet5.onnx", self.folder / "x.onnx")
        (self.folder / "link").symlink_to("x.onnx")
        command = ["quantize", "x.onnx", "--calibration", "images.gz", "--images", "images.gz", "--image-labels", "labels",
                   "--labels", "classes"]
        for name in ("x.onnx", "./images.gz", "labels", "classes", "link"):
            for option in ("--csv", "--json", "--onnx"):
                wrong_suffix = pathlib.PurePath(name).suffix not in ("", option.replace("--", "."))
                self.bad(*command, option, name, names=[option, name], status=2 if wrong_suffix else 1)

    def test_nor_one_that_holds_a_network_s_data(self):
        self.write("weights", bytes(4 * 10 * 784))
        self.write("net.onnx", onnx.model([onnx.node("Flatten", ["x"], ["f"], "flatten"),
                                           onnx.node("Gemm", ["f", "w"], ["y"], "fc", transB=1)],
                                          [onnx.external_tensor("w", (10, 784), "weights")]))
        images = DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz"
        self.bad("quantize", "net.onnx", "--calibration", images, "--onnx", "weights", names=["--onnx", "weights"])

    def test_a_plan_may_be_replaced(self):
        self.write("plan.csv", "name,weight_bits\nconv1,4\n")
        self.good("quantize", LENET, *FAST, "--plan", "plan.csv", "--csv", "plan.csv")

    def test_a_pipe_is_no_plan(self):
        os.mkfifo(self.folder / "pipe")
        self.bad("inspect", LENET, "--plan", "pipe", names=["pipe"])


main()
