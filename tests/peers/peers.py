"""onnxruntime-node, as package-lock.json pins it, in the build folder; what cannot be installed is skipped (77)."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def install(build):
    """The path of its package.json, for node's PEERS_MODULES."""
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm and node are not installed")
    place = os.path.join(os.path.abspath(build), "peers")
    if not os.path.isdir(os.path.join(place, "node_modules", "onnxruntime-node")):
        os.makedirs(place, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, place)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            skip("npm cannot install onnxruntime-node: " + (done.stderr.strip().splitlines() or ["?"])[-1])
    return os.path.join(place, "package.json")
