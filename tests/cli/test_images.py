# SPDX-License-Identifier: MIT
"""The same images as IDX, as folders of PNG and as NumPy arrays."""
import gzip
import json
import shutil
import struct
import zlib

from harness import DATA, IMAGES, LABELS, LENET, Story, main

COUNT, SIDE = 300, 28
PIXELS = gzip.open(IMAGES).read()[16:16 + COUNT * SIDE * SIDE]
CLASSES = gzip.open(LABELS).read()[8:8 + COUNT]
QUICK = ["--rows", "300", "--calibration-images", "32"]


def image(i):
    return PIXELS[i * SIDE * SIDE:(i + 1) * SIDE * SIDE]


def png(pixels, width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def npy(descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data


class Images(Story):
    def setUp(self):
        super().setUp()
        self.write("idx-images", struct.pack(">IIII", 0x803, COUNT, SIDE, SIDE) + PIXELS)
        self.write("idx-labels", struct.pack(">II", 0x801, COUNT) + CLASSES)

    def make_folder(self, name="pictures"):
        """Writes a folder with one subfolder per class."""
        for i in range(COUNT):
            folder = self.folder / name / str(CLASSES[i])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{i:03}.png").write_bytes(png(image(i), SIDE, SIDE))

    def figures(self, *arguments):
        """Returns the line of accuracy, which does not depend on the images' order."""
        text = self.good("evaluate", *arguments)
        return next(line for line in text.splitlines() if line.startswith("float "))

    def expected(self):
        return self.figures(LENET, "--images", "idx-images", "--image-labels", "idx-labels")

    def test_a_folder_of_classes_is_the_same_images(self):
        self.make_folder()
        self.assertEqual(self.figures(LENET, "--images", "pictures"), self.expected())

    def test_a_flat_folder_with_a_csv_and_class_names(self):
        names = json.loads((DATA / "lenet5.json").read_text())["labels"]
        (self.folder / "flat").mkdir()
        rows = ["label,name"]
        for i in range(COUNT):
            self.write(f"flat/{i}.png", png(image(i), SIDE, SIDE))
            rows.append(f"{names[CLASSES[i]]},{i}.png")
        self.write("flat/labels.csv", "\n".join(rows))
        self.assertEqual(self.figures(LENET, "--images", "flat"), self.expected())

    def test_arrays_of_bytes_and_of_floats(self):
        self.write("bytes-images.npy", npy("|u1", (COUNT, 1, SIDE, SIDE), PIXELS))
        self.write("bytes-labels.npy", npy("<i8", (COUNT,), b"".join(struct.pack("<q", c) for c in CLASSES)))
        self.assertEqual(self.figures(LENET, "--images", "bytes-images.npy"), self.expected())
        ready = struct.pack(f">{len(PIXELS)}f", *((pixel / 255 - 0.286) / 0.353 for pixel in PIXELS))
        self.write("floats.npy", npy(">f4", (COUNT, SIDE, SIDE), ready))
        self.assertEqual(self.figures(LENET, "--images", "floats.npy", "--image-labels", "bytes-labels.npy"), self.expected())
        for option in ("--resize", "--crop"):
            self.bad("evaluate", LENET, "--images", "floats.npy", option, SIDE,
                     names=[f"'floats.npy' holds floats, which are taken as they are: leave out {option}"])
        shutil.copy(DATA / "lenet5.onnx", self.folder)
        self.write("net.json", json.dumps({"network": "lenet5.onnx", "resize": 256}))
        self.assertEqual(self.figures("net.json", "--images", "floats.npy", "--image-labels", "bytes-labels.npy"), self.expected())

    def test_a_description_says_how_images_are_prepared(self):
        """Writes images with a frame of noise, which the crop removes."""
        shutil.copy(DATA / "lenet5.onnx", self.folder)
        (self.folder / "framed").mkdir()
        for i in range(COUNT):
            rows = [b"\xaa" * 38 for _ in range(5)]
            rows += [b"\xaa" * 5 + image(i)[y * SIDE:(y + 1) * SIDE] + b"\xaa" * 5 for y in range(SIDE)] + rows
            self.write(f"framed/{i}.png", png(b"".join(rows), 38, 38))
        self.write("framed/labels.csv", "name,label\n" + "".join(f"{i}.png,{c}\n" for i, c in enumerate(CLASSES)))
        self.write("net.json", json.dumps({"network": "lenet5.onnx", "mean": 0.286, "std": 0.353, "resize": 38, "crop": [28, 28],
                                           "evaluation": "framed"}))
        self.assertEqual(self.figures("net.json"), self.expected())
        self.bad("evaluate", "net.json", "--crop", "27", names=["framed", "27"])
        self.write("bad.json", json.dumps({"network": "lenet5.onnx", "channels": "hsv", "evaluation": "framed"}))
        self.bad("evaluate", "bad.json", names=["bad.json", "channels", "hsv"])

    def test_calibration_on_a_folder_does_not_depend_on_threads(self):
        self.make_folder()
        command = ["quantize", LENET, *QUICK, "--calibration", "pictures", "--images", "pictures", "--evaluation-images", "50"]
        for threads in (1, 2):
            self.good(*command, "--threads", threads, "--csv", f"{threads}.csv", "--json", f"{threads}.json")
        self.assertEqual((self.folder / "1.csv").read_bytes(), (self.folder / "2.csv").read_bytes())
        runs = [json.loads((self.folder / f"{threads}.json").read_text()) for threads in (1, 2)]
        self.assertEqual(runs[0]["hashes"], runs[1]["hashes"])
        self.assertEqual(runs[0]["calibration"]["count"], 32 + 4)
        self.good(*command, "--seed", "1", "--csv", "seed.csv")
        self.assertNotEqual((self.folder / "1.csv").read_bytes(), (self.folder / "seed.csv").read_bytes())

    def test_bad_images(self):
        self.make_folder()
        path = self.folder / "pictures" / "3" / "zz.png"
        path.write_bytes(png(image(0), SIDE, SIDE)[:-20])
        self.bad("evaluate", LENET, "--images", "pictures", names=["pictures/3/zz.png", "damaged PNG", "--skip-bad-images"])
        text = self.good("evaluate", LENET, "--images", "pictures", "--skip-bad-images")
        self.assertRegex(text, r"(?m)^  skipped   1 bad image; the first: .*zz\.png")
        self.assertIn(self.expected(), text)
        self.bad("evaluate", LENET, "--images", "pictures", "--skip-bad-images", "--resize", "9", names=["none of the 301 images"])
        (self.folder / "pictures" / "11").mkdir()
        self.bad("evaluate", LENET, "--images", "pictures", names=["pictures", "11 subfolders", "10 outputs"])

    def test_values(self):
        for option, value in (("--resize", "0"), ("--crop", "a"), ("--channels", "rbg"), ("--layout", "hwc")):
            self.bad("evaluate", LENET, option, value, names=[option, value])


main()
