# SPDX-License-Identifier: MIT
"""--memory: the peak memory of the process stays below the limit, results do not depend on it, and a run that does not fit is
refused with a value that is enough."""
import json
import os
import re
import subprocess

from harness import DATA, IMAGES, PROGRAM, Story, main

MAKE_LARGE = os.environ["MAKE_LARGE"]
PROGRAM_MIB = 48  # app/cli/budget.h
QUICK = ["--method", "round-mse", "--rows", "500", "--evaluation-images", "500"]


class Memory(Story):
    def run_measured(self, memory, *arguments):
        """Returns exit status, standard error, and the peak in MiB without the program itself."""
        with open(self.folder / "errors", "wb+") as errors:
            process = subprocess.Popen([PROGRAM, *map(str, arguments), "--memory", f"{memory}M"], cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            return process.returncode, errors.read().decode(), usage.ru_maxrss / 1024 - PROGRAM_MIB

    def check_limits(self, limits, *arguments):
        """Runs under each limit; returns the files written, which must be the same each time."""
        results = []
        for limit in limits:
            status, errors, peak = self.run_measured(limit, *arguments, "--csv", "out.csv", "--json", "out.json")
            self.assertEqual((status, errors), (0, ""), limit)
            self.assertLess(peak, limit)
            run = json.loads((self.folder / "out.json").read_text())
            del run["run"]
            results.append(((self.folder / "out.csv").read_bytes(), run))
        for result in results[1:]:
            self.assertEqual(result, results[0])

    def check_refusal(self, *arguments):
        """A limit that is too low is refused for a layer or the bound, and the value in the message is enough."""
        status, errors, peak = self.run_measured(24, *arguments)
        self.assertEqual(status, 1)
        self.assertLess(peak, 24)
        named = int(re.search(r"use --memory (\d+)M", errors)[1])
        status, errors, peak = self.run_measured(named, *arguments)
        self.assertEqual((status, errors), (0, ""))
        self.assertLess(peak, named)

    def test_quantize(self):
        network = DATA / "resnet20.json"
        self.check_limits([112, 200, 1000], "quantize", network, *QUICK, "--calibration-images", 512)
        self.check_refusal("quantize", network, *QUICK, "--calibration-images", 64)

    def test_bound(self):
        network = DATA / "mobilenetv2.json"
        self.check_limits([160, 1000], "bound", network, *QUICK, "--calibration-images", 64)
        self.check_refusal("bound", DATA / "lenet5.json", *QUICK, "--calibration-images", 256)

    def test_evaluate_and_sensitivity(self):
        for arguments in (["evaluate", DATA / "vgg8.json", "--evaluation-images", 1000],
                          ["sensitivity", DATA / "lenet5.json", "--calibration-images", 512]):
            status, errors, peak = self.run_measured(96, *arguments)
            self.assertEqual((status, errors), (0, ""))
            self.assertLess(peak, 96)

    def test_images_that_do_not_fit_are_refused(self):
        status, errors, peak = self.run_measured(8, "evaluate", DATA / "lenet5.json", "--images", IMAGES)
        self.assertEqual(status, 1)
        self.assertLess(peak, 8)
        self.assertRegex(errors, r"t10k-images.* takes \d+ MiB, above the \d+ MiB that are left: the file alone needs about --memory \d+M")

    def test_explore(self):
        self.write("script", "keys 5\nwait\nkeys 4\nwait\nkeys e<Enter>\nwait\n")
        written = []
        for limit in (128, 1000):
            status, errors, peak = self.run_measured(limit, "explore", DATA / "lenet5.json", "--script", "script",
                                                     *QUICK, "--calibration-images", 64)
            self.assertEqual((status, errors), (0, ""))
            self.assertLess(peak, limit)
            written.append((self.folder / "lenet5-plan.csv").read_bytes())
            (self.folder / "lenet5-plan.csv").unlink()
        self.assertEqual(written[0], written[1])

    def test_a_large_network_on_pictures(self):
        """MobileNetV3 at 224 x 224, activations in a temporary file."""
        pictures = self.folder / "pictures"
        pictures.mkdir()
        subprocess.run([MAKE_LARGE, "mobilenetv3", self.folder / "large.onnx"], check=True)
        subprocess.run([MAKE_LARGE, "pictures", pictures, "12"], check=True)
        self.check_limits([288, 2000], "quantize", "large.onnx", "--calibration", pictures, "--images", pictures,
                          "--resize", 256, "--calibration-images", 10, "--rows", 200, "--method", "round-mse",
                          "--onnx", "quantized.onnx")


main()
