# SPDX-License-Identifier: MIT
"""Help, version and wrong usage."""
import re

from harness import FAST, LENET, Story, main

OPTIONS = """images image-labels evaluation-images calibration calibration-images mean std labels
resize crop channels layout skip-bad-images input-shape output task bits
first-bits last-bits activation-bits error-compensated plan effort method grid mode rows ridge no-polish no-bias-correction
budget drop pin tie widths activation-widths free-ends latency front
ladder-on ladder-images measure seed threads memory csv json onnx progress
script ascii no-mouse help version""".split()
COMMANDS = ("explore", "inspect", "quantize", "evaluate", "compare", "bound", "sensitivity", "choose")


class Usage(Story):
    def wrong(self, *arguments, names=()):
        return self.bad(*arguments, names=names, status=2)

    def test_help_lists_every_option_and_command(self):
        text = self.good("--help")
        listed = re.findall(r"^  --([a-z-]+)", text, re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(OPTIONS))
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")

    def test_help_of_a_command_lists_what_it_takes(self):
        for command in COMMANDS:
            listed = re.findall(r"^  --([a-z-]+)", self.good(command, "--help"), re.MULTILINE)
            for option in set(OPTIONS) - set(listed):
                value = {"progress": "none", "rows": "1"}.get(option, "1")
                flag = option.startswith("no-") or option in ("error-compensated", "free-ends", "measure", "ascii", "skip-bad-images")
                arguments = [f"--{option}"] if flag else [f"--{option}", value]
                if option == "effort":
                    arguments[1] = "fast"
                if option == "method":
                    arguments[1] = "gptq"
                if option == "grid":
                    arguments[1] = "ternary"
                if option == "mode":
                    arguments[1] = "independent"
                if option == "ladder-on":
                    arguments[1] = "evaluation"
                if option == "bits" or option.endswith("-bits"):
                    arguments[1] = "4"
                self.wrong(command, LENET, *arguments, names=[command, f"--{option}"])

    def test_usage_lines(self):
        network = "[OPTION]... [NETWORK.onnx | DESCRIPTION.json"
        lines = {command: self.good(command, "--help").splitlines()[0] for command in COMMANDS}
        for command in set(COMMANDS) - {"explore"}:
            self.assertEqual(lines[command], f"usage: bitstitch {command} {network}]")
        self.assertEqual(lines["explore"], f"usage: bitstitch explore {network} | EXPLORATION.json]")
        self.assertEqual(self.good("--help").splitlines()[0], f"usage: bitstitch [COMMAND] {network} | EXPLORATION.json]")

    def test_version(self):
        self.assertRegex(self.good("--version"), r"\Abitstitch \d+\.\d+\.\d+\nBLAS .*kernel \w+.*\nconvolutions  \w+.*\n\Z")

    def test_unknown_words(self):
        self.wrong("frobnicate", names=["frobnicate", "quantize"])
        self.wrong("inspect", "--frobnicate", names=["--frobnicate", "unknown option"])
        self.wrong("quantize", "--calib", names=["ambiguous", "--calibration", "--calibration-images"])
        self.wrong("quantize", "--calib=x", names=["ambiguous", "--calibration-images"])
        self.wrong("inspect", "-q", names=["-q"])
        self.wrong("inspect", LENET, LENET, names=["one network"])

    def test_values(self):
        for option, value in [("--bits", "0"), ("--bits", "9"), ("--bits", "4.0"), ("--first-bits", ""),
                              ("--activation-bits", "1"), ("--activation-bits", "9"),
                              ("--last-bits", "x"), ("--rows", "0"), ("--rows", "-1"), ("--seed", "-1"),
                              ("--seed", "18446744073709551616"), ("--threads", "0"), ("--threads", "257"),
                              ("--memory", "1X"), ("--memory", "0"), ("--memory", "99999999999G"), ("--memory", "99999999999T"),
                              ("--memory", "1B2"), ("--memory", "1GBB"), ("--memory", "1BG"), ("--memory", "0.1"), ("--memory", "-1G"),
                              ("--memory", "1.5.G"), ("--ridge", "-1"), ("--ridge", "1e30"),
                              ("--ridge", "nan"), ("--mode", "parallel"), ("--method", "magic"), ("--grid", "cubic"),
                              ("--progress", "yes"), ("--calibration-images", "1e3")]:
            with self.subTest(option=option, value=value):
                self.wrong("quantize", LENET, option, value, names=[option])
                self.wrong("quantize", LENET, f"{option}={value}", names=[option])
        self.wrong("quantize", LENET, "--bits", names=["--bits needs a value"])
        self.wrong("quantize", LENET, "--grid", "power-of-two", "--bits", "5", names=["5 bits", "from 2 to 4"])
        self.wrong("quantize", LENET, "--grid", "binary", "--bits", "2", names=["2 bits", "from 1 to 1"])
        self.wrong("quantize", LENET, "--no-polish=yes", names=["--no-polish"])

    def test_bytes(self):
        for value in ("1T", "2GB", "1.5G", "1.5gb", "700000K", "900000000", "900000000B"):
            self.good("inspect", LENET, "--memory", value)
        self.wrong("inspect", LENET, "--memory", "512P", names=["K, M, G or T", "512M"])
        for value in ("0.5K", "512", "512B"):
            self.bad("inspect", LENET, "--memory", value, names=["that are left: the file alone needs about --memory"])

    def test_outputs_of_one_name(self):
        self.wrong("quantize", LENET, "--csv", "a", "--json", "a", names=["--csv", "--json"])
        self.wrong("bound", LENET, "--json", "a", "--csv", "b", "--onnx", "b", names=["--csv", "--onnx"])

    def test_outputs_without_a_name(self):
        self.wrong("quantize", LENET, "--onnx", "net.txt", names=["--onnx 'net.txt'", ".onnx"])
        self.wrong("quantize", LENET, "--csv", "plan.json", names=["--csv 'plan.json'", ".csv"])
        self.wrong("quantize", LENET, "--csv", "-", names=["--csv", "/dev/stdout"])
        self.wrong("bound", LENET, "--json=-", names=["--json", "/dev/stdout"])
        self.wrong("bound", LENET, "--onnx=-", names=["--onnx", "/dev/stdout"])

    def test_error_compensated_needs_inputs_that_are_quantized(self):
        for command in ("inspect", "quantize", "compare", "bound"):
            self.wrong(command, LENET, "--error-compensated", names=["--error-compensated", "--activation-bits"])
        self.good("inspect", LENET, "--error-compensated", "--activation-bits", "4")
        plan = self.write("plan.csv", "name,weight_bits\nconv2,3\n")
        text = self.good("quantize", LENET, *FAST, "--error-compensated", "--plan", plan)
        self.assertIn("error-compensated (but no activation is quantized)", text)

    def test_control_characters_are_not_passed_on(self):
        self.assertIn(r"\x1b[31m", self.wrong("\x1b[31mred"))


main()
