# SPDX-License-Identifier: MIT
"""Writes pictures/, and the arrays that Pillow (Debian 12's python3-pil, 9.4.0) decodes from them:

    /usr/bin/python3 tests/images/make_expected.py
"""
import pathlib
import random
import struct

from PIL import Image

from prepare import prepare

HERE = pathlib.Path(__file__).parent
EXPECTED = {"colour": (20, 16, 18, "RGB"), "grey": (20, 16, 18, "L"), "larger": (70, 24, 40, "RGB")}


def painted(mode, width, height, seed):
    """An image of edges, ramps and noise, which show the differences between filters."""
    noise = random.Random(seed)
    channels = len(mode)
    return Image.frombytes(mode, (width, height), bytes(
        (x * 7 + y * 3 * (c + 1) + (90 if (x // 5 + y // 7) % 2 else 0) + noise.randrange(40)) % 256
        for y in range(height) for x in range(width) for c in range(channels)))


def make_pictures(folder):
    painted("RGB", 37, 53, 1).save(folder / "colour.png")
    painted("RGB", 91, 28, 2).save(folder / "wide.png")
    painted("L", 23, 31, 3).save(folder / "grey.png")
    painted("RGBA", 30, 26, 4).save(folder / "transparent.png")
    painted("LA", 21, 29, 5).save(folder / "grey-transparent.png")
    painted("RGB", 40, 33, 6).quantize(13).save(folder / "palette.png", transparency=3)
    painted("L", 35, 27, 7).convert("1").save(folder / "bilevel.png")
    painted("RGB", 48, 65, 8).save(folder / "colour.jpg", quality=90)
    painted("RGB", 65, 48, 9).save(folder / "progressive.jpeg", quality=80, progressive=True, subsampling=0)
    painted("L", 33, 44, 10).save(folder / "grey.JPG", quality=85)
    painted("CMYK", 39, 25, 11).save(folder / "inks.jpg", quality=95)


def write_npy(path, shape, data):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + data)


def main():
    folder = HERE / "pictures"
    make_pictures(folder)
    names = sorted(path.name for path in folder.iterdir() if path.name != "labels.csv")
    (folder / "labels.csv").write_text("name,label\n" + "".join(f"{name},{i}\n" for i, name in enumerate(names)))
    for what, (resize, height, width, mode) in EXPECTED.items():
        data = b"".join(prepare(folder / name, resize, height, width, mode) for name in names)
        write_npy(HERE / f"{what}.npy", (len(names), height, width, len(mode)), data)


main()
