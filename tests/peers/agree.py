#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the outputs of networks made here with onnxruntime's.

usage: agree.py PEER_NETWORKS MAKE_LARGE BUILD
"""
import os
import subprocess
import sys
import tempfile

import peers

LARGE = ["resnet50", "mobilenetv3"]
program, make_large, build = sys.argv[1:]
modules = peers.install(build)
with tempfile.TemporaryDirectory(prefix="bitstitch-peers-") as folder:
    subprocess.run([program, folder], check=True)
    for name in LARGE:
        subprocess.run([make_large, name, os.path.join(folder, name + ".onnx")], check=True)
    subprocess.run([program, folder, *LARGE], check=True)
    done = subprocess.run(["node", peers.HERE / "agree.mjs", folder], check=False,
                          env={**os.environ, "PEERS_MODULES": modules})
sys.exit(done.returncode)
