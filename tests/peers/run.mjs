// SPDX-License-Identifier: MIT
// Runs a network in onnxruntime on zero-mean noise and prints images per second.
// usage: node run.mjs FILE.onnx THREADS SECONDS BATCH
import { createRequire } from "node:module";
const require = createRequire(process.env.PEERS_MODULES ?? import.meta.url);
const ort = require("onnxruntime-node");

const [path, threads, seconds, batch] = process.argv.slice(2);
const session = await ort.InferenceSession.create(path, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
});
const name = session.inputNames[0];
const images = Number(batch);
const shape = [images, ...session.inputMetadata[0].shape.slice(1).map(Number)];
const data = new Float32Array(shape.reduce((a, b) => a * b));
for (let i = 0; i < data.length; i++) data[i] = ((i * 2654435761) % 2001) / 1000 - 1;
const feeds = { [name]: new ort.Tensor("float32", data, shape) };
for (let i = 0; i < 3; i++) await session.run(feeds);
const start = performance.now();
let runs = 0;
while (performance.now() - start < 1000 * Number(seconds)) {
  await session.run(feeds);
  runs++;
}
console.log(((runs * images) / (performance.now() - start)) * 1000);
