# SPDX-License-Identifier: MIT
"""The man page and the completions agree with the program: its --help, its keys, the words that it accepts."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

from harness import DATA, Story, main

PAGES = pathlib.Path(os.environ["BITSTITCH_PAGES"])
COMPLETIONS = pathlib.Path(__file__).resolve().parents[2] / "app/pages"
PATIENCE = 20  # seconds: far more than any step takes
COMMANDS = "explore inspect quantize evaluate compare bound sensitivity choose".split()
WIDTHS = "1 2 3 4 5 6 7 8 float".split()

# A typed line, and the words that may complete its last word.
ANSWERS = {
    "insp": ["inspect"],
    "e": ["evaluate", "explore"],
    "--scr": ["--script"],
    "quantize --scr": [],
    "quantize --first-bits ": WIDTHS,
    "compare --mode=ind": ["independent"],
    "bound --rows 500 --ladder-on ": ["calibration", "evaluation"],
    "--method gptq": ["gptq", "gptq-polish"],
    "quantize --csv=x.csv --jso": ["--json"],
    "inspect --plan my": ["my plan.csv"],
    "quantize my.json --no-": ["--no-bias-correction", "--no-polish"],
    "inspect mo": ["model.onnx"],
}
# For shells that show a single answer in place: the completed line.
LINES = {
    "insp": "inspect ",
    "quantize --scr": "quantize --scr",
    "compare --mode=ind": "compare --mode=independent ",
    "bound --ladder-on eval": "bound --ladder-on evaluation ",
    "quantize --jso": "quantize --json=",
    "inspect --plan my": r"inspect --plan my\ plan.csv ",
    "inspect mo": "inspect model.onnx ",
}


def need(test, program):
    path = shutil.which(program)
    if not path:
        test.skipTest(f"{program} is not installed")
    return path


def options_of(text):
    return re.findall(r"^  --([a-z-]+)", text, re.MULTILINE)


def unescaped(text):
    for escape, character in {r"\-": "-", r"\&": "", r"\(aq": "'", r"\(dq": '"', r"\(ga": "`", r"\(ha": "^",
                              r"\(ti": "~", r"\e": "\\"}.items():
        text = text.replace(escape, character)
    return text


class Man(Story):
    def section(self, name):
        text = unescaped((PAGES / "bitstitch.1").read_text())
        return text.split(f"\n.SH {name}\n")[1].split("\n.SH ")[0]

    def test_what_is_opened_is_what_help_says(self):
        synopsis = re.sub(r"[\s\"]", "", self.section("SYNOPSIS").split("...")[1].replace(".RI", ""))
        usage = self.good("--help").splitlines()[0].split("...")[1]
        self.assertEqual(synopsis, usage.replace(" ", ""))

    def test_every_option_with_its_help(self):
        options = self.section("OPTIONS")
        self.assertEqual(re.findall(r"^\\fB--([a-z-]+)", options, re.MULTILINE), options_of(self.good("--help")))
        self.assertIn("--ladder-on\\fR \\fISET\\fR\nimages that the bound is measured on", options)
        self.assertIn("Taken by bound.", options)

    def test_every_command_and_method(self):
        text = self.good("--help")
        commands = re.findall(r"^  ([a-z]+) ", text.split("\noptions:")[0], re.MULTILINE)
        methods, grids = (re.findall(r"^  ([a-z-]+) ", text.split(f"\n{title}:")[1].split("\n\n")[0], re.MULTILINE)
                          for title in ("methods", "grids, what codes may be"))
        self.assertTrue(commands and methods and grids)
        for name, words in {"COMMANDS": commands, "METHODS": methods, "GRIDS": grids}.items():
            self.assertEqual(re.findall(r"^\\fB([a-z-]+)", self.section(name), re.MULTILINE), words)

    def test_every_key_of_the_help_screen(self):
        self.write("script", "size 100x120\nkeys H\ndump\n")
        screen = self.good(DATA / "lenet5.json", "--script", "script")
        shown = [line.strip("│ ") for part in (slice(0, 50), slice(50, 100)) for line in
                 (row[part] for row in screen.splitlines()[2:-2])]
        shown = " ".join(" ".join(shown).split())
        keys = re.findall(r"^\\fB(.*)\\fR\n(.*)$", self.section("KEYS"), re.MULTILINE)
        self.assertGreater(len(keys), 60)
        for key, text in keys:
            self.assertIn(f"{key} {text}", shown)
            shown = shown.replace(f"{key} {text}", "", 1)
        groups = re.findall(r"^\.SS (.*)$", self.section("KEYS"), re.MULTILINE)
        self.assertEqual(" ".join(shown.split()), " ".join(groups))

    def test_every_order_of_a_script(self):
        orders = self.good("explore", "--help").split("\nscript, ")[1].split("\n", 1)[1]
        orders = re.findall(r"^  (\S.*?)  ", orders, re.MULTILINE)
        self.assertIn("wait", orders)
        self.assertEqual(re.findall(r"^\\fB(.*)\\fR$", self.section("SCRIPTS"), re.MULTILINE), orders)

    def lint(self, *command):
        result = subprocess.run([*command, PAGES / "bitstitch.1"], capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_groff_finds_no_fault(self):
        self.assertIn("BITSTITCH", self.lint(need(self, "groff"), "-man", "-ww", "-Tascii"))

    def test_mandoc_finds_no_fault(self):
        self.assertEqual(self.lint(need(self, "mandoc"), "-Tlint"), "")


class Completions(Story):
    def setUp(self):
        super().setUp()
        for name in ("model.onnx", "my plan.csv"):
            self.write(name, "")
        self.environment = {**os.environ, "HOME": str(self.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self.environment["PATH"] = f"{self.folder}:{os.environ['PATH']}"

    def run_shell(self, *command):
        result = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return [line for line in result.stdout.splitlines() if line]

    def hold_to_help(self, complete):
        """Checks completions; `complete` returns the words that may end a line."""
        for typed, expected in ANSWERS.items():
            with self.subTest(typed=typed):
                self.assertEqual(sorted(complete(typed)), expected)
        for command in COMMANDS:
            options = [f"--{option}" for option in options_of(self.good(command, "--help"))]
            self.assertEqual(sorted(complete(f"{command} --")), sorted(options))

    def test_every_completion_has_every_option(self):
        """Compares the rows of the three files with --help, also if their shells are not installed."""
        patterns = {"bitstitch.bash": r"^{} \S+ ([a-z ]+)'?$", "_bitstitch": r"^  '([a-z ]+)' '--{}[=\[]",
                    "bitstitch.fish": r"-n '__bitstitch_command ([a-z ]+)' -l {} "}
        taken = {}
        for command in COMMANDS:
            for option in options_of(self.good(command, "--help")):
                taken.setdefault(option, []).append(command)
        for file, pattern in patterns.items():
            text = (COMPLETIONS / file).read_text(encoding="utf-8")
            for option, commands in taken.items():
                if file.endswith("fish") and len(commands) == len(COMMANDS):
                    self.assertRegex(text, rf"-l {option} ", f"{file} lacks --{option}")
                    continue
                rows = re.findall(pattern.format(option), text, re.MULTILINE)
                self.assertEqual(rows, [" ".join(commands)], f"{file}: commands of --{option}")

    def bash(self, typed):
        words = re.findall(r"=|[^ =]+", "bitstitch " + typed) + [""] * typed.endswith(" ")
        line = " ".join(f"'{word}'" for word in words)
        return self.run_shell("bash", "--norc", "-c", f"source '{COMPLETIONS}/bitstitch.bash'; COMP_WORDS=({line}); "
                              f"COMP_CWORD={len(words) - 1}; _bitstitch; printf '%s\\n' \"${{COMPREPLY[@]}}\"")

    def test_bash(self):
        self.write("motto.txt", "")
        self.hold_to_help(self.bash)

    def fish(self, typed):
        lines = self.run_shell(need(self, "fish"), "--no-config", "-c",
                               f"source '{COMPLETIONS}/bitstitch.fish'; complete -C 'bitstitch {typed}'")
        return [line.split("\t")[0].removeprefix("--mode=") for line in lines]

    def test_fish(self):
        need(self, "fish")
        self.hold_to_help(self.fish)

    def test_values_that_bash_offers_are_taken(self):
        for option, value in re.findall(r"^  --([a-z-]+) (\S+)", self.good("--help"), re.MULTILINE):
            for word in [] if value == "FILE" else self.bash(f"--{option} "):
                self.assertIn("usage:", self.good(f"--{option}", word, "--help"))

    def start_interactive(self, command, setup):
        """Starts a shell in its own terminal; the setup makes Ctrl-X write the current line to the file `line`."""
        self.write("setup", setup + "\nprintf 're%s\\n' ady\n")
        self.terminal, slave = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        shell = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=slave, stdout=slave,
                                 stderr=slave, start_new_session=True)
        os.close(slave)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        self.output = ""
        os.write(self.terminal, b"source ./setup\r")
        self.until(lambda: "ready\r\n" in self.output)

    def until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, self.output)
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.output += os.read(self.terminal, 4096).decode(errors="replace")

    def complete_lines(self):
        line = self.folder / "line"
        for typed, expected in LINES.items():
            os.write(self.terminal, f"\x15bitstitch {typed}\t\x18".encode())
            self.until(line.exists)
            with self.subTest(typed=typed):
                self.assertEqual(line.read_text(), f"bitstitch {expected}\n")
            line.unlink()

    def test_zsh(self):
        self.write("motto.txt", "")
        self.start_interactive([need(self, "zsh"), "-f", "-i"], f"""
autoload -Uz compinit; compinit -u -D
fpath=({COMPLETIONS} $fpath); autoload -Uz _bitstitch; compdef _bitstitch bitstitch
keep() {{ print -r -- "$BUFFER" > line~; mv line~ line }}; zle -N keep; bindkey '^X' keep; bindkey '^U' kill-whole-line
bindkey '^I' complete-word; setopt no_beep
""")
        self.complete_lines()


main()
