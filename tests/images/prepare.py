# SPDX-License-Identifier: MIT
"""Prepares images as torchvision does, with Pillow alone."""
from PIL import Image


def prepare(path, resize, height, width, mode):
    """Scales the shorter side to `resize` (both sides if it is a pair), crops the middle, returns bytes row by row."""
    image = Image.open(path).convert(mode)
    if isinstance(resize, tuple):
        full_height, full_width = resize
    else:
        shorter = min(image.size)
        full_height, full_width = (int(resize * side / shorter) for side in (image.height, image.width))
    image = image.resize((full_width, full_height), Image.BILINEAR)
    top, left = int(round((full_height - height) / 2)), int(round((full_width - width) / 2))
    return image.crop((left, top, left + width, top + height)).tobytes()
