# SPDX-License-Identifier: MIT
"""Shared by the command-line tests: runs the program in a temporary folder and checks the form of error messages."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["BITSTITCH"]
DATA = pathlib.Path(os.environ["BITSTITCH_DATA"])
LENET = str(DATA / "lenet5.json")
IMAGES = str(DATA / "fashion-mnist" / "t10k-images-idx3-ubyte.gz")
LABELS = str(DATA / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz")
FAST = ["--rows", "500", "--calibration-images", "64", "--evaluation-images", "500"]


class Story(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bitstitch-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_program(self, *arguments, folder=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        if "input" in options:
            del options["stdin"]
        return subprocess.run([PROGRAM, *map(str, arguments)], cwd=folder or self.folder, capture_output=True,
                              text=True, timeout=300, check=False, **options)

    def good(self, *arguments, **options):
        """Runs the program, which must succeed with nothing on stderr; returns stdout."""
        result = self.run_program(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def bad(self, *arguments, names=(), status=1):
        """Runs the program, which must fail: nothing on stdout, one line on stderr that contains `names`, no file changed."""
        before = self.files()
        result = self.run_program(*arguments)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"\Abitstitch: [^\n]+\n\Z")
        for name in names:
            self.assertIn(str(name), result.stderr)
        self.assertEqual(self.files(), before)
        return result.stderr

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


def without_times(text):
    return [line for line in text.splitlines() if not line.startswith(("time", "memory"))]


main = unittest.main
