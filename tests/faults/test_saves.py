# SPDX-License-Identifier: MIT
"""Every kind of save, with each file call failing in turn, or killing the process. Either the old file stays or the new
one is complete; a failure prints one line; only a kill leaves a temporary file."""
import collections
import errno
import os
import signal

from harness import main
from saving import OLD, SAVES, SPILLING, Saver, content

ERRORS = {"open": [errno.EACCES, errno.ENOSPC, errno.EROFS], "write": [errno.ENOSPC, errno.EIO, errno.EINTR, "short"],
          "fsync": [errno.ENOSPC, errno.EIO, errno.EINTR], "close": [errno.ENOSPC, errno.EIO, errno.EINTR],
          "rename": [errno.ENOSPC, errno.EACCES], "unlink": [errno.EIO], "fchmod": [errno.EPERM],
          "mkdir": [errno.ENOSPC, errno.EROFS], "fallocate": [errno.ENOSPC, errno.EIO, errno.EINTR]}
HARMLESS = (errno.EINTR, "short")


class Saves(Saver):
    survived = collections.Counter()

    # --- the two tests of a save ---

    def undisturbed(self, run, path):
        self.put_old(path)
        self.assertEqual(run()[0], 0)
        self.assertEqual(self.leftovers(), [])
        self.assertNotEqual(content(path), OLD)
        return content(path), self.calls()

    def errors(self, name, run, path):
        new, calls = self.undisturbed(run, path)
        probed = 1 + calls.index("unlink") if "unlink" in calls else 0  # from a probe whether the folder is writable
        for at, call in enumerate(calls, 1):
            for kind in ERRORS[call]:
                with self.subTest(save=name, call=f"{at}: {call}", kind=kind):
                    self.put_old(path)
                    status, told = run(at, kind)
                    self.assertEqual(self.calls()[:at], calls[:at])
                    self.survived["error"] += 1
                    self.assertIn(content(path), (OLD, new))
                    self.assertLessEqual(len(self.leftovers()), call == "unlink")
                    if status == 0:
                        self.assertEqual(content(path), new)
                        harmless = kind in HARMLESS or 1 < at <= probed or at > 1 + calls.index("rename")
                        self.assertTrue(harmless, told)
                    else:
                        self.assertEqual(status, 1)
                        self.assertRegex(told, r"\A\n*bitstitch: [^\n]+\n\Z")
                        self.assertIn(os.strerror(kind) if kind != "short" else "", told)
                        self.assertRegex(told, rf"'[^']*{path.name}'" if call != "mkdir" else rf"folder '{self.out}[^']*'")

    def kills(self, name, run, path):
        new, calls = self.undisturbed(run, path)
        for at in range(1, len(calls) + 1):
            with self.subTest(save=name, call=f"{at}: {calls[at - 1]}"):
                self.put_old(path)
                self.assertEqual(run(at, "kill")[0], -signal.SIGKILL)
                self.survived["kill"] += 1
                self.assertIn(content(path), (OLD, new))
                self.assertLessEqual(len(self.leftovers()), 1)
                self.remove_leftovers()
                self.assertEqual(run()[0], 0)
                self.assertEqual(content(path), new)
                self.assertEqual(self.leftovers(), [])

    def each(self, test):
        for name, (arguments, file) in SAVES.items():
            test(name, self.batch(arguments), self.out / file)

    def test_errors(self):
        self.each(self.errors)

    def test_kills(self):
        self.each(self.kills)

    def kept(self):
        """Returns the file in which the explorer saves the exploration."""
        self.assertEqual(self.by_hand()[0], 0)
        return next((self.out / "state" / "bitstitch").glob("*.json"))

    def test_errors_as_the_exploration_is_kept(self):
        self.errors("what is kept", self.by_hand, self.kept())

    def test_kills_as_the_exploration_is_kept(self):
        self.kills("what is kept", self.by_hand, self.kept())

    # --- activations that do not fit into memory ---

    def spill(self):
        (self.folder / "f.csv").write_text(OLD)
        run = self.batch(SPILLING)
        self.assertEqual(run(), (0, ""))
        self.assertIn("fallocate", self.calls())
        new = content(self.folder / "f.csv")
        (self.folder / "f.csv").write_text(OLD)
        return run, self.calls(), new

    def test_errors_of_temporary_files(self):
        run, calls, new = self.spill()
        for at, call in enumerate(calls, 1):
            for kind in ERRORS[call]:
                with self.subTest(call=f"{at}: {call}", kind=kind):
                    status, told = run(at, kind)
                    self.survived["error"] += 1
                    self.assertEqual(len(self.leftovers()), call == "unlink")
                    if call in ("open", "fallocate") and kind != errno.EINTR:
                        self.assertEqual((status, content(self.folder / "f.csv")), (1, OLD))
                        self.assertRegex(told, rf"\Abitstitch: [^\n]*'{self.out}': {os.strerror(kind)}[^\n]*\n\Z")
                    else:
                        self.assertEqual((status, content(self.folder / "f.csv")), (0, new))
                    self.put_old(self.folder / "f.csv")

    def test_kills_with_temporary_files(self):
        run, calls, _ = self.spill()
        for at in range(1, len(calls) + 1):
            self.assertEqual(run(at, "kill")[0], -signal.SIGKILL)
            self.survived["kill"] += 1
            self.assertEqual(content(self.folder / "f.csv"), OLD)
            self.assertEqual([path.stat().st_size for path in self.leftovers()], [0] if calls[at - 1] == "unlink" else [])
            self.put_old(self.folder / "f.csv")

    @classmethod
    def tearDownClass(cls):
        print("saves that failed at a call: {error}, killed at one: {kill}".format_map(cls.survived))


main()
