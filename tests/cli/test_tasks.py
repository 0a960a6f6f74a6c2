# SPDX-License-Identifier: MIT
"""Detection and segmentation: figures, files and messages of the networks in data/."""
import json
import re
import shutil

from harness import DATA, Story, main

CELLS = DATA / "cells-yolo.json"
FEW = ["--calibration-images", "16", "--evaluation-images", "12", "--rows", "256"]


class Tasks(Story):
    def figure(self, text, row):
        """The first number of a row of the first table."""
        return float(re.search(rf"^{row} +([\d.]+)", text, re.MULTILINE).group(1))

    def test_the_task_is_said(self):
        text = self.good("inspect", CELLS)
        self.assertIn("task      detect: YOLOv8 head, 3 classes, 960 anchors", text)
        self.assertIn("SiLU 28, Sigmoid: it is curved", text)
        self.assertIn("Softmax: it divides", text)
        self.assertIn("task      segment: YOLOv8 head, 1 class", self.good("inspect", DATA / "nuclei-yolo-seg.onnx"))
        self.assertIn("task      semantic: logits of 3 classes", self.good("inspect", DATA / "nuclei-unet.onnx"))
        self.assertNotIn("  task ", self.good("inspect", DATA / "lenet5.json"))
        text = self.good("inspect", CELLS, "--task", "semantic")
        self.assertIn("none: the outputs do not fit 'semantic'; they are compared as numbers", text)
        self.bad("inspect", CELLS, "--task", "pose", names=["--task", "classify, detect"], status=2)

    def test_a_detector_is_evaluated_and_quantized(self):
        text = self.good("evaluate", CELLS, "--evaluation-images", "12")
        self.assertIn("12 images; 95 % intervals in brackets", text)
        self.assertGreater(self.figure(text, "float"), 40)
        self.assertIn("Platelets", text)
        text = self.good("quantize", CELLS, *FEW, "--bits", "8", "--json", "run.json", "--csv", "plan.csv")
        self.assertLess(abs(self.figure(text, "quantized") - self.figure(text, "float")), 2)
        self.assertRegex(text, r"scores +\d+\.\d+ +0\.99")
        accuracy = json.loads((self.folder / "run.json").read_text())["accuracy"]
        self.assertEqual(accuracy["task"], "detect")
        box = accuracy["measures"]["box AP"]
        self.assertAlmostEqual(100 * box["quantized"], self.figure(text, "quantized"), delta=0.006)
        self.assertLessEqual(box["change_interval"][0], box["change"])
        self.assertEqual([part["name"] for part in accuracy["outputs"]], ["boxes", "scores"])
        self.good("quantize", CELLS, *FEW, "--plan", "run.json")

    def test_outputs_without_a_task_are_compared_as_numbers(self):
        text = self.good("quantize", DATA / "nuclei-yolo-seg.json", *FEW, "--task", "none", "--onnx", "q.onnx")
        self.assertRegex(text, r"output0 +\d+\.\d+ +0\.9")
        self.assertRegex(text, r"output1 +\d+\.\d+ +0\.9")
        self.assertIn("none:", self.good("inspect", "q.onnx", "--task", "none"))

    def test_without_annotations_the_float_network_is_the_truth(self):
        (self.folder / "images").mkdir()
        for path in sorted((DATA / "blood-cells" / "evaluation").glob("*.jpg"))[:6]:
            shutil.copy(path, self.folder / "images")
        text = self.good("evaluate", CELLS, "--images", "images")
        self.assertIn("without annotations: the float network's detections are taken for the truth", text)
        self.assertGreater(self.figure(text, "float"), 99)

    def test_damaged_annotations_are_named(self):
        shutil.copytree(DATA / "nuclei" / "evaluation", self.folder / "images")
        network = DATA / "nuclei-yolo-seg.json"
        annotations = json.loads((self.folder / "images" / "instances.json").read_text())
        annotations["annotations"][7]["segmentation"]["counts"] = "oooo"
        self.write("images/instances.json", json.dumps(annotations))
        self.bad("evaluate", network, "--images", "images", names=["instances.json", "annotations[7]", "run lengths"])
        self.bad("evaluate", network, "--images", "images", "--image-labels", "missing.json", names=["missing.json"])
        del annotations["images"][3]
        annotations["annotations"] = []
        self.write("images/instances.json", json.dumps(annotations))
        self.bad("evaluate", network, "--images", "images", names=["has no image"])

    def test_label_images(self):
        text = self.good("evaluate", DATA / "nuclei-unet.json", "--evaluation-images", "8")
        self.assertGreater(self.figure(text, "float"), 50)
        (self.folder / "labels").mkdir()
        images = DATA / "nuclei" / "evaluation"
        self.bad("evaluate", DATA / "nuclei-unet.json", "--images", images, "--image-labels", "labels",
                 names=["labels", "no label image"])


main()
