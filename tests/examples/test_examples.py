# SPDX-License-Identifier: MIT
"""The library as others use it: installed into a folder, found by pkg-config, linked by two small programs that
include bitstitch.h alone. What they print is what the program writes."""
import csv
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ["MESON_BUILD_ROOT"]
PROGRAM = os.environ["BITSTITCH"]
DATA = pathlib.Path(os.environ["BITSTITCH_DATA"])
EXAMPLES = pathlib.Path(__file__).parent
COMPILER = shlex.split(os.environ["CC_COMMAND"])
LENET = DATA / "lenet5.json"


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bitstitch-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", cls.folder], check=True,
                       capture_output=True)
        pc, = cls.folder.rglob("bitstitch.pc")
        cls.library, = cls.folder.rglob("libbitstitch.so")
        cls.header, = cls.folder.rglob("bitstitch.h")
        cls.environment = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(cls.folder),
                               LD_LIBRARY_PATH=str(cls.library.parent))

    def run_good(self, *command):
        result = subprocess.run([str(word) for word in command], cwd=self.folder, env=self.environment,
                                capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def compile(self, source):
        flags = shlex.split(self.run_good("pkg-config", "--cflags", "--libs", "bitstitch"))
        program = self.folder / source.stem
        self.run_good(*COMPILER, "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", program, source, *flags)
        return program

    def test_exported_names(self):
        """All that is exported starts with bitstitch_, and all that the header declares is exported."""
        names = {line.split()[-1].split("@")[0]
                 for line in self.run_good("nm", "-D", "--defined-only", self.library).splitlines()}
        declared = set(re.findall(r"^BITSTITCH_API [^(;]*?(\w+)\(", self.header.read_text(), re.M))
        self.assertEqual(names, declared)

    def test_versions(self):
        """The file's name, pkg-config, the library and the program say the same version."""
        version = self.run_good("pkg-config", "--modversion", "bitstitch").strip()
        self.assertTrue(self.library.resolve().name.endswith(version))
        self.assertIn(f"bitstitch {version}\n", self.run_good(PROGRAM, "--version"))
        source = self.folder / "version.c"
        source.write_text("#include <bitstitch.h>\n#include <stdio.h>\nint main(void) { puts(bitstitch_version()); }\n")
        self.assertEqual(self.run_good(self.compile(source)).strip(), version)

    def test_the_example_in_the_header(self):
        text = self.header.read_text()
        body = re.search(r"^ \* Example:\n((?: \*     .*\n| \*\n)+)", text, re.M)[1]
        code = "\n".join(line.removeprefix(" *") for line in body.splitlines())
        source = self.folder / "example.c"
        source.write_text(f"#include <bitstitch.h>\n#include <stdio.h>\nint main(void) {{\n{code}\nreturn 0; }}\n")
        self.compile(source)

    def test_quantize_network(self):
        program = self.compile(EXAMPLES / "quantize_network.c")
        printed = list(csv.DictReader(self.run_good(program, LENET, 3, "quantized.onnx").splitlines()))
        self.run_good(PROGRAM, "quantize", LENET, "--bits", 3, "--first-bits", 3, "--last-bits", 3, "--csv", "plan.csv",
                      "--onnx", "by-program.onnx")
        with open(self.folder / "plan.csv", newline="", encoding="utf-8") as file:
            written = list(csv.DictReader(file))
        self.assertEqual(len(printed), len(written))
        for mine, theirs in zip(printed, written):
            self.assertEqual(mine["layer"], theirs["name"])
            self.assertEqual(mine["rounding_error"], theirs["rounding_error"])
            self.assertEqual(mine["reconstruction_error"], theirs["polished_error"] or theirs["bitsplit_error"])
            self.assertEqual(mine["heldout_error"], theirs["heldout_error"])
            self.assertEqual(mine["accumulated_error"], theirs["accumulated_error"])
        self.assertEqual((self.folder / "quantized.onnx").read_bytes(),
                         (self.folder / "by-program.onnx").read_bytes())

    def test_sweep_layer(self):
        program = self.compile(EXAMPLES / "sweep_layer.c")
        self.run_good(PROGRAM, "inspect", LENET, "--csv", "names.csv")
        with open(self.folder / "names.csv", newline="", encoding="utf-8") as file:
            layer = list(csv.DictReader(file))[1]["name"]
        rows = list(csv.DictReader(self.run_good(program, LENET, layer).splitlines()))
        self.assertEqual([row["weight_bits"] for row in rows], [str(bits) for bits in range(2, 9)])
        errors = [float(row["reconstruction_error"]) for row in rows]
        self.assertEqual(errors, sorted(errors, reverse=True))
        sizes = [int(row["bytes"]) for row in rows]
        self.assertEqual(sizes, sorted(sizes))
        self.write_plan(layer, 2)
        self.run_good(PROGRAM, "quantize", LENET, "--plan", "plan-2.csv", "--csv", "out.csv")
        with open(self.folder / "out.csv", newline="", encoding="utf-8") as file:
            written = next(row for row in csv.DictReader(file) if row["name"] == layer)
        self.assertEqual(rows[0]["reconstruction_error"], written["polished_error"] or written["bitsplit_error"])

    def write_plan(self, layer, bits):
        (self.folder / f"plan-{bits}.csv").write_text(f"name,weight_bits\n{layer},{bits}\n", encoding="utf-8")

    def test_failures_name_the_cause(self):
        program = self.compile(EXAMPLES / "quantize_network.c")
        for words, cause in (((DATA / "nowhere.onnx", 4), "nowhere.onnx"), ((LENET, 9), "9 bits: 1 to 8"),
                             ((LENET, 4, "out.txt"), "end the name in .csv, .json or .onnx")):
            result = subprocess.run([program, *map(str, words)], cwd=self.folder, env=self.environment,
                                    capture_output=True, text=True, timeout=300, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(cause, result.stderr)


unittest.main()
