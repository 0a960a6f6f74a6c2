# SPDX-License-Identifier: MIT
"""A storm of random events for the explorer: keys, mouse, resizes, suspensions, opened networks, exports and saves, in a
real terminal and under a sanitizer. It must then quit by q with status 0 and restore the terminal.

    BITSTITCH_STORM_SEED=7 BITSTITCH_STORM_SECONDS=300 meson test -C build-asan storm
"""
import fcntl
import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import termios
import time

from harness import DATA, LENET, PROGRAM, Story, main
from onnx import model, node, tensor

SECONDS = float(os.environ.get("BITSTITCH_STORM_SECONDS", "60"))
SEED = int(os.environ.get("BITSTITCH_STORM_SEED", "1"))
PATIENCE = 60  # seconds to wait for the end
SMALL = ["--rows", "200", "--calibration-images", "16", "--evaluation-images", "32", "--threads", "2"]
# All keys but q and Ctrl-C, which quit, and / and ., which could name files elsewhere.
KEYS = [*"kjgGwsI*  2345678f0+-=aAmiEPBurpxcWvzhlVLnNKJMyY?>", "\t", "\r", "\x1b", "\x0c", "\x15", "\x12", "\x06", "\x02",
        "\x7f", *(f"\x1b[{letter}" for letter in "ABCDHFZ"), *(f"\x1bO{letter}" for letter in "ABCDHFPQ"), "\x1b[5~",
        "\x1b[6~", "\x1b[3~", "é", "字", "\u0301"]
GARBAGE = [byte for byte in range(1, 256) if byte not in b"q\x03\x11\x13\x1a\x1c./"]  # nor bytes that the terminal driver acts on
ESCAPES = "\x1b\x1b\x1b"  # leaves prompts and overlays


class Shell:
    """Plays the shell: starts the program in a terminal, continues it after each suspension, and reports how it ended."""

    def __init__(self, arguments, folder, environment):
        self.answer, answer = os.pipe()
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            try:
                end = self.run(arguments, folder, environment)
            except OSError as error:
                end = {"error": repr(error)}
            os.write(answer, json.dumps(end).encode())
            os._exit(0)
        os.close(answer)
        os.set_blocking(self.terminal, False)

    def run(self, arguments, folder, environment):
        for number in (signal.SIGTTOU, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        modes, stops, restored = termios.tcgetattr(0), 0, True
        program = os.fork()
        if program == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            os.chdir(folder)
            os.dup2(os.open("stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
            for number in (signal.SIGTTOU, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
                signal.signal(number, signal.SIG_DFL)
            os.execve(arguments[0], arguments, environment)
        while True:
            _, status = os.waitpid(program, os.WUNTRACED)
            restored = restored and termios.tcgetattr(0) == modes
            if not os.WIFSTOPPED(status):
                return {"status": os.waitstatus_to_exitcode(status), "stops": stops, "restored": restored}
            stops += 1
            os.tcsetpgrp(0, os.getpgrp())
            time.sleep(0.01)
            os.tcsetpgrp(0, program)
            os.killpg(program, signal.SIGCONT)

    def end(self):
        with os.fdopen(self.answer) as answer:
            return json.loads(answer.read() or "{}")


class Storm(Story):
    def setUp(self):
        super().setUp()
        weights = [(i * 29 % 17 - 8) / 8 for i in range(160)]
        self.write("net.onnx", model(
            [node("Conv", ["x", "a"], ["c"], "conv"), node("Flatten", ["c"], ["f"], "flatten"),
             node("Gemm", ["f", "b"], ["y"], "fc")],
            [tensor("a", (2, 1, 3, 3), weights[:18]), tensor("b", (32, 5), weights)], (1, 1, 6, 6)))
        self.write("broken.onnx", b"\x08\x07\x3a\xff")
        print(f"seed {SEED}, {SECONDS:g} s", flush=True)
        self.random = random.Random(SEED)

    # --- events ---

    def path_to_open(self):
        return self.random.choice([LENET, LENET, DATA / "resnet20.json", "net.onnx", "broken.onnx", "missing", "s1.json",
                                   "s2.json"])

    def mouse(self):
        button = self.random.choice([0, 0, 1, 2, 64, 65, 32, 35])
        column, row = self.random.randint(1, 220), self.random.randint(1, 70)
        return f"\x1b[<{button};{column};{row}{self.random.choice('Mm')}"

    def event(self):
        chance, pick = self.random.random(), self.random.choice
        if chance < 0.80:
            return "".join(pick(KEYS) for _ in range(self.random.randint(1, 6)))
        if chance < 0.86:
            return self.mouse()
        if chance < 0.88:
            return bytes(pick(GARBAGE) for _ in range(self.random.randint(1, 12)))
        if chance < 0.91:
            return f"{ESCAPES}/{pick(['conv', 'fc', 'nothing', 'bl'])}\r"
        if chance < 0.95:
            return f"{ESCAPES}e\x15{pick('ab')}{pick(['.csv', '.json'])}\ry"
        if chance < 0.975:
            return f"{ESCAPES}S\x15s{pick('12')}.json\ry"
        if chance < 0.985:
            return f"{ESCAPES}o\x15{self.path_to_open()}\ry"
        return "\x1a"

    # --- the terminal ---

    def read(self, seconds):
        """Returns output that arrives within some seconds, or None at the end."""
        if not select.select([self.shell.terminal], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.shell.terminal, 1 << 16) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def send(self, text):
        """Types text and reads output meanwhile; returns false at the end."""
        data = text.encode() if isinstance(text, str) else text
        while data:
            try:
                data = data[os.write(self.shell.terminal, data):]
            except BlockingIOError:
                pass
            except OSError:
                return False
            if not self.show(0.01 if data else 0):
                return False
        return True

    def show(self, seconds):
        while more := self.read(seconds):
            self.shown = (self.shown + more)[-1 << 16:]
            seconds = 0
        return more is not None

    def resize(self):
        rows, columns = self.random.choice([(1, 1), (2, 300), (24, 80), (60, 1), (50, 160), (400, 500), (12, 40), (30, 100)])
        fcntl.ioctl(self.shell.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    # --- the storm ---

    def storm(self):
        end = time.monotonic() + SECONDS
        events = 0
        while time.monotonic() < end:
            if self.random.random() < 0.05:
                self.resize()
            calm = self.random.choice([0, 0, 0.002, 0.02] if self.random.random() < 0.98 else [0.5, 2])
            if not self.send(self.event()) or not self.show(calm):
                self.fail(f"it ended after {events} events: {self.shell.end()}")
            events += 1
        return events

    def leave(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not (self.send(ESCAPES) and self.show(0.2) and self.send("q") and self.show(0.2) and self.send("y")):
                return
            self.show(0.5)
        os.kill(self.shell.child, signal.SIGKILL)
        self.fail("it does not end by q")

    def test_by_hand(self):
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                       "XDG_STATE_HOME": str(self.folder / "state")}
        self.shell = Shell([PROGRAM, LENET, *SMALL], self.folder, environment)
        self.shown = b""
        try:
            self.resize()
            end = time.monotonic() + PATIENCE
            while b"conv" not in self.shown and self.show(0.1):
                self.assertLess(time.monotonic(), end, self.shown)
                fcntl.ioctl(self.shell.terminal, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
            events = self.storm()
            self.leave()
        finally:
            report = (self.folder / "stderr").read_text(errors="replace")
            print(report, end="")
        ended = self.shell.end()
        print(f"{events} events, {ended.get('stops')} stops: {ended}")
        self.assertEqual(report, "")
        self.assertEqual((ended["status"], ended["restored"]), (0, True))
        self.assertGreater(self.shown.rfind(b"\x1b[?1049l"), self.shown.rfind(b"\x1b[?1049h"))
        self.assertEqual([path.name for path in self.folder.rglob("*.tmp-*")], [])

    def test_by_script(self):
        lines = []
        for _ in range(int(10 * SECONDS)):
            keys = "".join(key for key in "".join(self.random.choice(KEYS) for _ in range(6)) if key.isascii() and key > " ")
            lines += [f"keys {keys.replace('<', '').replace('[', '')}" if keys.strip("<[") else "# nothing",
                      f"size {self.random.randint(1, 200)}x{self.random.randint(1, 70)}"]
        self.write("script", "\n".join([*lines, "keys <Esc><Esc><Esc>x", "dump last.txt", ""]))
        result = subprocess.run([PROGRAM, "explore", LENET, *SMALL, "--script", "script"], cwd=self.folder,
                                capture_output=True, text=True, timeout=600, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))


main()
