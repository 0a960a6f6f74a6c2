#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Train the detector, the instance segmenter and the U-Net of this folder, and export them to ONNX.

usage: train_scenes.py {cells|nuclei|unet} SCENES_DIR OUT_DIR [EPOCHS]      needs python3-torch, python3-pil, python3-onnx

SCENES_DIR holds blood-cells/ and nuclei/, each with train/ and evaluation/ (images and instances.json).
The detector and the segmenter have the outputs that YOLOv8's exports have: output0 [1, 4 + classes (+ 16), anchors]
holds centre x, centre y, width, height in pixels, class probabilities, mask coefficients; output1 [1, 16, h/2, w/2]
holds the mask prototypes. The U-Net gives the logits [1, 3, h, w] of background, interior and border.
"""
import json, math, os, random, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image

task, scenes, out = sys.argv[1:4]; torch.manual_seed(1); random.seed(1); np.random.seed(1); torch.set_num_threads(2)
BINS = 8                                     # of the distribution of a distance, in strides

def rle_mask(rle):
    h, w = rle["size"]; s, p, counts = rle["counts"], 0, []
    while p < len(s):
        x = k = 0; more = True
        while more:
            c = ord(s[p]) - 48; x |= (c & 0x1f) << 5 * k; more = c & 0x20; p += 1; k += 1
            if not more and c & 0x10: x |= -1 << 5 * k
        if len(counts) > 2: x += counts[-2]
        counts.append(x)
    return np.repeat(np.arange(len(counts)) % 2, counts).astype(np.uint8).reshape((w, h)).T

def load(folder, masks):
    coco = json.load(open(f"{folder}/instances.json")); by = {i["id"]: [] for i in coco["images"]}
    for a in coco["annotations"]: by[a["image_id"]].append(a)
    items = []
    for i in coco["images"]:
        im = Image.open(f"{folder}/{i['file_name']}"); a = np.asarray(im, np.float32) / 255; a = a[None] if a.ndim == 2 else a.transpose(2, 0, 1)
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h in (o["bbox"] for o in by[i["id"]])], np.float32).reshape(-1, 4)
        classes = np.array([o["category_id"] - 1 for o in by[i["id"]]]); m = np.stack([rle_mask(o["segmentation"]) for o in by[i["id"]]]) if masks and len(classes) else None
        items.append((torch.tensor(np.ascontiguousarray(a)), torch.tensor(boxes), torch.tensor(classes), None if m is None else torch.tensor(m)))
    return items, [c["name"] for c in coco["categories"]]

class Conv(nn.Sequential):
    def __init__(self, i, o, k=3, s=1, g=1): super().__init__(nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o, eps=1e-3, momentum=0.03), nn.SiLU(True))

class Stage(nn.Module):
    """Half of the channels pass by, half go through bottlenecks, all are joined."""
    def __init__(self, i, o, n=1, residual=True):
        super().__init__(); h = o // 2; self.a, self.residual = Conv(i, o, 1), residual
        self.m = nn.ModuleList(nn.Sequential(Conv(h, h), Conv(h, h)) for _ in range(n)); self.z = Conv((2 + n) * h, o, 1)
    def forward(self, x):
        y = list(self.a(x).chunk(2, 1))
        for m in self.m: y.append(y[-1] + m(y[-1]) if self.residual else m(y[-1]))
        return self.z(torch.cat(y, 1))

class Detector(nn.Module):
    def __init__(self, channels, classes, coefficients, widths, strides):
        super().__init__(); w = widths; self.strides, self.nc, self.nm = strides, classes, coefficients
        self.down = nn.ModuleList([nn.Sequential(Conv(channels, w[0], 3, 2), Conv(w[0], w[1], 3, 2), Stage(w[1], w[1])), nn.Sequential(Conv(w[1], w[2], 3, 2), Stage(w[2], w[2])), nn.Sequential(Conv(w[2], w[3], 3, 2), Stage(w[3], w[3]))])
        self.up = nn.ModuleList([Stage(w[3] + w[2], w[2], 1, False), Stage(w[2] + w[1], w[1], 1, False)]); feats = {4: w[1], 8: w[2], 16: w[3]}
        h = 32
        self.box = nn.ModuleList(nn.Sequential(Conv(feats[s], h), Conv(h, h), nn.Conv2d(h, 4 * BINS, 1)) for s in strides)
        self.cls = nn.ModuleList(nn.Sequential(Conv(feats[s], h), Conv(h, h), nn.Conv2d(h, classes, 1)) for s in strides)
        if coefficients:
            self.coef = nn.ModuleList(nn.Sequential(Conv(feats[s], h), nn.Conv2d(h, coefficients, 1)) for s in strides)
            self.proto = nn.Sequential(Conv(w[1], h), nn.Upsample(scale_factor=2), Conv(h, h), nn.Conv2d(h, coefficients, 1))
        for c in self.cls: nn.init.constant_(c[-1].bias, -4.6)
    def features(self, x):
        a = self.down[0](x); b = self.down[1](a); c = self.down[2](b)
        b = self.up[0](torch.cat([F.interpolate(c, scale_factor=2.0), b], 1)); a = self.up[1](torch.cat([F.interpolate(b, scale_factor=2.0), a], 1))
        return {4: a, 8: b, 16: c}
    def anchors(self, f):
        points, steps = [], []
        for s in self.strides:
            h, w = f[s].shape[-2:]; y, x = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
            points.append(torch.stack([x.flatten(), y.flatten()], 0) * s); steps.append(torch.full((1, h * w), float(s)))
        return torch.cat(points, 1), torch.cat(steps, 1)
    def raw(self, x):
        f = self.features(x); b = x.shape[0]
        dist = torch.cat([m(f[s]).view(b, 4 * BINS, -1) for m, s in zip(self.box, self.strides)], 2)
        cls = torch.cat([m(f[s]).view(b, self.nc, -1) for m, s in zip(self.cls, self.strides)], 2)
        coef = torch.cat([m(f[s]).view(b, self.nm, -1) for m, s in zip(self.coef, self.strides)], 2) if self.nm else None
        return f, dist, cls, coef, self.proto(f[4]) if self.nm else None
    def boxes(self, dist, points, steps):
        b, _, n = dist.shape; d = (dist.view(b, 4, BINS, n).softmax(2) * torch.arange(BINS, dtype=torch.float32).view(1, 1, BINS, 1)).sum(2) * steps * SPREAD
        return torch.cat([points - d[:, :2], points + d[:, 2:]], 1)                                    # corners [b, 4, n]
    def forward(self, x):
        f, dist, cls, coef, proto = self.raw(x); points, steps = self.anchors(f); c = self.boxes(dist, points, steps)
        y = torch.cat([(c[:, :2] + c[:, 2:]) / 2, c[:, 2:] - c[:, :2], cls.sigmoid()] + ([coef] if self.nm else []), 1)
        return (y, proto) if self.nm else y

def iou(a, b, generalized=False):
    """a [..., 4], b [..., 4] corners."""
    lt, rb = torch.max(a[..., :2], b[..., :2]), torch.min(a[..., 2:], b[..., 2:]); inter = (rb - lt).clamp(0).prod(-1)
    area = lambda q: (q[..., 2:] - q[..., :2]).clamp(0).prod(-1); union = area(a) + area(b) - inter + 1e-7; v = inter / union
    if not generalized: return v
    hull = (torch.max(a[..., 2:], b[..., 2:]) - torch.min(a[..., :2], b[..., :2])).prod(-1) + 1e-7
    return v - (hull - union) / hull

def assign(score, boxes, points, gt, labels, k=10):
    """Task-aligned assignment of one image: for each anchor its object (or -1) and its target score."""
    inside = ((points.T[None] - gt[:, None, :2]).amin(-1) > 0) & ((gt[:, None, 2:] - points.T[None]).amin(-1) > 0)
    centre = (gt[:, :2] + gt[:, 2:]) / 2; near = (points.T[None] - centre[:, None]).abs().amax(-1)
    inside = inside | (near == near.amin(1, True)); overlap = iou(boxes.T[None], gt[:, None]).clamp(0) * inside
    align = score[labels] ** 0.5 * overlap ** 4 + 1e-9 * inside; top = align.topk(min(k, align.shape[1]), 1); picked = torch.zeros_like(align).scatter_(1, top.indices, 1) * (align > 0)
    many = picked.sum(0) > 1; best = (overlap + 1e-6 * inside).argmax(0)
    picked[:, many] = F.one_hot(best[many], gt.shape[0]).T.float(); owner = torch.where(picked.sum(0) > 0, picked.argmax(0), torch.tensor(-1))
    align = align * picked; overlap = overlap * picked; norm = align / (align.amax(1, True) + 1e-9) * overlap.amax(1, True).clamp(0.1)
    return owner, norm.amax(0)

def detector_loss(net, x, targets):
    f, dist, cls, coef, proto = net.raw(x); points, steps = net.anchors(f); boxes = net.boxes(dist, points, steps); prob = cls.detach().sigmoid()
    goal = torch.zeros_like(cls); terms = {"box": 0.0, "bins": 0.0, "mask": 0.0}; weight_sum = 1e-6; box_l = bins_l = mask_l = 0.0
    for i, (gt, labels, masks) in enumerate(targets):
        if not len(gt): continue
        owner, t = assign(prob[i], boxes[i].detach(), points, gt, labels); p = owner >= 0; o = owner[p]
        goal[i, labels[o], p.nonzero().flatten()] = t[p]; w = t[p]; weight_sum = weight_sum + w.sum()
        box_l = box_l + ((1 - iou(boxes[i].T[p], gt[o], True)) * w).sum()
        want = torch.cat([points.T[p] - gt[o, :2], gt[o, 2:] - points.T[p]], 1) / (steps[0, p, None] * SPREAD); want = want.clamp(0, BINS - 1.01); lo = want.floor().long()
        logits = dist[i].view(4, BINS, -1)[:, :, p].permute(2, 0, 1).reshape(-1, BINS); lo_, fr = lo.flatten(), (want - lo).flatten()
        ce = F.cross_entropy(logits, lo_, reduction="none") * (1 - fr) + F.cross_entropy(logits, lo_ + 1, reduction="none") * fr
        bins_l = bins_l + (ce.view(-1, 4).mean(1) * w).sum()
        if coef is not None and p.any():
            pick = torch.randperm(len(o))[:160]; oo, ww = o[pick], w[pick]; c = coef[i].T[p][pick]; h, v = proto.shape[-2:]
            m = torch.einsum("nk,khw->nhw", c, proto[i]); g = F.adaptive_avg_pool2d(masks.float()[None], (h, v))[0][oo]; r = masks.shape[-1] / v
            ys, xs = torch.arange(h).view(1, -1, 1) + 0.5, torch.arange(v).view(1, 1, -1) + 0.5; q = gt[oo] / r
            crop = ((xs > q[:, 0, None, None] - 1) & (xs < q[:, 2, None, None] + 1) & (ys > q[:, 1, None, None] - 1) & (ys < q[:, 3, None, None] + 1)).float()
            l = (F.binary_cross_entropy_with_logits(m, g, reduction="none") * crop).sum((1, 2)) / crop.sum((1, 2)); mask_l = mask_l + (l * ww).sum() * len(o) / len(pick)
    class_l = F.binary_cross_entropy_with_logits(cls, goal, reduction="sum")
    return (0.5 * class_l + 7.5 * box_l + 1.5 * bins_l + 4.0 * mask_l) / weight_sum, (float(class_l / weight_sum), float(box_l / weight_sum), float(mask_l / weight_sum))

class UNet(nn.Module):
    def __init__(self, w=(16, 32, 64, 96)):
        super().__init__(); block = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True), nn.Conv2d(o, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True))
        self.stem = nn.Sequential(nn.Conv2d(1, w[0], 3, 2, 1, bias=False), nn.BatchNorm2d(w[0]), nn.ReLU(True))
        self.down = nn.ModuleList([block(w[0], w[0])] + [block(w[i - 1], w[i]) for i in range(1, 4)]); self.up = nn.ModuleList(nn.ConvTranspose2d(w[i], w[i - 1], 2, 2) for i in (3, 2, 1)); self.join = nn.ModuleList(block(2 * w[i - 1], w[i - 1]) for i in (3, 2, 1)); self.out = nn.ConvTranspose2d(w[0], 3, 2, 2)
    def forward(self, x):
        skips, x = [], self.stem(x)
        for k, d in enumerate(self.down): x = d(x if k == 0 else F.max_pool2d(x, 2)); skips.append(x)
        for u, j, s in zip(self.up, self.join, skips[-2::-1]): x = j(torch.cat([u(x), s], 1))
        return self.out(x)

def border(masks):
    """[h, w]: 0 background, 1 interior, 2 border: an object's outermost pixels, and those where grown objects meet."""
    m = masks.float(); grown = F.max_pool2d(m[None], 3, 1, 1)[0]; shrunk = -F.max_pool2d(-m[None], 3, 1, 1)[0]
    return torch.where(((m - shrunk).amax(0) > 0) | (grown.sum(0) > 1), 2, m.amax(0).long())

def augment(item, square):
    x, gt, labels, masks = item; h, w = x.shape[-2:]
    if random.random() < .5: x = x.flip(2); masks = None if masks is None else masks.flip(2); gt = torch.stack([w - gt[:, 2], gt[:, 1], w - gt[:, 0], gt[:, 3]], 1) if len(gt) else gt
    if random.random() < .5: x = x.flip(1); masks = None if masks is None else masks.flip(1); gt = torch.stack([gt[:, 0], h - gt[:, 3], gt[:, 2], h - gt[:, 1]], 1) if len(gt) else gt
    if square and random.random() < .5: x = x.transpose(1, 2); masks = None if masks is None else masks.transpose(1, 2); gt = gt[:, [1, 0, 3, 2]]
    x = (x * random.uniform(.7, 1.4) + random.uniform(-.05, .05)).clamp(0, 1) if square else (x * (1 + .15 * torch.randn(3, 1, 1)) + .05 * torch.randn(3, 1, 1)).clamp(0, 1)
    if masks is None and random.random() < .7:                                       # zoom: scale about a point, keep the size
        s = random.uniform(.75, 1.35); oy, ox = (1 - s) * random.uniform(0, h), (1 - s) * random.uniform(0, w)
        theta = torch.tensor([[1 / s, 0, (1 - (2 * ox + s * w) / w) / s], [0, 1 / s, (1 - (2 * oy + s * h) / h) / s]]); grid = F.affine_grid(theta[None], (1, x.shape[0], h, w), align_corners=False)
        x = F.grid_sample(x[None], grid, align_corners=False, padding_mode="reflection")[0] if s >= 1 else F.grid_sample(x[None], grid, align_corners=False)[0]
        g = gt * s + torch.tensor([ox, oy, ox, oy]); c = torch.stack([g[:, 0].clamp(0, w), g[:, 1].clamp(0, h), g[:, 2].clamp(0, w), g[:, 3].clamp(0, h)], 1)
        keep = (c[:, 2:] - c[:, :2]).prod(1) > .4 * (g[:, 2:] - g[:, :2]).prod(1); gt, labels = c[keep], labels[keep]
    return x.contiguous(), gt, labels, masks

if task == "cells": train, names = load(f"{scenes}/blood-cells/train", False); SPREAD = 1.0; net = Detector(3, 3, 0, (16, 32, 64, 96), (8, 16)); epochs = 150; batch = 8; lr = 2e-3; name = "cells-yolo"
else: train, names = load(f"{scenes}/nuclei/train", True); SPREAD = 1.0; epochs = 40; batch = 4; lr = 1e-3
if task == "nuclei": net = Detector(1, 1, 16, (16, 32, 48, 64), (4, 8, 16)); name = "nuclei-yolo-seg"
if task == "unet": net = UNet(); name = "nuclei-unet"; batch = 8; epochs = 30
if len(sys.argv) > 4: epochs = int(sys.argv[4])
print(name, sum(p.numel() for p in net.parameters()), "parameters", flush=True)
decay, plain = [p for p in net.parameters() if p.ndim > 1], [p for p in net.parameters() if p.ndim <= 1]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0}], lr=lr)
average = {k: v.clone() for k, v in net.state_dict().items()}; step = 0; total = epochs * (len(train) // batch); started = time.time()
for epoch in range(epochs):
    order = random.sample(range(len(train)), len(train)); net.train(); sums = np.zeros(4); n = 0
    for at in range(0, len(order) - batch + 1, batch):
        items = [augment(train[i], task != "cells") for i in order[at:at + batch]]; x = torch.stack([i[0] for i in items]); rate = min(1, (step + 1) / 100) * (0.02 + 0.98 * (1 + math.cos(math.pi * step / total)) / 2)
        for g in optimizer.param_groups: g["lr"] = lr * rate
        if task == "unet":
            y = torch.stack([border(i[3]) for i in items]); z = net(x); loss = F.cross_entropy(z, y, weight=torch.tensor([1.0, 1.0, 2.0])); parts = (float(loss), 0, 0)
        else: loss, parts = detector_loss(net, x, [i[1:] for i in items])
        optimizer.zero_grad(); loss.backward(); nn.utils.clip_grad_norm_(net.parameters(), 10.0); optimizer.step(); step += 1; sums += (float(loss), *parts); n += 1
        d = min(0.998, (1 + step) / (10 + step))
        for k, v in net.state_dict().items(): average[k] = v.clone() if not v.dtype.is_floating_point else average[k] * d + v * (1 - d)
    if epoch % 5 == 4 or epoch == epochs - 1: print(f"epoch {epoch + 1}/{epochs} {time.time() - started:.0f} s loss {sums / n}", flush=True); torch.save(average, f"{out}/{name}.pt")
net.load_state_dict(average if epochs else torch.load(f"{out}/{name}.pt")); net.eval(); x = torch.zeros(1, *train[0][0].shape)      # 0 epochs: export again
if task != "unet": fixed = net.anchors(net.features(x)); net.anchors = lambda f: fixed                                            # constants of the file
outputs = ["output0", "output1"] if task == "nuclei" else ["output0"]
torch.onnx.export(net, x, f"{out}/{name}.onnx", input_names=["images"], output_names=outputs, opset_version=13)
import onnx
m = onnx.load(f"{out}/{name}.onnx")
for k, v in (("labels", "background,interior,border" if task == "unet" else ",".join(names)), ("input_mean", "0"), ("input_std", "1"), ("task", {"cells": "detect", "nuclei": "segment", "unet": "semantic"}[task]), ("stride", "16")):
    p = m.metadata_props.add(); p.key, p.value = k, v
onnx.save(m, f"{out}/{name}.onnx"); print("exported", name)
