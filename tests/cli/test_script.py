# SPDX-License-Identifier: MIT
"""The explorer driven by scripts, without a terminal, and the files that it leaves."""
import csv
import json
import os
import re
import shutil
import subprocess
from xml.etree import ElementTree

from harness import DATA, FAST, IMAGES, LABELS, LENET, PROGRAM, Story, main

ONNX = DATA / "lenet5.onnx"
PREPARED = ["--mean", "0.286", "--std", "0.353", "--images", IMAGES, "--image-labels", LABELS, "--calibration",
            DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz"]


class Scripts(Story):
    def explore(self, script, *arguments, network=LENET, fast=FAST):
        self.write("script.txt", script)
        return self.good("explore", network, *fast, "--script", "script.txt", *arguments)

    def refuse(self, script, *names, network=LENET, fast=FAST):
        self.write("script.txt", script)
        return self.bad("explore", network, *fast, "--script", "script.txt", names=names)

    def table(self, name):
        with open(self.folder / name, newline="", encoding="utf-8") as file:
            return {row["name"]: row for row in csv.DictReader(file)}

    def same_as_bound(self, name, *arguments):
        """The explorer and the batch command write the same CSV for the same plan, byte for byte."""
        self.good("bound", LENET, *FAST, "--plan", name, "--csv", "bound.csv", *arguments)
        self.assertEqual((self.folder / name).read_bytes(), (self.folder / "bound.csv").read_bytes())

    def test_widths_chosen_undone_and_exported(self):
        self.explore("keys j3jja6 *+* uu r\n"
                     "keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\nwait\nexpect wrote 'out.csv'\n")
        table = self.table("out.csv")
        self.assertEqual([row["weight_bits"] for row in table.values()], ["8", "3", "4", "4", "8"])
        self.assertEqual(table["fc2"]["activation_bits"], "6")
        self.same_as_bound("out.csv")

    def screen_of(self, script, *arguments, **options):
        """The screen at the end of a script, as lines."""
        self.explore(script + "dump screen.txt\n", *arguments, **options)
        return (self.folder / "screen.txt").read_text().splitlines()

    NAMED = ("size 160x40\nwait\nkeys jj2\nwait\nkeys *aa8\nwait\n"
             "keys Vgn\ntype as it came\nkeys <Enter>\n"
             "keys GN\ntype two bits cost, eight do not\nkeys <Enter>\n")

    def test_visited_plans_are_named_filtered_sorted_and_deleted(self):
        lines = self.screen_of(self.NAMED + "keys ssss\n")
        self.assertIn("size▲", lines[2])
        self.assertIn("as it came", "\n".join(lines))
        sizes = [float(line.split("KiB")[0].split()[-1]) for line in lines if re.match("│ .◆? +[123] ", line)]
        self.assertEqual(sizes, sorted(sizes))
        self.assertEqual(len(sizes), 3)

    def test_names_notes_and_deletions_are_saved_and_restored(self):
        self.explore("wait\nkeys jj2\nwait\nkeys 3\nwait\nkeys Vgn\ntype as it came\nkeys <Enter>"
                     "N\ntype for comparison\nkeys <Enter>\nkeys jx\nexpect plan 2 is deleted\n"
                     "keys <Esc>S<Ctrl-U>\ntype saved.json\nkeys <Enter>\nexpect saved\n")
        saved = json.loads((self.folder / "saved.json").read_text())
        self.assertEqual([(visit["name"], visit["note"], visit["pinned"]) for visit in saved["visits"]],
                         [("as it came", "for comparison", False), (None, None, False)])
        bound = saved["visits"][0]["bound"]
        self.assertEqual(bound["images"], 64)
        self.assertTrue(0 <= bound["certified"]["spectral"] <= bound["certified"]["hybrid"] <= 1)
        self.write("script.txt", "size 140x40\nwait\nkeys Vg\nexpect as it came\nexpect Note: for comparison\n"
                   f"expect {100 * bound['certified']['hybrid']:.2f} %\n")
        self.good("explore", "saved.json", "--script", "script.txt")
        for key in ("name", "note", "pinned"):  # as an earlier version wrote it
            for visit in saved["visits"]:
                del visit[key]
        for visit in saved["visits"]:
            del visit["bound"]["images"], visit["bound"]["certified"]
        self.write("saved.json", json.dumps(saved))
        self.write("script.txt", "size 140x40\nwait\nkeys V\nexpect Visited plans\n")
        self.good("explore", "saved.json", "--script", "script.txt")

    def test_the_difference_between_two_plans_layer_by_layer(self):
        lines = self.screen_of("size 120x40\nwait\nkeys jj2\nwait\nkeys ja8\nwait\nkeys Vg<Space>Gd\n")
        text = "\n".join(lines)
        self.assertIn("From plan 1 to plan 3: 2 of 5 layers differ", text)
        self.assertRegex(text, r"3 fc1 +4 to 2 +float +\S+ KiB to \S+ KiB")
        self.assertRegex(text, r"4 fc2 +4 +float to 8 +")
        self.assertRegex(text, r"1 conv1 +8 +float +198 B")

    def test_a_pinned_plan_stands_in_every_chart(self):
        """With its name, also without Unicode; saved, and drawn again once the plan was returned to."""
        pages = "".join(f"dump {page}.txt\nkeys v\n" for page in ("epochs", "layers", "widths"))
        loss = "keys <Tab>\n" + "".join(f"dump {page}.txt\nkeys v\n" for page in ("ladder", "loss"))
        accuracy = "keys <Tab>\n" + "".join(f"dump {page}.txt\nkeys v\n" for page in ("depth", "stream", "plans"))
        self.explore("size 100x40\nwait\nkeys yVn\ntype base\nkeys <Enter>\nkeys <Esc>jj2\nwait\nkeys <Tab>z\n"
                     + pages + loss + accuracy
                     + "keys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\nexpect saved\n"
                     "keys uy\nexpect base is not pinned any more\n", "--ascii")
        marks = {"ladder": "^ base:", "stream": "base "}
        for page in ("epochs", "layers", "widths", "ladder", "loss", "depth", "stream", "plans"):
            screen = (self.folder / f"{page}.txt").read_text()
            self.assertIn(marks.get(page, "^ base|"), screen, page)
        visits = json.loads((self.folder / "saved.json").read_text())["visits"]
        self.assertEqual([visit["pinned"] for visit in visits], [True, False])
        self.write("script.txt", "size 140x40\nwait\nkeys <Tab>vz\nexpect Pinned: base, not known here: return to it once.\n"
                   "keys Vg<Enter>\nwait\nkeys u\nwait\nexpect ▲ base\n")
        self.good("explore", "saved.json", "--script", "script.txt")

    def test_the_list_of_plans_agrees_with_the_files(self):
        """Size, BitOps, bits and change of the list, from the exported CSV and JSON."""
        lines = self.screen_of("size 160x40\nwait\nkeys jj3\nkeys jaa6\nwait\nkeys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\n"
                               "wait\nkeys e<Ctrl-U>\ntype out.json\nkeys <Enter>\nwait\nkeys V\n")
        table = self.table("out.csv").values()
        run = json.loads((self.folder / "out.json").read_text())
        line = next(line for line in lines if line.startswith("│ ✓"))
        size = sum(int(row["bytes"]) for row in table)
        bits = {"float": 32}
        bitops = sum(int(row["macs"]) * int(row["weight_bits"])
                     * bits.get(row["activation_bits"], int(row["activation_bits"].replace("float", "32")))
                     for row in table)
        self.assertEqual(run["totals"]["bitops"], bitops)
        self.assertIn(f" {size / 1024:.1f} KiB ", line)
        self.assertIn(f" {bitops / 1e6:.1f} M ", line)
        self.assertIn(f" {run['totals']['peak_activation_bytes'] / 1024:.1f} KiB ", line)
        accuracy = run["accuracy"]
        low, high = accuracy["change_interval"]
        self.assertIn(f" {100 * accuracy['change']:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}] ", line)
        self.assertIn(f" {100 * run['ladder']['certified']['hybrid']:.2f} % ", line)

    def test_a_picture_of_the_screen(self):
        """By a script's order and by the key; well-formed, with the screen's words, the same twice."""
        self.explore("size 100x30\nkeys p\nsvg a.svg\nsvg b.svg\nkeys <Ctrl-P><Ctrl-U>\ntype c.svg\n"
                     "keys <Enter>\nexpect wrote 'c.svg'\n")
        root = ElementTree.fromstring((self.folder / "a.svg").read_bytes())
        space = "{http://www.w3.org/2000/svg}"
        words = " ".join(text.text for text in root.iter(space + "text"))
        for word in ("bitstitch", "Layers", "conv1"):
            self.assertIn(word, words)
        self.assertGreater(len(list(root.iter(space + "path"))), 20)
        self.assertEqual((self.folder / "a.svg").read_bytes(), (self.folder / "b.svg").read_bytes())
        ElementTree.fromstring((self.folder / "c.svg").read_bytes())

    def test_a_picture_that_cannot_be_written(self):
        self.refuse("svg none/a.svg\n", "none/a.svg")
        self.refuse("svg\n", "svg", "needs an argument")
        self.explore("keys <Ctrl-P><Ctrl-U>\ntype a.png\nkeys <Enter>\nexpect end the name in .svg\nkeys j\n")

    def test_every_option_that_keys_change(self):
        self.explore("wait errors\nkeys iEPB j m *a8 *\nwait\nkeys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\n")
        self.assertEqual(self.table("out.csv")["conv2"]["method"], "adaround")
        self.same_as_bound("out.csv", "--mode", "independent", "--error-compensated", "--no-polish",
                           "--no-bias-correction")

    def test_the_way_to_a_plan_does_not_matter(self):
        self.explore("wait\nkeys j2\nwait errors\nkeys j3\nwait errors\nkeys u5-\nwait\nkeys r\nwait\n"
                     "keys e<Ctrl-U>\ntype long.csv\nkeys <Enter>\nwait\n")
        self.explore("keys j2\nkeys e<Ctrl-U>\ntype short.csv\nkeys <Enter>\n")
        files = self.files()
        self.assertEqual(files["long.csv"], files["short.csv"])

    def test_an_export_keeps_its_plan_when_the_plan_moves_on(self):
        self.explore("keys j2 e<Ctrl-U>\ntype two.csv\nkeys <Enter> 6\nkeys e<Ctrl-U>\ntype six.csv\nkeys <Enter>\n")
        self.assertEqual(self.table("two.csv")["conv2"]["weight_bits"], "2")
        self.assertEqual(self.table("six.csv")["conv2"]["weight_bits"], "6")
        self.same_as_bound("two.csv")
        self.same_as_bound("six.csv")

    def test_json_as_the_batch_command_writes_it(self):
        self.explore("keys e<Ctrl-U>\ntype run.json\nkeys <Enter>\n")
        self.good("bound", LENET, *FAST, "--json", "bound.json")
        explored, bound = (json.loads((self.folder / name).read_text()) for name in ("run.json", "bound.json"))
        self.assertEqual(set(explored.pop("run")), set(bound.pop("run")))
        self.assertEqual(explored, bound)

    def test_the_quantized_network_as_the_batch_command_writes_it(self):
        self.explore("keys 3a6\nkeys e<Ctrl-U>\ntype out.onnx\nkeys <Enter>\nwait\nexpect wrote 'out.onnx'\n"
                     "keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\n")
        self.good("bound", LENET, *FAST, "--plan", "out.csv", "--onnx", "bound.onnx")
        self.good("quantize", LENET, *FAST, "--plan", "out.csv", "--onnx", "quantize.onnx", "--threads", "1")
        files = self.files()
        self.assertEqual(files["out.onnx"], files["bound.onnx"])
        self.assertEqual(files["out.onnx"], files["quantize.onnx"])

    def test_no_quantized_network_without_images(self):
        self.refuse("keys e<Ctrl-U>\ntype out.onnx\nkeys <Enter>\n", "no images to quantize", network=ONNX, fast=[])

    def test_a_plan_to_start_from(self):
        self.write("plan.csv", "name,weight_bits\nfc1,float\n")
        self.explore("keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\n", "--plan", "plan.csv", "--bits", "6")
        self.assertEqual([row["weight_bits"] for row in self.table("out.csv").values()], ["8", "6", "float", "6", "8"])

    def test_plans_visited_are_returned_to(self):
        self.explore("wait\nkeys *2\nwait\nkeys 3\nwait\nkeys Vg<Enter>\nwait\nexpect plan 1\n"
                     "keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\nwait\n")
        self.assertEqual([row["weight_bits"] for row in self.table("out.csv").values()], ["8", "4", "4", "4", "8"])
        self.same_as_bound("out.csv")

    def test_cancel_and_pause(self):
        self.explore("keys p\nwait\nkeys 2p\nwait errors\nkeys 3x\nwait\nkeys x\nwait\n"
                     "keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\nwait\n")
        self.assertEqual(self.table("out.csv")["conv1"]["weight_bits"], "3")

    def test_cancelled_before_any_work_and_taken_up(self):
        self.explore("keys x\nwait\nexpect cancelled\nkeys x\nwait\nexpect done\nexpect top-1\n")

    def test_a_changed_plan_that_is_cancelled_at_once(self):
        self.explore("wait\nexpect done\nkeys 3x\nwait\nexpect cancelled\nkeys xx\nwait\nexpect cancelled\n"
                     "keys x\nwait\nexpect done\nkeys x\nexpect there is no work to cancel\n")

    def test_edits_pauses_and_cancels_while_it_works(self):
        """Also run under the thread sanitizer: everything that passes between the threads."""
        script = ["size 100x30"]
        for step in range(6):
            script += [f"keys j{2 + step}", "dump", "keys p", "keys u", "keys p 3", "keys c", "wait errors", "dump",
                       "keys W", "keys x", "keys r", "keys x", "keys i", "keys e<Ctrl-U>", f"type {step}.csv",
                       "keys <Enter>", "keys i"]
        self.explore("\n".join([*script, "keys x", "wait", "keys x", "keys o", f"type {LENET}", "keys <Enter>",
                                "wait errors", "keys g*5 e<Ctrl-U>", "type last.csv", "keys <Enter>", ""]))
        self.same_as_bound("last.csv")

    def test_an_exploration_comes_back(self):
        self.explore("keys j2\nwait\nkeys 3\nwait\nkeys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\nexpect saved\n",
                     *PREPARED, network=ONNX)
        saved = json.loads((self.folder / "saved.json").read_text())
        self.assertEqual(saved["format"], "bitstitch/2")
        self.assertEqual(len(saved["visits"]), 2)
        self.assertTrue(all(visit["accuracy"]["images"] == 500 for visit in saved["visits"]))
        self.assertEqual(saved["source"]["images"], os.path.realpath(IMAGES))
        # From the command line, in another folder; saving it again loses nothing.
        (self.folder / "elsewhere").mkdir()
        self.write("script.txt", "wait\nkeys Vg<Enter>\nwait\nkeys S<Ctrl-U>\ntype again.json\nkeys <Enter>\n")
        self.good("../saved.json", "--script", "../script.txt", folder=self.folder / "elsewhere")
        again = json.loads((self.folder / "elsewhere" / "again.json").read_text())
        self.assertEqual(again["plan"], saved["visits"][0]["plan"])
        for key, values in saved["visits"][0]["layers"].items():
            self.assertEqual([layer[key] for layer in again["layers"]], values, key)
        for key in ("visits", "source", "hashes", "network"):
            self.assertEqual(again[key], saved[key], key)
        # From another network.
        self.explore("keys o\ntype saved.json\nkeys <Enter>\nwait\nkeys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\n",
                     network=DATA / "vgg8.json")
        self.assertEqual(self.table("out.csv")["conv2"]["weight_bits"], "3")

    def test_an_exploration_refuses_what_would_be_lost(self):
        self.explore("wait\nkeys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\n")
        self.refuse("wait\n", "saved.json", "--calibration-images", network="saved.json")
        text = (self.folder / "saved.json").read_text()
        self.write("saved.json", text.replace('"conv1"', '"conv0"'))
        self.refuse("wait\n", "saved.json", "conv0", "did you mean 'conv1'", network="saved.json", fast=[])

    def test_all_images_are_told_from_no_word(self):
        self.explore("keys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\n", "--ladder-images", "all")
        source = json.loads((self.folder / "saved.json").read_text())["source"]
        self.assertEqual((source["evaluation_images"], source["ladder_images"]), (500, "all"))
        self.write("script.txt", "keys S<Ctrl-U>\ntype again.json\nkeys <Enter>\n")
        self.good("saved.json", "--evaluation-images", "all", "--script", "script.txt")
        source = json.loads((self.folder / "again.json").read_text())["source"]
        self.assertEqual((source["evaluation_images"], source["ladder_images"]), ("all", "all"))

    def test_visits_are_kept_before_the_images_are_open(self):
        self.explore("wait\nkeys 2\nwait\nkeys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\n")
        saved = json.loads((self.folder / "saved.json").read_text())
        for name, arguments in {"early.json": [], "without.json": ["--images", "no.idx"]}.items():
            wait = "wait\n" if arguments else ""
            self.write("script.txt", f"{wait}keys j5S<Ctrl-U>\ntype {name}\nkeys <Enter>\n")
            self.run_program("saved.json", *arguments, "--script", "script.txt")
            again = json.loads((self.folder / name).read_text())
            self.assertEqual(again["layers"][1]["weight_bits"], 5)
            for key in ("visits", "source", "hashes"):
                self.assertEqual(again[key], saved[key], key)

    def test_figures_of_other_images_are_not_kept(self):
        self.explore("wait\nkeys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\n")
        self.write("script.txt", "wait\nexpect other images\nkeys S<Ctrl-U>\ntype again.json\nkeys <Enter>\n")
        shutil.copy(DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz", self.folder / "images.gz")
        shutil.copy(DATA / "fashion-mnist" / "calibration-labels-idx1-ubyte.gz", self.folder / "labels.gz")
        self.good("saved.json", "--images", "images.gz", "--image-labels", "labels.gz", "--script", "script.txt")
        again = json.loads((self.folder / "again.json").read_text())
        self.assertEqual(again["visits"][0]["accuracy"]["total"], 500)
        self.assertNotEqual(again["hashes"]["evaluation"],
                            json.loads((self.folder / "saved.json").read_text())["hashes"]["evaluation"])

    def test_figures_measured_with_other_options_are_not_kept(self):
        self.explore("wait\nkeys S<Ctrl-U>\ntype saved.json\nkeys <Enter>\n")
        self.write("script.txt", "wait errors\nexpect other options\n")
        self.good("saved.json", "--mean", "0.9", "--script", "script.txt")
        self.write("script.txt", "wait errors\nexpect conv2\n")
        self.good("saved.json", "--script", "script.txt")

    def test_another_network(self):
        self.explore(f"keys o\ntype {DATA / 'no.onnx'}\nkeys <Enter>\nexpect cannot open\nexpect conv2\n"
                     f"keys o\ntype {ONNX}\nkeys <Enter>\nwait\nexpect without calibration images\n"
                     "expect 'lenet5.json'\nkeys j2e<Ctrl-U>\ntype out.csv\nkeys <Enter>\n")
        row = self.table("out.csv")["conv2"]
        self.assertEqual((row["weight_bits"], row["polished_error"]), ("2", ""))

    def test_existing_files_are_asked_about(self):
        self.write("out.csv", "precious")
        self.explore("keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>\nexpect Replace it?\nkeys n\nwait\n")
        self.assertEqual((self.folder / "out.csv").read_text(), "precious")
        self.explore("keys e<Ctrl-U>\ntype out.csv\nkeys <Enter>y\nwait\n")
        self.assertIn("conv2", self.table("out.csv"))

    def test_leaving_with_an_export_pending_is_asked_about(self):
        self.explore("keys pe<Ctrl-U>\ntype out.csv\nkeys <Enter>q\nexpect not written\nkeys n p\nwait\nkeys q\n")
        self.assertIn("conv2", self.table("out.csv"))

    def test_an_export_that_a_pause_holds_back_fails_the_script(self):
        self.refuse("keys pe<Ctrl-U>\ntype out.csv\nkeys <Enter>\n", "script.txt", "not written: 1", "paused")

    def test_a_dump_that_cannot_be_written_fails_at_its_line(self):
        self.write("script.txt", "dump\nwait\n")
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([PROGRAM, "explore", LENET, *FAST, "--script", "script.txt"], cwd=self.folder,
                                    stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True,
                                    timeout=300, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("'script.txt', line 1: cannot write to standard output", result.stderr)

    def test_an_export_that_fails_fails_the_script(self):
        error = self.refuse("keys e<Ctrl-U>\ntype no/such/folder/out.csv\nkeys <Enter>\n", "no/such/folder/out.csv")
        self.assertIn("script.txt", error)
        images = shutil.copy(DATA / "fashion-mnist" / "calibration-images-idx3-ubyte.gz", self.folder / "images.csv")
        self.write("script.txt", "keys e<Ctrl-U>\ntype images.csv\nkeys <Enter>y\nwait\n")
        self.bad("explore", LENET, *FAST, "--calibration", images, "--script", "script.txt",
                 names=["images.csv", "files read"])

    def test_sizes_and_dumps(self):
        text = self.explore("size 132x43\ndump\nsize 40x10\nwait\ndump small.txt\n")
        self.assertEqual(len(text.splitlines()), 43)
        small = (self.folder / "small.txt").read_text().splitlines()
        self.assertEqual(len(small), 10)
        self.assertTrue(all(len(line) <= 40 for line in small))
        for size in ("1x1", "12x5", "300x100"):
            self.explore(f"size {size}\nwait errors\nkeys ?<Esc><Enter>jj<Esc>v<Tab>vv<Tab>vl<Tab>vvlz\ndump\n")

    def test_ascii(self):
        for text in (self.explore("wait\ndump\n", "--ascii"), self.explore("ascii on\nwait\ndump\n")):
            self.assertTrue(text.isascii(), text)
        self.assertFalse(self.explore("wait\ndump\n").isascii())

    def test_errors_name_file_and_line(self):
        for line, names in {"jump": ["jump"], "keys <Foo>": ["<Foo>"], "keys": ["keys"], "size 0x5": ["0x5"],
                            "size 80x24x2": ["80x24x2"], "wait long": ["long"], "ascii maybe": ["maybe"],
                            "expect a word that is not there": ["a word that is not there"],
                            "dump no/folder/x": ["no/folder/x"]}.items():
            self.refuse(f"# a remark\n\n{line}\n", "script.txt", "line 3", *names)
        self.bad("explore", LENET, "--script", "nothing.txt", names=["nothing.txt"])

    def test_a_script_from_standard_input(self):
        result = self.run_program("explore", LENET, *FAST, "--script", "-", input="wait errors\nexpect conv1\ndump\n")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("conv1", result.stdout)

    def test_a_script_keeps_nothing(self):
        self.write("script.txt", "keys 2\nwait\n")
        self.good("explore", LENET, *FAST, "--script", "script.txt", env={**os.environ, "XDG_STATE_HOME": self.folder})
        self.assertEqual(set(os.listdir(self.folder)), {"script.txt"})

    def test_without_a_terminal(self):
        for arguments in ([], [LENET], ["explore"], ["explore", LENET]):
            self.bad(*arguments, names=["no terminal", "--script", "quantize"])


main()
