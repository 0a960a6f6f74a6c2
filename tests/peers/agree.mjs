// SPDX-License-Identifier: MIT
// Runs the networks in a folder with onnxruntime on NAME.in, and compares the outputs with NAME.out: they may differ by at
// most 1e-4 of the largest output, and may not be all zeros.
// usage: node agree.mjs FOLDER
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
const require = createRequire(process.env.PEERS_MODULES ?? import.meta.url);
const ort = require("onnxruntime-node");

const folder = process.argv[2];
const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
let failed = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".onnx")).sort()) {
  const name = file.slice(0, -5);
  const input = floats(`${folder}/${name}.in`), ours = floats(`${folder}/${name}.out`);
  const session = await ort.InferenceSession.create(`${folder}/${file}`, { graphOptimizationLevel: "disabled" });
  const image = session.inputMetadata[0].shape.slice(1).map(Number);
  const shape = [input.length / image.reduce((a, b) => a * b), ...image];
  const results = await session.run({ [session.inputNames[0]]: new ort.Tensor("float32", input, shape) });
  const theirs = results[session.outputNames[0]].data;
  let largest = 0, difference = ours.length === theirs.length ? 0 : Infinity;
  for (let i = 0; i < theirs.length; i++) largest = Math.max(largest, Math.abs(theirs[i]));
  for (let i = 0; i < Math.min(ours.length, theirs.length); i++) {
    const apart = Math.abs(ours[i] - theirs[i]);
    difference = Number.isNaN(apart) ? Infinity : Math.max(difference, apart);
  }
  const agrees = largest > 0 && difference <= 1e-4 * largest;
  failed += !agrees;
  console.log(`${agrees ? "agrees" : "DIFFERS"} ${name}: ${ours.length} outputs, largest difference ` +
    `${difference.toExponential(1)} of ${largest.toExponential(1)}`);
}
process.exit(failed ? 1 : 0);
