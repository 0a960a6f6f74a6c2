# SPDX-License-Identifier: MIT
"""choose: plans within a budget, by prediction and by trial, and what is said where there is none."""
import csv
import os
import pathlib
import shutil
import tempfile

from harness import FAST, LENET, Story, main

IMAGES = ["--evaluation-images", "400"]


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Choose(Story):
    @classmethod
    def setUpClass(cls):
        cls.kept = pathlib.Path(tempfile.mkdtemp(prefix="bitstitch-"))
        cls.addClassCleanup(shutil.rmtree, cls.kept)
        os.environ["XDG_STATE_HOME"] = str(cls.kept)

    def choose(self, *arguments):
        return self.good("choose", LENET, *FAST, *IMAGES, *arguments)

    def refused(self, *arguments, names=(), status=1):
        return self.bad("choose", LENET, *FAST, *IMAGES, *arguments, names=names, status=status)

    def test_a_plan_within_a_budget(self):
        text = self.choose("--budget", "30K", "--csv", "plan.csv", "--front", "front.csv")
        plan = rows(self.folder / "plan.csv")
        self.assertLessEqual(sum(int(row["bytes"]) for row in plan), 30 * 1024)
        self.assertEqual((plan[0]["weight_bits"], plan[-1]["weight_bits"]), ("8", "8"))
        self.assertIn("no plan within the budget is better by prediction", text)
        self.assertRegex(text, r"(?m)^predicted .*agreement")
        self.assertRegex(text, r"(?m)^measured .*agreement")
        front = rows(self.folder / "front.csv")
        sizes = [int(row["weight_bytes"]) for row in front]
        errors = [float(row["predicted_error"]) for row in front]
        self.assertEqual(sizes, sorted(sizes))
        self.assertEqual(errors, sorted(errors, reverse=True))
        best = [row for row in front if int(row["weight_bytes"]) <= 30 * 1024][-1]
        self.assertEqual(best["weight_bits"].split(), [row["weight_bits"] for row in plan])
        self.assertEqual(int(best["weight_bytes"]), sum(int(row["bytes"]) for row in plan))

    def test_the_files_are_those_of_bound(self):
        self.choose("--budget", "bits=4", "--csv", "plan.csv", "--threads", "1")
        first = (self.folder / "plan.csv").read_bytes()
        self.good("bound", LENET, *FAST, *IMAGES, "--plan", "plan.csv", "--csv", "again.csv")
        self.assertEqual((self.folder / "again.csv").read_bytes(), first)
        for file in (self.kept / "bitstitch").iterdir():
            file.unlink()
        self.choose("--budget", "bits=4", "--csv", "threads.csv", "--threads", "3")
        self.assertEqual((self.folder / "threads.csv").read_bytes(), first)

    def test_a_second_budget_takes_the_kept_sensitivities(self):
        self.choose("--budget", "30K", "--csv", "plan.csv")
        kept = list((self.kept / "bitstitch").iterdir())
        self.assertEqual(len(kept), 1)
        text = kept[0].read_text()
        kept[0].write_text(text[:len(text) // 2])
        self.choose("--budget", "30K", "--csv", "again.csv")
        self.assertEqual(kept[0].read_text(), text)
        self.assertEqual((self.folder / "again.csv").read_bytes(), (self.folder / "plan.csv").read_bytes())

    def test_rules(self):
        self.choose("--budget", "40K", "--pin", "conv2=5", "--tie", "fc1,fc2", "--widths", "3,4,8", "--free-ends",
                    "--activation-widths", "4,8", "--csv", "plan.csv")
        plan = {row["name"]: row for row in rows(self.folder / "plan.csv")}
        self.assertEqual(plan["conv2"]["weight_bits"], "5")
        self.assertEqual(plan["fc1"]["weight_bits"], plan["fc2"]["weight_bits"])
        for name in ("conv1", "fc1", "fc3"):
            self.assertIn(plan[name]["weight_bits"], ("3", "4", "8"))
        self.assertIn(plan["fc1"]["activation_bits"], ("4", "8"))

    def test_several_budgets(self):
        self.choose("--budget", "35K", "--budget", "bitops=60M", "--csv", "plan.csv")
        plan = rows(self.folder / "plan.csv")
        self.assertLessEqual(sum(int(row["bytes"]) for row in plan), 35 * 1024)
        self.assertLessEqual(sum(int(row["macs"]) * int(row["weight_bits"]) * 32 for row in plan), 60e6)

    def test_latency(self):
        table = "layer,weight_bits,microseconds\n"
        table += "".join(f"{name},{bits},{10 * bits}\n" for name in ("conv1", "conv2", "fc1", "fc2", "fc3")
                         for bits in (2, 4, 8))
        self.write("device.csv", table)
        text = self.choose("--budget", "latency=300", "--latency", "device.csv", "--csv", "plan.csv")
        self.assertRegex(text, r"; \d+\.\d microseconds")
        plan = rows(self.folder / "plan.csv")
        self.assertLessEqual(sum(10 * int(row["weight_bits"]) for row in plan), 300)
        self.assertEqual({row["weight_bits"] for row in plan} - {"2", "4", "8"}, set())
        self.write("device.csv", "layer,weight_bits,microseconds\nconv1,8,1\n")
        self.refused("--budget", "latency=300", "--latency", "device.csv", names=["device.csv", "no row for layer 'conv2'"])

    def test_the_explorer_chooses_the_same(self):
        self.write("script.txt", "size 120x56\nwait\nkeys b30K<Enter>\nwait\nexpect Budget\nexpect measured\n"
                                 "expect the best plan of at most 30.0 KiB\ndump adopted.txt\nkeys eexplored.csv<Enter>\nwait\n"
                                 "keys u\nwait\nkeys z\nexpect [changed] in\nkeys hh\nexpect 28.\nkeys <Enter>\nwait\n"
                                 "keys bnonsense<Enter>\nexpect is no budget\nkeys b-0.5 points<Enter>\nwait\nkeys b3.5 bits<Enter>\nwait\n")
        self.good("explore", LENET, *FAST, *IMAGES, "--script", "script.txt")
        self.choose("--budget", "30K", "--csv", "plan.csv")
        self.assertEqual((self.folder / "explored.csv").read_bytes(), (self.folder / "plan.csv").read_bytes())
        self.assertIn("the plan that stands", (self.folder / "adopted.txt").read_text())

    def test_a_drop(self):
        text = self.choose("--drop", "2", "--csv", "plan.csv")
        self.assertIn("tried on the first 200 evaluation images", text)
        self.assertIn("by its", text)
        self.assertRegex(text, r"top-1 change on the \d+ others, which had no part in the choice: [+-]")
        self.assertLess(sum(int(row["bytes"]) for row in rows(self.folder / "plan.csv")), 40 * 1024)

    def test_what_is_refused(self):
        self.write("plan.csv", "old")
        csv_file = ["--csv", "plan.csv"]
        self.refused("--budget", "5K", *csv_file, names=["below the smallest plan, which takes", "bytes"])
        self.refused("--budget", "20K", "--pin", "fc1=8", *csv_file,
                     names=["below the smallest plan", "with these layers pinned: 'fc1'"])
        self.refused("--budget", "much", names=["--budget 'much'", "105K"])
        self.refused("--budget", "latency=3", names=["--latency"])
        self.refused("--budget", "30K", "--pin", "fc9", names=["--pin", "'fc9'"])
        self.refused("--budget", "30K", "--widths", "3,9", names=["--widths '3,9'"])
        self.refused("--budget", "30K", "--tie", "fc1,fc2", "--pin", "fc1=3", "--pin", "fc2=4",
                     names=["'fc1' and 'fc2'", "pinned to different bit widths"])
        self.write("device.csv", "layer,weight_bits,microseconds\nconv1,8,fast\n")
        self.refused("--budget", "30K", "--latency", "device.csv", names=["device.csv", "row 2", "'fast'"])
        self.refused(names=["--budget", "--drop"], status=2)
        self.refused("--budget", "30K", "--drop", "1", names=["--budget", "--drop"], status=2)
        self.assertEqual((self.folder / "plan.csv").read_text(), "old")


if __name__ == "__main__":
    main()
