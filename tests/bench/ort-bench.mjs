/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The yardstick: times a model in ONNX Runtime, as `yv8 bench` times it here.
 *
 *   npm install --onnxruntime-node-install=skip onnxruntime-node
 *   NODE_PATH=$PWD/node_modules node ort-bench.mjs MODEL [--runs N] [--threads N] [--size WxH]
 *
 * Prints one JSON object: milliseconds of a run on random input. */
import { createRequire } from 'node:module';
import { delimiter, resolve } from 'node:path';
import { parseArgs } from 'node:util';

function load(name) {
  for (const folder of (process.env.NODE_PATH ?? 'node_modules').split(delimiter)) {
    try {
      return createRequire(resolve(folder, 'x'))(resolve(folder, name));
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  console.error(`${name} is not in NODE_PATH; npm install it there`);
  process.exit(1);
}

const { values: options, positionals: [model] } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '50' },
    threads: { type: 'string', default: '2' },
    size: { type: 'string', default: '640x640' },
  },
});
const runs = Number(options.runs);
const threads = Number(options.threads);
const [width, height] = options.size.split('x').map(Number);
if (!model || !(runs > 0) || !(threads > 0) || !(width > 0) || !(height > 0)) {
  console.error('usage: ort-bench.mjs MODEL [--runs N] [--threads N] [--size WxH]');
  process.exit(2);
}

const ort = load('onnxruntime-node');
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const pixels = Float32Array.from({ length: 3 * height * width }, Math.random);
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', pixels, [1, 3, height, width]) };

const times = [];
for (let run = -3; run < runs; run++) { // the first three warm up
  const start = performance.now();
  await session.run(feeds);
  if (run >= 0) times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const quantile = (q) => Number(times[Math.min(runs - 1, Math.floor(q * runs))].toFixed(2));
console.log(JSON.stringify({
  model, threads, runs, size: options.size,
  min: quantile(0), median: quantile(0.5), p95: quantile(0.95),
}));
