# SPDX-License-Identifier: MIT
"""Time from a key to its effect on the screen, through a pseudo-terminal, while all processors are solving.

    bench_keys.py PROGRAM NETWORK [KEYS]

Moves the cursor up and down between the first two layers, and waits for its mark in the program's output. Also measures
the time to the first frame. The terminal is replaced by a reader that draws nothing.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import time

ROWS, COLUMNS = 40, 120
PATIENCE = 20


def start(program, network, state):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": state})
        # Set the size before the program asks for it.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execv(program, [program, "explore", network])
    return pid, terminal


def read_until(terminal, pattern):
    """Returns the time in seconds at which the program had written the pattern."""
    seen = b""
    end = time.perf_counter() + PATIENCE
    while not pattern.search(seen):
        left = end - time.perf_counter()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            raise SystemExit(f"nothing like {pattern.pattern} within {PATIENCE} s, but {seen[-300:]}")
        seen += os.read(terminal, 65536)
    return time.perf_counter()


def drain(terminal, seconds):
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            os.read(terminal, 65536)


def busy(pid):
    """Processor time of all threads so far, in seconds."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def measure(terminal, count):
    """Moves between the first two layers; every tenth move changes a bit width, and all layers are solved again."""
    times = []
    for press in range(count):
        if press % 10 == 0:
            os.write(terminal, b"*%d*" % (2 + press // 10 % 7))
        drain(terminal, 0.05)
        down = press % 2 == 0
        row = re.compile(rb"\xe2\x96\xba *%d\b" % (2 if down else 1))
        begin = time.perf_counter()
        os.write(terminal, b"j" if down else b"k")
        times.append(read_until(terminal, row) - begin)
    return times


def main():
    program, network = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    with tempfile.TemporaryDirectory() as state:
        begin = time.perf_counter()
        pid, terminal = start(program, network, state)
        first = read_until(terminal, re.compile(rb"bitstitch")) - begin
        drain(terminal, 1)
        used, since = busy(pid), time.perf_counter()
        times = measure(terminal, count)
        load = (busy(pid) - used) / (time.perf_counter() - since)
        os.close(terminal)  # as if the window were closed
        os.waitpid(pid, 0)
    milliseconds = [1000 * value for value in times]
    print(f"first frame after {1000 * first:.0f} ms")
    print(f"{count} keys, {load:.2f} of {os.cpu_count()} processors in use: median {percentile(milliseconds, 0.5):.1f} ms, "
          f"90 % {percentile(milliseconds, 0.9):.1f}, 99 % {percentile(milliseconds, 0.99):.1f}, "
          f"most {max(milliseconds):.1f}")


main()
