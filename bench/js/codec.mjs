// Measures the generated TypeScript codec and others to and from bytes, on Node: `node bench/js/codec.mjs [--json FILE]`, after
// `npm ci --prefix bench/js`.
//
// Rounds are interleaved (each round measures every case once), figures are medians with quartiles, and ratios are taken
// within a round, so that a machine whose speed drifts does not favour anyone. Portcullis, protobuf-es and zod check what they read;
// JSON, msgpackr and cbor-x do not.
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Encoder as Cbor } from 'cbor-x';
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { save, summary } from './rows.mjs';

const ROUNDS = 15;
/** How long each case runs in each round, in milliseconds. */
const CASE_MS = 60;
/** Messages in the long list. */
const LIST = 100;
/** Numbers in a list and in a typed array. */
const NUMBERS = 100_000;

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The generated codec of the sample contract, bundled as an application would bundle it. */
async function generated() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  try {
    const file = join(folder, 'codec.mjs');
    await build({
      stdin: {
        contents: `export { EchoRequestCodec } from './packages/client/test/generated/types.ts';
          export { fromBytes, readList, readTypedArray, toBody, toBytes, writeList, writeTypedArray } from './packages/client/src/codec/index.ts';`,
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

/** JSON has no 64-bit integers: the number travels as a number, which is JSON's fastest way, and that of MessagePack and CBOR. */
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

/** zod checks what JSON has read; what is written is its own types' business. */
function zodSide(value, schema) {
  const { encode, decode } = jsonSide(value);
  return { encode, decode: () => schema.parse(decode()) };
}

/** With shared structures (msgpackr, cbor-x): both ends keep the field names of each shape, which travel no more. */
function recordSide(Codec, value) {
  const codec = new Codec({ structures: [] });
  const bytes = Uint8Array.from(codec.encode(value));
  return { encode: () => codec.encode(value), decode: () => codec.decode(bytes) };
}

function protobufSide(schema, value) {
  const made = create(schema, value);
  const bytes = toBinary(schema, made);
  return { encode: () => toBinary(schema, made), decode: () => fromBinary(schema, bytes) };
}

function codecSide({ fromBytes, toBytes }, codec, value) {
  const bytes = toBytes(codec, value);
  return { encode: () => toBytes(codec, value), decode: () => fromBytes(codec, bytes) };
}

/** Numbers, which are added up when they were read: what reads an array of them looks at none before. */
function numbersSide({ fromBytes, toBody }, codec, numbers) {
  const { bytes, blobs } = toBody(codec, numbers);
  const sum = adder();
  return { encode: () => toBody(codec, numbers), decode: () => sum(fromBytes(codec, bytes, undefined, blobs)) };
}

/** What adds up numbers. Each side has its own, which engines make fast for the one kind of array that it sees. */
const adder = () => new Function('numbers', 'let sum = 0; for (let at = 0; at < numbers.length; at += 1) sum += numbers[at]; return sum;');

/** The same message as protobuf's own generator would describe it. */
function protobufSchemas() {
  const { DOUBLE, MESSAGE, STRING, UINT64 } = FieldDescriptorProto_Type;
  const field = (name, number, type, more) => ({ name, number, type, label: FieldDescriptorProto_Label.OPTIONAL, ...more });
  const file = create(FileDescriptorProtoSchema, {
    name: 'bench.proto',
    package: 'bench',
    syntax: 'proto3',
    messageType: [
      { name: 'Request', field: [field('number', 1, UINT64), field('text', 2, STRING), field('value', 3, DOUBLE)] },
      {
        name: 'Requests',
        field: [field('all', 1, MESSAGE, { typeName: '.bench.Request', label: FieldDescriptorProto_Label.REPEATED })],
      },
    ],
  });
  const registry = createFileRegistry(file, () => undefined);
  return [registry.getMessage('bench.Request'), registry.getMessage('bench.Requests')];
}

/** Nanoseconds for one run of `work`, which runs `batch` times between two looks at the clock. */
function time(work, batch) {
  let runs = 0;
  let kept;
  const started = process.hrtime.bigint();
  const until = started + BigInt(CASE_MS) * 1_000_000n;
  let now = started;
  while (now < until) {
    for (let index = 0; index < batch; index += 1) kept = work();
    runs += batch;
    now = process.hrtime.bigint();
  }
  if (kept === undefined) throw new Error('nothing was made');
  return Number(now - started) / runs;
}

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
const zodRequest = z.object({ number: z.number().int().nonnegative(), text: z.string().max(64), value: z.number() });
const [protobufRequest, protobufRequests] = protobufSchemas();
const systems = (value, schema, protobuf, codec, plain) => ({
  json: jsonSide(plain),
  'json, zod': zodSide(plain, schema),
  msgpackr: recordSide(Packr, plain),
  'cbor-x': recordSide(Cbor, plain),
  'protobuf-es': protobufSide(...protobuf),
  portcullis: codecSide(runtime, codec, value),
});
/** What is generated for `Vec<f32>` and for `TypedArray<f32>`. */
const f32ListCodec = {
  encode: (out, values) => runtime.writeList(out, values, (out, value) => out.f32(value)),
  decode: (input) => runtime.readList(input, 4, (input) => input.f32()),
};
const f32ArrayCodec = {
  encode: (out, values) => runtime.writeTypedArray(out, values, Float32Array),
  decode: (input) => runtime.readTypedArray(input, Float32Array),
};
const numbers = Float32Array.from({ length: NUMBERS }, (_, place) => place / 2);
const jsonNumbers = jsonSide([...numbers]);
const jsonSum = adder();
const cases = {
  'one message': systems(one, zodRequest, [protobufRequest, one], runtime.EchoRequestCodec, forJson(one)),
  [`list of ${LIST}`]: systems(many, z.array(zodRequest).max(LIST), [protobufRequests, { all: many }], listCodec, many.map(forJson)),
  [`${NUMBERS} f32`]: {
    json: { ...jsonNumbers, decode: () => jsonSum(jsonNumbers.decode()) },
    list: numbersSide(runtime, f32ListCodec, [...numbers]),
    'typed array': numbersSide(runtime, f32ArrayCodec, numbers),
  },
};

const rows = [];
for (const direction of ['encode', 'decode']) {
  for (const [name, sides] of Object.entries(cases)) {
    const all = Object.entries(sides).map(([system, side]) => ({ system, work: side[direction], times: [], ratios: [] }));
    const batch = name.endsWith('f32') ? 2 : 64;
    for (const { work } of all) time(work, batch);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const one of all) one.times.push(time(one.work, batch));
      for (const { times, ratios } of all) ratios.push(all[0].times[round] / times[round]);
    }
    for (const { system, times, ratios } of all) {
      const row = (metric, unit, values) => rows.push({ name: `codec ${direction}`, system, variant: name, metric, unit, ...summary(values) });
      row('time', 'ns', times);
      if (system !== 'json') row('ratio', 'times json', ratios);
    }
  }
}

for (const { name, system, variant, unit, median, low, high } of rows) {
  const figure = (value) => value.toFixed(unit === 'ns' ? 0 : 2);
  console.log(`${name.padEnd(13)} ${variant.padEnd(12)} ${system.padEnd(11)} ${figure(median).padStart(7)} (${figure(low)} - ${figure(high)}) ${unit}`);
}
save(rows);
