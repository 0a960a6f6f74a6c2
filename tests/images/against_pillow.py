# SPDX-License-Identifier: MIT
"""Images of random sizes, kinds and preparations: this program and Pillow prepare them equally."""
import os
import pathlib
import random
import subprocess
import sys
import tempfile

SYSTEM_PYTHON = "/usr/bin/python3"
try:
    from PIL import Image
except ImportError:
    if os.path.exists(SYSTEM_PYTHON) and os.path.realpath(SYSTEM_PYTHON) != os.path.realpath(sys.executable):
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *sys.argv])
    print("SKIPPED: python3-pil is not installed")
    sys.exit(77)

from prepare import prepare

DUMP = sys.argv[1]
IMAGES = 12
JPEG_TOLERANCE = 1  # if Pillow uses another libjpeg


def paint(dice, path, jpeg):
    mode = dice.choice(["RGB", "L"] if jpeg else ["RGB", "L", "RGBA", "LA", "1"])
    width, height = dice.randint(2, 150), dice.randint(2, 150)
    pixels = bytes((x * dice.randint(0, 9) + y * 5 + dice.randrange(60)) % 256
                   for y in range(height) for x in range(width * len(mode if mode != "1" else "L")))
    image = Image.frombytes("L" if mode == "1" else mode, (width, height), pixels)
    if mode == "1":
        image = image.convert("1")
    if jpeg:
        image.save(path, quality=dice.randint(30, 100), progressive=dice.random() < 0.5, subsampling=dice.randint(0, 2))
    else:
        image.save(path)


def make_folder(dice, folder):
    names = []
    for i in range(IMAGES):
        jpeg = dice.random() < 0.4
        names.append(f"{i:02}.{'jpg' if jpeg else 'png'}")
        paint(dice, folder / names[-1], jpeg)
    (folder / "labels.csv").write_text("name,label\n" + "".join(f"{name},{i}\n" for i, name in enumerate(names)))
    return names


def compare(seed):
    dice = random.Random(seed)
    height, width = dice.randint(1, 40), dice.randint(1, 40)
    both = dice.random() < 0.3
    least = max(height, width)
    resize = (height + dice.randint(0, 9), width + dice.randint(0, 9)) if both else least + dice.randint(0, 60)
    mode, order = dice.choice([("L", "rgb"), ("RGB", "rgb"), ("RGB", "bgr")])
    text = f"{resize[0]},{resize[1]}" if both else str(resize)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        names = make_folder(dice, folder)
        got = subprocess.run([DUMP, folder, str(height), str(width), str(len(mode)), text, order], check=True,
                             stdout=subprocess.PIPE).stdout
        size = height * width * len(mode)
        assert len(got) == size * IMAGES
        for i, file in enumerate(names):
            want = prepare(folder / file, resize, height, width, mode)
            if order == "bgr":
                want = bytes(want[p + c] for p in range(0, size, 3) for c in (2, 1, 0))
            most = max(abs(a - b) for a, b in zip(got[i * size:(i + 1) * size], want))
            if most > (JPEG_TOLERANCE if file.endswith(".jpg") else 0):
                sys.exit(f"seed {seed}, {file}, to {resize}, {height} x {width}, {mode}, {order}: differs by {most}")


RUNS = 25
for run in range(RUNS):
    compare(run)
print(f"{RUNS * IMAGES} images agree with Pillow {Image.__version__}")
