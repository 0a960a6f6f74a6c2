# SPDX-License-Identifier: MIT
"""Writes seeds/: small valid and nearly valid files that the fuzzers start from.

    make_seeds.py MAKE_NETWORKS      (the program, from a build: tests/fuzz/make_networks)
"""
import gzip
import io
import json
import pathlib
import struct
import subprocess
import sys

from PIL import Image

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"
LAYERS = ("conv1", "depthwise", "fc")
NETWORK = "0123456789abcdef" * 4


def write(harness, name, content):
    (SEEDS / harness).mkdir(parents=True, exist_ok=True)
    (SEEDS / harness / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def idx(*dims):
    size = 1
    for dim in dims:
        size *= dim
    return struct.pack(f">BBBB{len(dims)}I", 0, 0, 8, len(dims), *dims) + bytes(i * 37 % 10 for i in range(size))


def arrays():
    write("idx", "images", idx(2, 4, 3))
    write("idx", "colour", idx(2, 3, 4, 4))
    write("idx", "labels", idx(3))
    write("idx", "images-gz", gzip.compress(idx(2, 4, 3), mtime=0))
    write("idx", "members-gz", gzip.compress(idx(3)[:5], mtime=0) + gzip.compress(idx(3)[5:], mtime=0))
    for name, descr, order, shape, data in (
            ("bytes", "|u1", False, (2, 3, 2, 3), bytes(range(36))), ("planes", "|u1", True, (2, 3, 2, 2), bytes(24)),
            ("floats", "<f4", False, (1, 2, 2), struct.pack("<4f", 0, 1, -1, 2)),
            ("doubles", ">f8", True, (1, 2, 1), struct.pack(">2d", 0.5, 1e30)),
            ("labels", "<i8", False, (3,), struct.pack("<3q", 0, 9, 3)), ("column", "|u1", False, (3, 1), b"\1\2\3")):
        header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"
        write("npy", name, b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + data)
    write("npy", "version2", b"\x93NUMPY\2\0" + struct.pack("<I", len(header)) + header.encode() + data)
    write("cifar", "ten", b"\0\3" + bytes(range(40)))
    write("cifar", "hundred", b"\3\1\7" + bytes(range(40)))


def pictures():
    colour = Image.new("RGB", (9, 5))
    colour.putdata([(i * 5 % 256, i * 11 % 256, i * 3 % 256) for i in range(45)])
    kinds = {"rgb": colour, "grey": colour.convert("L"), "bits": colour.convert("1"), "palette": colour.quantize(7),
             "alpha": colour.convert("RGBA"), "grey-alpha": colour.convert("LA"),
             "sixteen": Image.new("I;16", (4, 3), 40000)}
    for name, picture in kinds.items():
        out = io.BytesIO()
        picture.save(out, "PNG")
        write("png", name, b"+" + out.getvalue())
        if name == "rgb":
            write("png", "checked", b"-" + out.getvalue())
    head, ends = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"
    wide = struct.pack(">I4sIIBBBBB", 13, b"IHDR", 65535, 1024, 8, 2, 0, 0, 1)
    write("png", "huge", b"+" + head + wide + b"\0\0\0\0" + b"\0\0\0\4IDATx\x9c\0\0\0\0\0\0" + ends)
    for name, picture, options in (("rgb", colour, {}), ("grey", kinds["grey"], {}), ("inks", colour.convert("CMYK"), {}),
                                   ("progressive", colour, {"progressive": True}), ("full", colour, {"subsampling": 0}),
                                   ("restarts", colour.resize((33, 17)), {"restart_marker_blocks": 1})):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=40, **options)
        write("jpeg", name, out.getvalue())


def options(**more):
    return {"mode": "sequential", "seed": "18446744073709551615", "calibration_images": 64, "rows": 500, "ridge": 0.01,
            "polish": True, "bias_correction": False, "error_compensated": False, **more}


def visit(bits, accuracy, bound):
    return {"plan": {"options": options(), "weight_bits": [8, bits, "float"], "activation_bits": ["float", 8, bits],
                     "methods": ["bitsplit"] * 3}, "accuracy": accuracy, "bound": bound}


def second_format(source, layers):
    side = {"top1": 0.9, "top1_interval": [0.8, 0.95], "top5": 1, "cross_entropy": 0.5}
    accuracy = {"images": 500, "total": 1000, "classes": 10, "float": side, "quantized": side, "change": 0.02,
                "change_interval": [0, 0.04], "lost": 10, "gained": 20, "agreement": 0.9, "output_sqnr_db": 21.5}
    columns = {"weight_bits": [8, 4, "float"], "activation_bits": ["float", 8, 4], "method": ["bitsplit"] * 3}
    visits = [{"plan": options(), "layers": columns, "accuracy": accuracy, "bound": None}]
    source = {key: value for key, value in source.items() if key not in ("input_shape", "output")}
    return {"format": "bitstitch/2", "saved": "2024-05-17T10:42:00Z", "source": source, "plan": options(),
            "hashes": {"network": NETWORK, "calibration": None, "evaluation": None}, "network": {"output": "y"},
            "layers": layers, "visits": visits}


def annotations():
    coco = {"images": [{"id": 1, "file_name": "a.png", "height": 6, "width": 8}],
            "categories": [{"id": 1, "name": "cell", "supercategory": "cell"}], "annotations": []}
    write("coco_json", "empty", json.dumps(coco))
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 3, 2]}
    shapes = {"box": {}, "polygon": {"segmentation": [[1, 1, 4, 1, 4, 3, 1, 3], [5, 5, 6.5, 5, 6, 6]], "area": 6},
              "runs": {"segmentation": {"counts": [7, 2, 4, 2, 33], "size": [6, 8]}, "iscrowd": 1},
              "text": {"segmentation": {"counts": "7240Q1", "size": [6, 8]}, "iscrowd": 0}}
    for name, shape in shapes.items():
        coco["annotations"] = [{**box, **shape}]
        write("coco_json", name, json.dumps(coco))
    write("run_lengths", "text", bytes((5, 7, 0)) + b"7240Q1")
    write("run_lengths", "runs", bytes((5, 7, 1)) + struct.pack("<5I", 7, 2, 4, 2, 33))
    write("run_lengths", "corners", bytes((5, 7, 2)) + struct.pack("<8h", 5, 5, 20, 5, 20, 15, 5, 15))
    for mode in ("L", "P", "1", "RGB"):
        out = io.BytesIO()
        Image.new(mode, (5, 3), 1).save(out, "PNG")
        write("label_image", mode.lower(), b"+" + out.getvalue())


def texts():
    write("description", "all", json.dumps(
        {"network": "x.onnx", "task": "classification", "mean": [0.5, 0.25, 1e-3], "std": [1], "labels": ["a", "\u00e9"],
         "resize": [256, 300], "crop": 224, "channels": "bgr", "layout": "nchw", "calibration": "a.gz",
         "evaluation": {"images": "b", "labels": "/c"}}))
    write("description", "least", '{"network":"x"}')
    layers = [{"name": name, "weight_bits": 4, "activation_bits": "float", "method": "bitsplit"} for name in LAYERS]
    write("run_json", "run", json.dumps({"format": "bitstitch-run/1", "plan": options(rows="all", ridge="default"),
                                         "hashes": {"network": NETWORK}, "layers": layers}))
    accuracy = {"images": 500, "total": 1000, "labelled": True, "compared": True, "classes": 10,
                "float": {"top1": 450, "top5": 499, "cross_entropy": 0.5},
                "quantized": {"top1": 440, "top5": 498, "cross_entropy": None}, "agreeing": 470, "lost": 20, "gained": 10,
                "output_sqnr_db": 21.5}
    bound = {"measured": 0.25, "hybrid": 0.75, "spectral": None}
    source = {key: None for key in ("calibration", "images", "image_labels", "mean", "std", "labels", "input_shape",
                                    "output", "resize", "crop", "channels", "layout")}
    source.update(network="/x.onnx", mean="0.5", skip_bad_images=True, evaluation_images="all", ladder_images=0)
    exploration = {"format": "bitstitch-exploration/1", "saved": "2024-05-17T10:42:00Z", "source": source,
                   "hashes": {"network": NETWORK, "calibration": "f" * 64, "evaluation": None}, "layers": LAYERS,
                   "plan": visit(4, None, None)["plan"], "visits": [visit(4, accuracy, bound), visit(2, None, None)]}
    write("exploration", "two", json.dumps(exploration))
    exploration["visits"] = []
    write("exploration", "none", json.dumps(exploration))
    write("exploration", "second", json.dumps(second_format(source, layers)))
    write("plan_csv", "all", "\ufeffname,weight_bits,activation_bits,method\r\nfc,4,8,rtn\r\n\"conv1\",float,,\r\n'depthwise,2,float,bitsplit\r\n")
    write("plan_csv", "least", "weight_bits,x,name\n4,\"a\n\"\"b\",fc\n")
    write("labels", "csv", "name,label\na.png,cat\r\nb/c.png,1\n\"d,\"\"e.png\",7\n")
    write("labels", "names", "cat, dog,,\xe9\nbird\r\n\n")
    for name, text in (("wide", "\x27\u4e16\u754c e\u0301\u0301x"), ("escapes", "\x05\x1b[31m\u202ea\x9b\x7f\n b"),
                       ("marks", "\x0f\u0301\u0301 \U0001f469\u200d\U0001f680\ufe0f \u1100\u1161")):
        write("canvas", name, text)
    write("canvas", "broken", b"\x09a\xff\xc3\xed\xa0\x80\xf0\x9f\x98")
    for name, text in (("shape", "3,8,8"), ("batch", "2,3,224,224"), ("values", "0.5, 0.25,1e-3"), ("sides", "256,300"),
                       ("word", "nchw"), ("output", "r")):
        write("options", name, text)


arrays()
pictures()
texts()
annotations()
(SEEDS / "onnx").mkdir(parents=True, exist_ok=True)
subprocess.run([sys.argv[1], SEEDS / "onnx"], check=True)
for name in ("attention", "blocks", "codes", "conv", "deconv", "factors", "gate", "matmul", "moments", "shared"):
    write("quantize", name, (SEEDS / "onnx" / name).read_bytes())
