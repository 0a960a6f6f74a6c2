# SPDX-License-Identifier: MIT
"""The section "Sixty seconds" of README.md: presses its keys, runs its commands, and checks the results."""
import csv
import re
import shlex

from harness import DATA, FAST, Story, main

README = (DATA.parent / "README.md").read_text(encoding="utf-8")
TOUR = README.split("\n## Sixty seconds\n")[1].split("\n## ")[0]

# What the screen shows after the keys of each row, once the worker is done.
SHOWN = {
    "jjj": ["blocks.1.a.0 · 4 bits", "RTN"],
    "6": ["blocks.1.a.0 · 6 bits", "blocks.1.a.0     6  - ✓"],
    "<Enter>": ["blocks.1.a.0 ──", "Weights and codes", "digit x 16"],
    "<Esc>w": ["· 4 bits"],
    "+": ["· 5 bits"],
    "c": ["GPTQ", "Best of", "below"],
    "C": ["Accuracy · changed images", "Margin"],
    "L": ["Lesson 1/21"],
    "nL": ["Accuracy · changed images"],
    "u": ["W 4.0"],
    "V": ["Visited plans", "◆"],
    "<Esc>e<Enter>": ["wrote 'resnet20-plan.csv'"],
    "?": ["Explained: ", "the terms on this page"],
    "<Esc>q": [],
}


class Tour(Story):
    def test_the_picture_is_what_its_command_writes(self):
        command = re.search(r"^    (printf .*) \| app/run explore --script -$", README, re.MULTILINE).group(1)
        order = shlex.split(command)[1].replace("\\n", "\n")
        committed = (DATA.parent / "app" / "pages" / "screen.svg").read_text(encoding="utf-8")
        self.write("script", order)
        self.good("explore", *FAST, "--script", "script")
        written = (self.folder / "screen.svg").read_text(encoding="utf-8")
        self.assertEqual(written.split("\n")[:3], committed.split("\n")[:3])
        for word in ("Layers", "Reconstruction", "Output", "Accuracy", "Certified:", "undo"):
            self.assertIn(f">{word}</text>", committed)
            self.assertIn(f">{word}</text>", written)

    def test_keys_and_commands(self):
        rows = re.findall(r"^\| `(.*?)` \| ", TOUR, re.MULTILINE)
        self.assertEqual(rows, list(SHOWN))
        orders = ["size 110x30"]
        for keys in rows:
            orders += [f"keys {keys}", "wait", *(f"expect {text}" for text in SHOWN[keys])]
        self.write("script", "\n".join(orders) + "\n")
        self.good(*FAST, "--script", "script")
        exported = (self.folder / "resnet20-plan.csv").read_text(encoding="utf-8")
        widths = {row["name"]: row["weight_bits"] for row in csv.DictReader(exported.splitlines())}
        self.assertEqual({name for name, bits in widths.items() if bits != "4"}, {"stem.0", "blocks.1.a.0", "fc"})
        self.assertEqual(widths["blocks.1.a.0"], "6")
        commands = re.findall(r"^    app/run ([a-z].*?)(?: +#.*)?$", TOUR, re.MULTILINE)
        self.assertEqual([command.split()[0] for command in commands], ["inspect", "quantize", "bound", "compare", "quantize"])
        for command in commands:
            words = shlex.split(command.replace("data/", f"{DATA}/"))
            self.assertTrue(self.good(*words, *([] if words[0] == "inspect" else FAST)))
        self.assertTrue((self.folder / "lenet5-w4a8.onnx").is_file())
        self.assertEqual((self.folder / "again.csv").read_text(encoding="utf-8"), exported)


main()
