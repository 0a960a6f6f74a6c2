// SPDX-License-Identifier: MIT
// Quantizes networks with peer_exports, runs the exported files in onnxruntime, and compares the two image by image.
// usage: node exports.mjs FOLDER PEER_EXPORTS < LINES; a line is a list, ["quantize", "x.onnx", ...]
//
// The outputs for an image differ if one of them differs by more than 1e-4 of the largest output of all images. The
// difference is a tie if the first codes that differ, in the order of the layers, come from floats less than 1e-3 of a code
// apart: up to there, both rounded alike. Each line is answered by a line of JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
const require = createRequire(process.env.PEERS_MODULES ?? import.meta.url);
const ort = require("onnxruntime-node");

const [folder, program] = process.argv.slice(2);
const FLOAT = 1e-4, CODE = 1e-3, BATCH = 50;

const bytes = (name) => readFileSync(`${folder}/${name}`);
const floats = (name) => {
  const data = bytes(name);
  return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
};
const largestOf = (values) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const argmax = (values) => values.reduce((best, x, i) => (x > values[best] ? i : best), 0);

// --- peer_exports, line by line

const startPeer = async (options) => {
  const child = spawn(program, [folder, ...options, "--progress", "none"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ended`);
    return value;
  };
  const facts = JSON.parse(await nextLine());
  const trace = async (image) => {
    child.stdin.write(`${image}\n`);
    await nextLine();
    return floats("trace");
  };
  return { ...facts, pixels: floats("images"), trace, end: () => child.stdin.end() };
};

// --- onnxruntime

const open = (path, level) =>
  ort.InferenceSession.create(path, { graphOptimizationLevel: level, intraOpNumThreads: 2, logSeverityLevel: 3 });

// The network's own batch size, or `free` if it leaves it open
const batchOf = (session, free) => {
  const size = session.inputMetadata[0].shape[0];
  return typeof size === "number" && size > 0 ? size : free;
};

const feed = (session, peer, first, batch) => {
  const elements = peer.pixels.length / peer.images;
  const shape = session.inputMetadata[0].shape.map((size, i) => (i === 0 ? batch : size));
  const data = new Float32Array(batch * elements);
  data.set(peer.pixels.subarray(first * elements, Math.min(first + batch, peer.images) * elements));
  return { [session.inputNames[0]]: new ort.Tensor("float32", data, shape) };
};

const runAll = async (peer, path, level) => {
  const session = await open(path, level), batch = batchOf(session, BATCH);
  const outputs = new Float32Array(peer.images * peer.outputs);
  for (let first = 0; first < peer.images; first += batch) {
    const result = (await session.run(feed(session, peer, first, batch)))[session.outputNames[0]].data;
    const count = Math.min(batch, peer.images - first);
    outputs.set(result.subarray(0, count * peer.outputs), first * peer.outputs);
  }
  await session.release();
  return outputs;
};

// --- ties

const readProbes = (peer) => bytes("probes").toString().split("\n").filter(Boolean).map((line, i) => {
  const [name, scale] = line.split("\t");
  return { name, scale: Math.fround(Number(scale)), low: peer.limits[i][0], high: peer.limits[i][1] };
});

const round = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const codeOf = (x, probe) => Math.min(Math.max(round(x), probe.low), probe.high);

// For the codes of one layer's input: how many differ, and the largest difference of the floats behind those
const compareCodes = (ours, values, probe) => {
  let differing = 0, most = 0;
  for (let i = 0; i < ours.length; i++) {
    const theirs = Math.fround(values[i] / probe.scale);
    if (codeOf(ours[i], probe) === codeOf(theirs, probe)) continue;
    differing++;
    most = Math.max(most, Math.abs(ours[i] - theirs));
  }
  return { differing, most };
};

const isTie = async (peer, session, image) => {
  const batch = batchOf(session, 1), within = image % batch;
  const results = await session.run(feed(session, peer, image - within, batch));
  const traced = await peer.trace(image);
  let offset = 0;
  for (const probe of readProbes(peer)) {
    const all = results[probe.name].data, size = all.length / batch;
    const found = compareCodes(traced.subarray(offset, offset + size),
      all.subarray(within * size, (within + 1) * size), probe);
    offset += size;
    if (found.differing) return found.most < CODE;
  }
  if (offset !== traced.length) throw new Error(`${traced.length} inputs traced, ${offset} probed`);
  return false;
};

// --- comparing

const row = (peer, outputs, image) => outputs.subarray(image * peer.outputs, (image + 1) * peer.outputs);

const distance = (a, b) => {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    most = Number.isNaN(apart) ? Infinity : Math.max(most, apart);
  }
  return most;
};

const countRight = (peer, outputs) => {
  const labels = bytes("labels");
  if (!labels.length) return "-";
  return labels.reduce((count, label, i) => count + (argmax(row(peer, outputs, i)) === label), 0);
};

const compare = async (peer, level) => {
  const ours = floats("quantized"), theirs = await runAll(peer, `${folder}/export.onnx`, level);
  const largest = largestOf(ours), probe = await open(`${folder}/probe.onnx`, level);
  const found = { ties: 0, differing: 0, predictions: 0, ours: countRight(peer, ours), theirs: countRight(peer, theirs) };
  for (let i = 0; i < peer.images; i++) {
    const a = row(peer, ours, i), b = row(peer, theirs, i);
    found.predictions += argmax(a) !== argmax(b);
    if (distance(a, b) <= FLOAT * largest) continue;
    if (await isTie(peer, probe, i)) found.ties++;
    else found.differing++;
  }
  await probe.release();
  return found;
};

const report = async (options) => {
  const peer = await startPeer(options);
  const reference = floats("float"), theirs = await runAll(peer, peer.network, "all");
  const found = {
    float: distance(reference, theirs) / largestOf(reference),
    disabled: await compare(peer, "disabled"),
    all: await compare(peer, "all"),
  };
  peer.end();
  return found;
};

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await report(JSON.parse(line)).catch((error) => ({ error: String(error) }))));
}
process.exit(0);
