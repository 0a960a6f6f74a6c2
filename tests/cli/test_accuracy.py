# SPDX-License-Identifier: MIT
"""The top-1 of the float networks in data/ agrees with PyTorch's, within one image."""
import csv
import re

from harness import DATA, Story, main


class Accuracy(Story):
    def test_top1(self):
        with open(DATA.parent / "tests" / "pytorch-logits" / "accuracy.csv", newline="", encoding="utf-8") as file:
            expected = {row["network"]: float(row["top1"]) for row in csv.DictReader(file)}
        self.assertEqual(len(expected), 6)
        for network, top1 in expected.items():
            with self.subTest(network=network):
                text = self.good("evaluate", DATA / f"{network}.json")
                measured = float(re.search(r"^float +([\d.]+)", text, re.MULTILINE).group(1))
                self.assertLessEqual(abs(measured - 100 * top1), 0.01 + 1e-9)


main()
