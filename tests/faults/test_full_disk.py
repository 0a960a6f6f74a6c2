# SPDX-License-Identifier: MIT
"""Saving to file systems that are full or read-only: small tmpfs mounts in a private mount namespace."""
import os
import subprocess
import sys

INSIDE = "BITSTITCH_MOUNTS"


def enter():
    """Restarts in a namespace that allows mounting, or skips the test."""
    mount = ["mount", "-t", "tmpfs", "none", "/mnt"]
    for namespace in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        try:
            if subprocess.run([*namespace, *mount], capture_output=True, check=False).returncode == 0:
                os.execvpe("unshare", [*namespace, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})
        except FileNotFoundError:
            break
    print("mounting is not allowed, not even in a namespace")
    sys.exit(77)


if INSIDE not in os.environ:
    enter()

from harness import PROGRAM, main  # noqa: E402: needs the check above
from saving import OLD, SAVES, SPILLING, Saver, content  # noqa: E402


class Disks(Saver):
    def mount(self, *options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(("size=32k", *options)), "none", self.out], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.out], check=True)

    def fill(self):
        with open(self.out / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 1024)
            except OSError:
                pass

    def refused(self, run, path, reason):
        status, told = run()
        self.assertEqual(status, 1, told)
        self.assertRegex(told, rf"\Abitstitch: [^\n]*'[^']*{path.name}': {reason}\n\Z")
        self.assertEqual(self.leftovers(), [])

    def each_is_refused(self, reason):
        for name, (arguments, file) in SAVES.items():
            with self.subTest(save=name):
                self.refused(self.batch(arguments), self.out / file, reason)
                self.assertEqual(content(self.out / file), OLD)

    def put_all(self):
        for _, file in SAVES.values():
            self.put_old(self.out / file)

    def test_full(self):
        self.mount()
        self.put_all()
        self.fill()
        self.each_is_refused("No space left on device")
        (self.out / "filler").unlink()
        self.assertEqual(self.batch(SAVES["a run's CSV"][0])(), (0, ""))

    def test_read_only(self):
        self.mount()
        self.put_all()
        subprocess.run(["mount", "-o", "remount,ro", self.out], check=True)
        self.each_is_refused("Read-only file system")

    def test_full_where_the_exploration_is_kept(self):
        self.mount()
        self.assertEqual(self.by_hand()[0], 0)
        kept = next((self.out / "state" / "bitstitch").glob("*.json"))
        self.put_old(kept)
        self.fill()
        self.refused(self.by_hand, kept, "No space left on device")
        self.assertEqual(content(kept), OLD)

    def test_full_where_activations_go(self):
        self.mount()
        status, told = self.batch(SPILLING)()
        self.assertEqual(status, 1)
        self.assertRegex(told, rf"\Abitstitch: [^\n]*'{self.out}': No space left on device: "
                               r"name a folder with room by TMPDIR: use [^\n]*, or a larger --memory\n\Z")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_full_where_what_is_printed_goes(self):
        self.mount()
        self.fill()
        with open(self.out / "printed", "w", encoding="utf-8") as printed:
            result = subprocess.run([PROGRAM, "inspect", "net.onnx"], cwd=self.folder, stdout=printed,
                                    stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (1, "bitstitch: cannot write to standard output\n"))


main()
