# SPDX-License-Identifier: MIT
"""The explorer in a real terminal (tmux): keys, mouse, resizes, signals, and the state of the terminal afterwards."""
import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

if not shutil.which("tmux"):
    print("tmux is not installed")
    sys.exit(77)

from harness import FAST, LENET, PROGRAM, Story, main  # noqa: E402: needs the check above

PATIENCE = 20  # seconds: far more than any step takes
# After the program: its exit status, and 1 if the terminal reads line by line.
AFTERWARDS = "echo status=$? $(stty -a | tr ' ' '\\n' | grep -c '^icanon')"


class Terminal(Story):
    """A private tmux server with one pane that runs a shell."""

    def setUp(self):
        super().setUp()
        self.state = self.folder / "state"
        self.socket = str(self.folder / "tmux")
        self.environment = {**os.environ, "XDG_STATE_HOME": str(self.state), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                            "TERM": "xterm-256color"}
        self.environment.pop("TMUX", None)
        self.addCleanup(self.tmux, "kill-server", check=False)
        self.start()

    def tmux(self, *words, check=True):
        result = subprocess.run(["tmux", "-f", "/dev/null", "-S", self.socket, *words], capture_output=True, text=True,
                                env=self.environment, timeout=PATIENCE, check=False)
        if check:
            self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def start(self, columns=100, rows=30):
        self.write("shell", "PS1='prompt> '\n")
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(self.folder),
                  "exec bash --noprofile --rcfile shell")
        self.tmux("set-option", "-g", "status", "off")
        self.see("prompt>")

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def until(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, f"{what}\n{self.screen()}")
            time.sleep(0.02)

    def see(self, *texts):
        self.until(f"waited for {texts}", lambda: all(text in self.screen() for text in texts))

    def see_no(self, text):
        self.until(f"waited for an end of {text}", lambda: text not in self.screen())

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def command(self, line):
        self.type(line)
        self.keys("Enter")

    def explore(self, *arguments, before=""):
        line = " ".join(shlex.quote(str(word)) for word in (PROGRAM, *arguments))
        self.command(f"{before}{line}; {AFTERWARDS}")

    def open_lenet(self):
        self.explore(LENET, *FAST)
        self.see("lenet5", "conv2")

    def process(self):
        """Returns the process id of the explorer in this pane."""
        shell = int(self.tmux("list-panes", "-F", "#{pane_pid}"))
        found = []

        def look():
            children = pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
            found[:] = [int(child) for child in children
                        if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "bitstitch"]
            return found
        self.until("no explorer runs", look)
        return found[0]

    def kept(self):
        files = list((self.state / "bitstitch").glob("*.json")) if self.state.exists() else []
        return [json.loads(path.read_text()) for path in files]

    def ended(self, status):
        """Checks that the shell is back and the terminal restored: reading line by line, on the primary screen."""
        self.see(f"status={status} 1", "prompt>")
        self.see_no("conv2")
        self.command("echo it still $((40 + 2)) echoes")
        self.see("it still 42 echoes")

    def test_what_cannot_be_kept_is_told_before_another_network_is_opened(self):
        self.explore(LENET, *FAST, before="XDG_STATE_HOME=/proc/self ")
        self.see("lenet5", "conv2")
        self.keys("j", "3", "o", "C-u")
        self.type(str(LENET))
        self.keys("Enter")
        self.see("the exploration is not saved")

    def test_open_choose_undo_and_export(self):
        self.open_lenet()
        self.keys("j", "3", "j", "2", "u")
        self.keys("e", "C-u")
        self.type("out.csv")
        self.keys("Enter")
        self.see("wrote 'out.csv'")
        self.keys("q")
        self.ended(0)
        self.good("bound", LENET, *FAST, "--plan", "out.csv", "--csv", "bound.csv")
        files = self.files()
        self.assertEqual(files["out.csv"], files["bound.csv"])
        self.assertEqual([line.split(b",")[6] for line in files["out.csv"].splitlines()[1:]],
                         [b"8", b"3", b"4", b"4", b"8"])

    def test_resize_storm(self):
        self.open_lenet()
        for step in range(60):
            self.tmux("resize-window", "-x", str(20 + 37 * step % 120), "-y", str(3 + 13 * step % 50))
        self.tmux("resize-window", "-x", "120", "-y", "40")
        self.see("lenet5", "conv2", "weight bits")
        self.assertTrue(all(len(line) <= 120 for line in self.screen().splitlines()))
        self.tmux("resize-window", "-x", "30", "-y", "8")
        self.see_no("conv2")
        self.tmux("resize-window", "-x", "100", "-y", "30")
        self.see("conv2")
        self.keys("q")
        self.ended(0)

    def test_stop_and_go_on(self):
        self.open_lenet()
        self.keys("j", "2", "C-z")
        self.see("Stopped", "prompt>")
        self.command("echo meanwhile $((6 * 7))")
        self.see("meanwhile 42")
        self.command("fg")
        self.see("conv2", "weight bits")
        os.kill(self.process(), signal.SIGTSTP)
        self.see("Stopped")
        self.command("fg; " + AFTERWARDS)
        self.see("conv2", "weight bits")
        self.keys("q")
        self.ended(0)

    def test_a_signal_keeps_the_exploration_and_it_is_offered(self):
        self.open_lenet()
        self.keys("j", "2")
        os.kill(self.process(), signal.SIGTERM)
        self.ended(128 + signal.SIGTERM)
        kept = self.kept()
        self.assertEqual(len(kept), 1)
        self.assertEqual([layer["weight_bits"] for layer in kept[0]["layers"]], [8, 2, 4, 4, 8])
        self.keys("C-l")
        self.explore(LENET, *FAST)
        self.see("Restore it?")
        self.keys("y")
        self.see_no("Restore it?")
        self.keys("e", "C-u")
        self.type("out.csv")
        self.keys("Enter")
        self.see("wrote 'out.csv'")
        self.keys("q")
        self.ended(0)
        self.assertEqual((self.folder / "out.csv").read_bytes().splitlines()[2].split(b",")[6], b"2")

    def test_looking_keeps_nothing(self):
        self.open_lenet()
        self.keys("j", "k", "Tab", "q")
        self.ended(0)
        self.assertEqual(self.kept(), [])

    def test_a_closed_terminal_ends_the_program(self):
        self.open_lenet()
        self.keys("j", "5")
        self.see("undo")
        process = self.process()
        self.tmux("kill-server")
        self.until_gone(process)
        self.assertEqual([kept["layers"][1]["weight_bits"] for kept in self.kept()], [5])

    def until_gone(self, process):
        end = time.monotonic() + PATIENCE
        while os.path.exists(f"/proc/{process}"):
            self.assertLess(time.monotonic(), end, "it still runs")
            time.sleep(0.02)

    def test_a_crash_gives_the_terminal_back(self):
        self.open_lenet()
        os.kill(self.process(), signal.SIGSEGV)
        self.ended(128 + signal.SIGSEGV)

    def test_a_terminal_that_cannot_be_drawn_on(self):
        for name in ("dumb", "no-such-terminal"):
            self.explore(LENET, *FAST, before=f"TERM={name} ")
            self.see("status=1 1", name)
            self.keys("C-l")
            self.see_no("status=1")

    def test_plain_characters_where_the_locale_has_no_others(self):
        for before, arguments in (("LC_ALL=C ", []), ("TERM=linux ", []), ("", ["--ascii"])):
            self.explore(LENET, *FAST, *arguments, before=before)
            self.see("lenet5", "conv2", "weight bits")
            self.assertTrue(self.screen().isascii(), self.screen())
            self.keys("q")
            self.ended(0)
            self.keys("C-l")

    def test_the_mouse_selects(self):
        self.open_lenet()
        row = next(i for i, line in enumerate(self.screen().splitlines()) if "fc1" in line)
        self.type("\033[M" + "".join(chr(32 + number) for number in (0, 5, row + 1)))  # as terminfo's screen has it
        self.keys("2", "S", "C-u")
        self.type("out.json")
        self.keys("Enter")
        self.see("saved 'out.json'")
        self.keys("q")
        self.ended(0)
        saved = json.loads((self.folder / "out.json").read_text())
        self.assertEqual([layer["weight_bits"] for layer in saved["layers"]], [8, 4, 2, 4, 8])


main()
