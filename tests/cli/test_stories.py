# SPDX-License-Identifier: MIT
"""Successful runs on lenet5, from a first look to a file that another run starts from."""
import csv
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time

import onnx
from harness import DATA, FAST, IMAGES, LABELS, LENET, PROGRAM, Story, main, without_times

COLUMNS = """index,name,operator,shape,parameters,macs,weight_bits,activation_bits,method,grid,rounding_error,bitsplit_error,
polished_error,heldout_error,local_error,accumulated_error,sqnr_db,codes_changed,bytes,lambda,
hybrid_contribution,hybrid_share,hybrid_share_per_kib,spectral_contribution,spectral_share,hybrid_squared_share,margin_pull""".replace("\n", "").split(",")
SENSITIVITY_COLUMNS = ["index", "name", "weight_bits", "estimate", "rounding_error", "measured_error", "heldout_error"]


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Stories(Story):
    def test_inspect(self):
        text = self.good("inspect", LENET)
        for word in ("conv1", "fc3", "1 x 28 x 28", "Ankle boot", "total"):
            self.assertIn(word, text)

    def test_inspect_without_a_network_shows_the_bundled_one(self):
        self.assertEqual(self.good("inspect"), self.good("inspect", DATA / "resnet20.json"))

    def test_inspect_writes_a_plan_to_start_from(self):
        self.good("inspect", LENET, "--bits", "3", "--csv", "plan.csv")
        table = rows(self.folder / "plan.csv")
        self.assertEqual(list(table[0]), COLUMNS)
        self.assertEqual([row["weight_bits"] for row in table], ["8", "3", "3", "3", "8"])
        self.good("inspect", LENET, "--plan", "plan.csv", "--csv", "again.csv")
        files = self.files()
        self.assertEqual(files["plan.csv"], files["again.csv"])

    def test_evaluate(self):
        text = self.good("evaluate", LENET, "--evaluation-images", "1000")
        top1 = float(re.search(r"^float +([\d.]+)", text, re.MULTILINE).group(1))
        self.assertTrue(85 < top1 < 95, text)
        same = self.good("evaluate", DATA / "lenet5.onnx", "--mean", "0.286", "--std=0.353", "--images", IMAGES,
                         "--image-labels", LABELS, "--evaluation-images=1000")
        self.assertEqual(re.findall("^float.*", text, re.MULTILINE), re.findall("^float.*", same, re.MULTILINE))

    def test_quantize_writes_csv_and_json(self):
        text = self.good("quantize", LENET, *FAST, "--csv", "plan.csv", "--json", "plan.json")
        table = rows(self.folder / "plan.csv")
        self.assertEqual(list(table[0]), COLUMNS)
        for row in table:
            self.assertLess(float(row["polished_error"]), float(row["rounding_error"]))
            self.assertIn(row["name"], text)
        run = json.loads((self.folder / "plan.json").read_text())
        accuracy = run["accuracy"]
        for network in ("float", "quantized"):
            low, high = accuracy[network]["top1_interval"]
            self.assertTrue(0 < low <= accuracy[network]["top1"] <= high < 1)
        self.assertLess(abs(accuracy["change"]), 0.05)
        self.assertGreater(run["totals"]["compression"], 5)
        self.assertTrue(4 < run["totals"]["average_weight_bits"] < 8)
        self.assertGreater(run["run"]["optimizer_seconds"], 0)
        self.assertEqual([layer["name"] for layer in run["layers"]], [row["name"] for row in table])

    def test_the_quantized_network_is_a_network(self):
        evaluate = ["--mean", "0.286", "--std", "0.353", "--images", IMAGES, "--image-labels", LABELS]
        for inputs, most in (("float", 0), ("8", 0.2)):  # per cent: an image whose activation lies between two codes may change
            text = self.good("quantize", LENET, *FAST, "--activation-bits", inputs, "--onnx", "out.onnx")
            self.assertIn("conv2", self.good("inspect", "out.onnx"))
            same = self.good("evaluate", "out.onnx", *evaluate, "--evaluation-images", "500")
            here = re.search(r"^quantized +([\d.]+) .*", text, re.MULTILINE)
            there = re.search(r"^float +([\d.]+) .*", same, re.MULTILINE)
            self.assertLessEqual(abs(float(here.group(1)) - float(there.group(1))), most)
            if not most:
                self.assertEqual(here.group().split()[1:], there.group().split()[1:])

    def test_a_run_starts_from_an_earlier_one(self):
        self.good("quantize", LENET, *FAST, "--bits", "3", "--seed", "18446744073709551615", "--csv", "a.csv",
                  "--json", "a.json")
        self.good("quantize", LENET, "--evaluation-images", "500", "--plan", "a.json", "--csv", "b.csv")
        note = "note: the run in --plan was calibrated on other images"
        for command in ("quantize", "bound"):
            self.assertNotIn(note, self.good(command, LENET, *FAST, "--plan", "a.json"))
            self.assertIn(note, self.good(command, LENET, *FAST, "--plan", "a.json", "--calibration", IMAGES))
        self.assertNotIn(note, self.good("quantize", LENET, *FAST, "--plan", "a.csv", "--calibration", IMAGES))
        self.good("quantize", LENET, *FAST, "--seed", "18446744073709551615", "--plan", "a.csv", "--csv", "c.csv")
        files = self.files()
        self.assertEqual(files["a.csv"], files["b.csv"])
        self.assertEqual(files["a.csv"], files["c.csv"])

    def test_a_plan_leaves_what_it_does_not_name_to_the_options(self):
        self.write("plan.csv", "name,weight_bits,method\nconv2,2,gptq\nfc1,float,\n")
        self.good("quantize", LENET, *FAST, "--bits", "5", "--last-bits", "6", "--plan", "plan.csv", "--csv", "out.csv")
        table = {row["name"]: (row["weight_bits"], row["method"]) for row in rows(self.folder / "out.csv")}
        self.assertEqual(table["conv1"], ("8", "nearest-plane"))
        self.assertEqual(table["conv2"], ("2", "gptq"))
        self.assertEqual(table["fc1"][0], "float")
        self.assertEqual(table["fc2"], ("5", "nearest-plane"))
        self.assertEqual(table["fc3"], ("6", "nearest-plane"))

    def test_the_same_bytes_whatever_the_threads(self):
        outputs = []
        for threads in ("1", "2", "4"):
            text = self.good("quantize", LENET, *FAST, "--threads", threads, "--csv", f"{threads}.csv", "--onnx",
                             f"{threads}.onnx")
            outputs.append(without_times(text))
        files = self.files()
        for kind in ("csv", "onnx"):
            self.assertEqual(files[f"1.{kind}"], files[f"2.{kind}"])
            self.assertEqual(files[f"1.{kind}"], files[f"4.{kind}"])
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])

    def test_images_without_labels(self):
        self.write("pictures", (DATA / "fashion-mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())
        text = self.good("quantize", LENET, *FAST, "--images", "pictures", "--json", "run.json")
        self.assertIn("agreement", text)
        self.assertNotIn("top-1", text)
        self.bad("evaluate", LENET, "--images", "pictures", names=["pictures", "--image-labels"])

    def test_compare(self):
        text = self.good("compare", LENET, *FAST, "--bits", "3")
        errors = {}
        for name in ("bitsplit+polish", "bitsplit", "code-descent", "gptq", "gptq-polish", "round-mse", "round-minmax"):
            match = re.search(rf"^{re.escape(name)} +([\d.e+-]+) ", text, re.MULTILINE)
            self.assertIsNotNone(match, name)
            errors[name] = float(match.group(1))
        self.assertLess(errors["bitsplit"], errors["round-minmax"])
        self.assertLessEqual(errors["bitsplit+polish"], errors["bitsplit"] * 1.05)
        verdict = text.partition("\nverdict\n")[2]
        best = max(re.findall(r"^([a-z+-]+) +[\d.e-]+ .* ([\d.]+)$", text, re.MULTILINE), key=lambda row: float(row[1]))
        self.assertIn(f"output SQNR: {best[0]}, {best[1]} dB", verdict)
        self.assertIn("rows: ", verdict)
        self.assertIn("conv1.", text)  # which nothing quantized comes before
        self.assertIn("same statistics", self.good("compare", LENET, *FAST, "--effort", "paper", "--bits", "3"))

    def test_bound(self):
        text = self.good("bound", LENET, *FAST, "--ladder-images", "48", "--csv", "plan.csv", "--json", "run.json")
        ladder = json.loads((self.folder / "run.json").read_text())["ladder"]
        self.assertEqual(ladder["images"], 48)
        self.assertTrue(0 < ladder["measured"] <= ladder["hybrid"] <= ladder["spectral"] <= ladder["frobenius"])
        certified = ladder["certified"]
        self.assertTrue(0 <= certified["spectral"] <= certified["hybrid"] <= certified["measured"] <= 1)
        by_direction = [certified[key] for key in ("hybrid", "direction", "one_sided", "by_stage")] + [ladder["kept"]]
        self.assertEqual(by_direction, sorted(by_direction))
        for name, key in (("norms", "hybrid"), ("direction", "direction"), ("one-sided", "one_sided")):
            line = next(line for line in text.splitlines() if line.startswith(name + " "))
            self.assertEqual(line.split()[-1], f"{100 * certified[key]:.2f}")
        self.assertEqual((ladder["culprit"], ladder["violation"]), (None, None))
        table = rows(self.folder / "plan.csv")
        self.assertEqual(list(table[0]), COLUMNS)
        self.assertIn(ladder["costliest"], [row["name"] for row in table])
        for rung in ("hybrid", "spectral"):
            self.assertAlmostEqual(sum(float(row[f"{rung}_share"]) for row in table), 1, places=6)
            total = sum(float(row[f"{rung}_contribution"]) for row in table)
            self.assertAlmostEqual(total / ladder[rung], 1, places=6)
        most = max(table, key=lambda row: float(row["hybrid_share"]))
        self.assertEqual(most["name"], ladder["costliest"])
        self.assertIn(f"{100 * float(most['hybrid_share']):.1f} % of the hybrid bound", text)
        for row in table:
            self.assertTrue(0 < float(row["local_error"]) < 1 and float(row["lambda"]) > 0)
        self.assertEqual(len(ladder["alone"]), len(table))
        for rung in ("frobenius", "spectral", "hybrid"):
            self.assertEqual(len(ladder["contributions"][rung]), len(table))
            self.assertAlmostEqual(sum(ladder["contributions"][rung]) / ladder[rung], 1, places=6)
        self.assertTrue(certified["measured"] <= ladder["kept"] <= 1)
        self.assertTrue(0.5 < ladder["float_accuracy"] <= 1)
        self.assertRegex(text, rf"(?m)^ +float( +-)+ +{100 * ladder['float_accuracy']:.2f}( +-)+$")
        widths = re.findall(r"(?m)^\d  (?:conv|fc)\d +(\d|float) +\d\.", text)
        self.assertEqual(widths, [row["weight_bits"] for row in table])
        self.assertTrue(all(0.5 < accuracy <= 1 for accuracy in ladder["hybrid_accuracy"]))
        for words in ("Frobenius", "spectral", "hybrid", "measured", f"layer '{ladder['costliest']}'"):
            self.assertIn(words, text)

    def test_bound_on_either_set_of_images(self):
        norms = {}
        for images in ("calibration", "evaluation"):
            text = self.good("bound", LENET, *FAST, "--evaluation-images", "100", "--ladder-on", images,
                             "--ladder-images", "100", "--json", "run.json")
            run = json.loads((self.folder / "run.json").read_text())
            ladder = run["ladder"]
            self.assertEqual((ladder["on"], ladder["images"]), (images, 100))
            self.assertIn(f"over 100 {images} images", text)
            self.assertRegex(text, r"(?m)^time: .*norms [\d.]+ s, ladder [\d.]+ s")
            self.assertRegex(text, r"(?m)^memory: ladder [\d.]+ [KMG]iB, process at most [\d.]+ [KMG]iB$")
            self.assertTrue(0 < run["run"]["ladder_bytes"] < run["run"]["peak_bytes"])
            norms[images] = ladder["output_norm"]
        self.assertEqual(ladder["hybrid_accuracy"][-1], run["accuracy"]["quantized"]["top1"])
        self.assertNotEqual(norms["calibration"], norms["evaluation"])

    def test_bound_on_all_images(self):
        header = bytes([0, 0, 8, 3, 0, 0, 0, 70, 0, 0, 0, 28, 0, 0, 0, 28])
        self.write("small-images-idx3-ubyte", header + bytes(i * 37 % 251 for i in range(70 * 784)))
        self.good("bound", LENET, *FAST, "--images", "small-images-idx3-ubyte", "--ladder-on", "evaluation",
                  "--ladder-images", "all", "--json", "run.json")
        ladder = json.loads((self.folder / "run.json").read_text())["ladder"]
        self.assertEqual((ladder["images"], set(ladder["hybrid_accuracy"])), (70, {None}))
        self.bad("bound", DATA / "lenet5.onnx", *FAST, "--calibration", IMAGES, "--ladder-on", "evaluation",
                 names=["--images"])

    def test_bound_of_a_float_layer_is_nothing(self):
        self.write("plan.csv", "name,weight_bits\nconv2,float\n")
        self.good("bound", LENET, *FAST, "--plan", "plan.csv", "--csv", "out.csv", "--json", "out.json")
        row = {row["name"]: row for row in rows(self.folder / "out.csv")}["conv2"]
        self.assertEqual((row["local_error"], row["hybrid_share"], row["spectral_share"]), ("", "", ""))
        self.assertEqual(json.loads((self.folder / "out.json").read_text())["ladder"]["images"], 64)
        ladder = json.loads((self.folder / "out.json").read_text())["ladder"]
        self.assertIsNone(ladder["alone"][1])
        self.assertEqual({contributions[1] for contributions in ladder["contributions"].values()}, {None})

    def test_bound_shows_the_widths_of_inputs_where_there_are_any(self):
        text = self.good("bound", LENET, *FAST, "--bits", "float", "--activation-bits", "6", "--error-compensated")
        self.assertIn("error-compensated activations", text)
        self.assertRegex(text, r"(?m)^#  layer +W +A +local error ")
        self.assertRegex(text, r"(?m)^1  conv1 +8 +float +\d")
        self.assertRegex(text, r"(?m)^2  conv2 +float +6 +\d")

    def test_bound_of_the_float_network_on_one_image(self):
        float_widths = ["--bits", "float", "--first-bits", "float", "--last-bits", "float"]
        text = self.good("bound", LENET, *float_widths, "--calibration-images", "1", "--evaluation-images", "50")
        self.assertIn("over 1 calibration image,", text)
        self.assertIn("output SQNR infinite", text)
        self.assertNotIn("inf dB", text)

    def test_bound_says_that_there_are_fewer_images(self):
        header = bytes([0, 0, 8, 3, 0, 0, 0, 70, 0, 0, 0, 28, 0, 0, 0, 28])
        self.write("small-images-idx3-ubyte", header + bytes(i * 37 % 251 for i in range(70 * 784)))
        text = self.good("bound", LENET, *FAST, "--images", "small-images-idx3-ubyte", "--ladder-on", "evaluation",
                         "--ladder-images", "71")
        self.assertIn("over all 70 evaluation images", text)

    def test_bound_is_the_same_whatever_the_threads(self):
        outputs = [without_times(self.good("bound", LENET, *FAST, "--threads", threads)) for threads in ("1", "3")]
        self.assertEqual(outputs[0], outputs[1])

    def test_sensitivity_foretells_the_solve(self):
        fast = ["--rows", "500", "--calibration-images", "64"]
        text = self.good("sensitivity", LENET, *fast, "--csv", "sensitivity.csv")
        table = rows(self.folder / "sensitivity.csv")
        self.assertEqual(list(table[0]), SENSITIVITY_COLUMNS)
        self.assertEqual({(row["measured_error"], row["heldout_error"]) for row in table}, {("", "")})
        self.assertNotIn("measured", text)
        self.assertEqual(len(table), 5 * 7)
        estimates = {(row["name"], int(row["weight_bits"])): float(row["estimate"]) for row in table}
        for name in ("conv1", "conv2", "fc1", "fc2", "fc3"):
            self.assertIn(name, text)
            for bits in range(2, 8):
                self.assertLess(estimates[name, bits + 1], estimates[name, bits])
        self.good("quantize", LENET, *FAST, "--method", "gptq", "--ridge", "0", "--mode", "independent", "--bits", "6",
                  "--csv", "plan.csv")
        for row in rows(self.folder / "plan.csv"):
            estimate = estimates[row["name"], int(row["weight_bits"])]
            if row["name"].startswith("conv"):
                self.assertTrue(0.4 < float(row["bitsplit_error"]) / estimate < 2.5, (row, estimate))

    def test_sensitivity_of_inputs_that_do_not_vary(self):
        for few in ("--rows", "--calibration-images"):
            self.good("sensitivity", LENET, few, "1", "--csv", "sensitivity.csv")
            table = rows(self.folder / "sensitivity.csv")
            fully_connected = [row for row in table if row["name"].startswith("fc")]
            self.assertEqual(len(fully_connected), 3 * 7)
            self.assertEqual({(row["estimate"], row["rounding_error"]) for row in fully_connected}, {("0", "0")})

    def test_sensitivity_measures_every_width(self):
        fast = ["--rows", "500", "--calibration-images", "64"]
        text = self.good("sensitivity", LENET, *fast, "--measure", "--csv", "sensitivity.csv")
        table = rows(self.folder / "sensitivity.csv")
        self.assertEqual(list(table[0]), SENSITIVITY_COLUMNS)
        self.assertEqual(len(table), 5 * 7)
        measured = {(row["name"], row["weight_bits"]): (row["measured_error"], row["heldout_error"]) for row in table}
        self.assertEqual(len(re.findall(r"^ +measured( +\d[\d.,e-]*){7}$", text, re.MULTILINE)), 5)
        lines = [line for line in text.splitlines() if re.search(r" (estimate|rounding|measured)( +\d[\d.,e-]*){7}$", line)]
        self.assertEqual(len(lines), 5 * 3)
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.good("quantize", LENET, *FAST, "--mode", "independent", "--csv", "plan.csv")
        for row in rows(self.folder / "plan.csv"):
            self.assertEqual(measured[row["name"], row["weight_bits"]], (row["polished_error"], row["heldout_error"]))
        bare = self.good("sensitivity", LENET, *fast, "--measure", "--no-polish", "--ridge", "0")
        self.assertIn("no polish, bias correction, ridge 0", bare)
        self.assertNotEqual(bare, text)
        self.bad("sensitivity", LENET, "--no-polish", names=["--no-polish", "--measure"], status=2)

    def test_an_interrupted_survey_keeps_the_rows_shown(self):
        self.write("sensitivity.csv", "old")
        command = [PROGRAM, "sensitivity", str(DATA / "resnet20.json"), "--measure", "--rows", "all",
                   "--csv", "sensitivity.csv"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            shown = []
            for line in process.stdout:
                shown.append(line)
                if line.split()[:1] == ["measured"]:
                    break
            process.send_signal(signal.SIGINT)
            shown += process.stdout
            errors = process.stderr.read()
        self.assertEqual((process.returncode, errors), (130, "bitstitch: interrupted\n"))
        layers = [line.split()[1] for line in shown if line.split()[2:3] == ["estimate"]]
        self.assertEqual(layers[:1], ["stem.0"])
        self.assertLess(len(layers), 22)
        self.assertEqual(self.files(), {"sensitivity.csv": b"old"})

    def test_an_output_replaces_an_older_one_and_leaves_nothing_beside_it(self):
        self.write("plan.csv", "old")
        self.good("quantize", LENET, *FAST, "--csv", "plan.csv")
        self.assertEqual(list(self.files()), ["plan.csv"])
        self.assertNotEqual(self.files()["plan.csv"], b"old")

    def test_a_run_is_repeated_from_its_json_alone(self):
        """A JSON holds the chosen output and input shape; the command line wins."""
        weights = onnx.tensor("w", (10, 784), [(i * 37 % 101 - 50) / 50 for i in range(7840)])
        nodes = [onnx.node("Flatten", ["x"], ["f"], "flatten"), onnx.node("Gemm", ["f", "w"], ["y"], "fc", transB=1),
                 onnx.node("Relu", ["y"], ["z"], "relu")]
        self.write("net.onnx", onnx.model(nodes, [weights], input_dims=(1, -1, -1, -1), more_outputs=("z",)))
        images = ["--calibration", IMAGES, "--images", IMAGES, *FAST]
        self.good("quantize", "net.onnx", "--output", "y", "--input-shape", "1,28,28", "--json", "run.json", *images)
        self.good("quantize", "net.onnx", "--plan", "run.json", "--json", "again.json", *images)
        self.good("quantize", "net.onnx", "--plan", "run.json", "--output", "z", "--json", "other.json", *images)
        runs = [json.loads((self.folder / f"{name}.json").read_text()) for name in ("run", "again", "other")]
        for run in runs:
            del run["run"]
        self.assertEqual((runs[0]["network"]["output"], runs[0]["network"]["input_shape"]), ("y", "1,28,28"))
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(runs[2]["network"]["output"], "z")

    def test_csv_to_standard_output(self):
        text = self.good("inspect", LENET, "--csv", "/dev/stdout")
        self.assertTrue(text.startswith(",".join(COLUMNS)))

    def test_an_interrupted_run_leaves_files_alone(self):
        self.write("plan.csv", "old")
        command = [PROGRAM, "quantize", str(DATA / "resnet20.json"), "--rows", "all", "--calibration-images", "4096",
                   "--csv", "plan.csv"]
        with subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(output, b"")
        self.assertEqual(errors, b"bitstitch: interrupted\n")
        self.assertEqual(self.files(), {"plan.csv": b"old"})

    def progress_of(self, *options):
        """Returns what a run writes to a terminal on stderr."""
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal here: {error}")
        command = [PROGRAM, "evaluate", str(DATA / "resnet20.json"), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # on Linux: the other end is closed
                    break
                if not part:
                    break
                shown += part
            output = process.stdout.read()
        os.close(ours)
        self.assertEqual(process.returncode, 0)
        self.assertNotIn(b"\x1b", output)
        return shown

    def test_progress_is_shown_to_a_terminal_and_wiped(self):
        shown = self.progress_of("--progress", "auto")
        self.assertIn(b"evaluating", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-80:])
        self.assertEqual(self.progress_of("--progress", "none"), b"")

    def test_a_full_disk_is_noticed(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            result = subprocess.run([PROGRAM, "inspect", LENET], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"standard output", result.stderr)

    def test_names_beside_spaces(self):
        folder = self.folder / "my networks"
        folder.mkdir()
        shutil.copy(DATA / "lenet5.onnx", folder / "a net.onnx")
        self.assertIn("a net.onnx", self.good("inspect", folder / "a net.onnx"))


main()
