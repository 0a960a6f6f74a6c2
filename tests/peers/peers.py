# SPDX-License-Identifier: MIT
"""Installs onnxruntime-node, as pinned by package-lock.json, in the build folder; exits with 77 (skipped) if it cannot."""
import fcntl
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def install(build):
    """Returns the path of its package.json, for node's PEERS_MODULES. A lock lets one test at a time install it."""
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm and node are not installed")
    place = pathlib.Path(build, "peers").resolve()
    place.mkdir(parents=True, exist_ok=True)
    package, installed = place / "package.json", place / "installed"
    wanted = (HERE / "package-lock.json").read_text(encoding="utf-8")
    with open(place / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
            for name in (package.name, "package-lock.json"):
                shutil.copy(HERE / name, place)
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place,
                                  capture_output=True, text=True, check=False)
            if done.returncode:
                skip("npm cannot install onnxruntime-node: " + (done.stderr.strip().splitlines() or ["?"])[-1])
            installed.write_text(wanted, encoding="utf-8")
    return str(package)
