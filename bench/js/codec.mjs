// Measures the generated TypeScript codec against JSON to and from bytes, on Node: `node bench/js/codec.mjs [--json FILE]`.
//
// Rounds are interleaved (each round measures every case once), figures are medians with quartiles, and ratios are taken
// within a round, so that a machine whose speed drifts does not favour anyone. JSON does not check what it reads; the codec does.
import { build } from 'esbuild';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROUNDS = 15;
/** How long each case runs in each round, in milliseconds. */
const CASE_MS = 60;
/** Messages in the long list. */
const LIST = 100;

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The generated codec of the sample contract, bundled as an application would bundle it. */
async function generated() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  try {
    const file = join(folder, 'codec.mjs');
    await build({
      stdin: {
        contents: `export { EchoRequestCodec } from './packages/client/test/generated/types.ts';
          export { fromBytes, toBytes } from './packages/client/src/codec/index.ts';`,
        resolveDir: root,
      },
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      outfile: file,
      logLevel: 'error',
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const message = (number) => ({
  number: BigInt(number),
  text: 'abcdefghijklmnop',
  value: number + 0.25,
});

/** JSON has no 64-bit integers: the number travels as a number, which is JSON's fastest way. */
const forJson = ({ number, text, value }) => ({ number: Number(number), text, value });

function jsonSide(value) {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const bytes = encoder.encode(JSON.stringify(value));
  return {
    encode: () => encoder.encode(JSON.stringify(value)),
    decode: () => JSON.parse(decoder.decode(bytes)),
  };
}

function codecSide({ fromBytes, toBytes }, codec, value) {
  const bytes = toBytes(codec, value);
  return { encode: () => toBytes(codec, value), decode: () => fromBytes(codec, bytes) };
}

/** Nanoseconds for one run of `work`. */
function time(work) {
  let runs = 0;
  let kept;
  const started = process.hrtime.bigint();
  const until = started + BigInt(CASE_MS) * 1_000_000n;
  let now = started;
  while (now < until) {
    for (let index = 0; index < 64; index += 1) kept = work();
    runs += 64;
    now = process.hrtime.bigint();
  }
  if (kept === undefined) throw new Error('nothing was made');
  return Number(now - started) / runs;
}

const quantile = (sorted, part) => sorted[Math.round((sorted.length - 1) * part)];
const summary = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
};

const runtime = await generated();
const one = message(300);
const many = Array.from({ length: LIST }, (_, index) => message(index));
const listCodec = {
  encode(out, values) {
    out.count(values.length);
    for (const value of values) runtime.EchoRequestCodec.encode(out, value);
  },
  decode(input) {
    const count = input.count(10);
    const values = [];
    for (let index = 0; index < count; index += 1) values.push(runtime.EchoRequestCodec.decode(input));
    return values;
  },
};
const cases = {
  'one message': [jsonSide(forJson(one)), codecSide(runtime, runtime.EchoRequestCodec, one)],
  [`list of ${LIST}`]: [jsonSide(many.map(forJson)), codecSide(runtime, listCodec, many)],
};

const rows = [];
for (const direction of ['encode', 'decode']) {
  for (const [name, [json, codec]] of Object.entries(cases)) {
    const measured = { json: [], codec: [], ratio: [] };
    time(json[direction]);
    time(codec[direction]);
    for (let round = 0; round < ROUNDS; round += 1) {
      const [a, b] = [time(json[direction]), time(codec[direction])];
      measured.json.push(a);
      measured.codec.push(b);
      measured.ratio.push(a / b);
    }
    for (const [system, values, unit] of [
      ['json', measured.json, 'ns'],
      ['portcullis', measured.codec, 'ns'],
      ['portcullis', measured.ratio, 'times json'],
    ]) {
      rows.push({ name: `codec ${direction}`, system, variant: name, metric: unit === 'ns' ? 'time' : 'ratio', unit, ...summary(values) });
    }
  }
}

for (const { name, system, variant, unit, median, low, high } of rows) {
  const figure = (value) => value.toFixed(unit === 'ns' ? 0 : 2);
  console.log(`${name.padEnd(13)} ${variant.padEnd(12)} ${system.padEnd(11)} ${figure(median).padStart(7)} (${figure(low)} - ${figure(high)}) ${unit}`);
}
const at = process.argv.indexOf('--json');
if (at > 0) writeFileSync(process.argv[at + 1], `${JSON.stringify(rows, null, 2)}\n`);
