// Measures the addon on Node: `node bench/js/addon.mjs [--json FILE]`, with the example's addon in PORTCULLIS_EXAMPLE_ADDON
// (`cargo build --profile addon -p node-addon-example`), which `cargo xtask bench --js` builds.
//
// Calls from TypeScript to an inline handler in Rust and back, all in one thread: CPU time of the process a call, and its
// parts. Then small messages that leave through `drain`: what JavaScript has to do for each, in messages a second. Rounds
// are interleaved, and figures are medians with quartiles.
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { save, summary } from './rows.mjs';

const ROUNDS = 15;
/** Calls of a case in each round. */
const CALLS = 20_000;
/** Calls in flight where they do not wait for each other. */
const IN_FLIGHT = 64;
/** Peers that messages are drained for. */
const PEERS = 256;
/** Times that messages for all of them are drained, in each round. */
const DRAINS = 20;

const root = fileURLToPath(new URL('../../', import.meta.url));
const path = process.env.PORTCULLIS_EXAMPLE_ADDON;
if (path === undefined) throw new Error('PORTCULLIS_EXAMPLE_ADDON names the addon: cargo build --profile addon -p node-addon-example');

/** Hub, client and generated contract, bundled as an application would bundle them. */
async function bundled() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  try {
    const file = join(folder, 'addon.mjs');
    await build({
      stdin: {
        contents: `export { Hub } from './packages/node/src/index.ts';
          export { loadAddon } from './packages/node/src/load.ts';
          export { readRecords } from './packages/node/src/records.ts';
          export { connect } from './packages/client/src/index.ts';
          export { Pictures, PointCodec } from './packages/node/test/generated/index.ts';
          export { fromBytes, toBytes } from './packages/client/src/codec/index.ts';`,
        resolveDir: root,
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['source'],
      minify: true,
      outfile: file,
      logLevel: 'error',
    });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { connect, fromBytes, Hub, loadAddon, Pictures, PointCodec, readRecords, toBytes } = await bundled();
const ROLES = [{ name: 'main', call: ['example.pictures.*'], subscribe: ['example.pictures.*'] }];
const point = { x: 1.25, y: 2.5, name: 'abcdefghijklmnop' };

const rows = [];
const row = (name, variant, metric, unit, values) => rows.push({ name, system: 'portcullis', variant, metric, unit, ...summary(values) });

/** Microseconds of CPU time, of all threads, for one of `count`. */
async function cpu(count, work) {
  const before = process.cpuUsage();
  await work(count);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const oneByOne = (pictures) => async (count) => {
  for (let index = 0; index < count; index += 1) await pictures.mirror(point);
};
const atOnce = (pictures) => async (count) => {
  for (let index = 0; index < count; index += IN_FLIGHT) {
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => pictures.mirror(point)));
  }
};
const each = (work) => (count) => {
  let kept;
  for (let index = 0; index < count; index += 1) kept = work();
  if (kept === undefined) throw new Error('nothing was made');
};

async function calls() {
  const hub = new Hub({ addon: path, roles: ROLES });
  const addon = loadAddon(path);
  const bind = (callStacks) => hub.connect({ label: 'main', role: 'main' }, { callStacks }).bind(Pictures);
  // When nothing is said, some calls of a burst are noted: what an application gets.
  const [usual, plain, traced] = [await bind(undefined), await bind(false), await bind(true)];
  const empty = addon.create(JSON.stringify({ roles: ROLES }), () => {});
  const buffer = new Uint8Array(256 * 1024);
  const bytes = toBytes(PointCodec, point);
  const cases = {
    'one at a time': oneByOne(usual),
    [`${IN_FLIGHT} at once`]: atOnce(usual),
    'one at a time, no stacks': oneByOne(plain),
    [`${IN_FLIGHT} at once, no stacks`]: atOnce(plain),
    'one at a time, all stacks': oneByOne(traced),
    [`${IN_FLIGHT} at once, all stacks`]: atOnce(traced),
  };
  // What is inside of the addon, by the clock, less what the clock itself takes.
  const { exchange } = addon;
  let inside = 0n;
  const clocked = (...args) => {
    const before = process.hrtime.bigint();
    const length = exchange(...args);
    inside += process.hrtime.bigint() - before;
    return length;
  };
  const parts = {
    'arguments written': each(() => toBytes(PointCodec, point)),
    'reply read': each(() => fromBytes(PointCodec, bytes)),
    'into the addon and back': each(() => addon.drain(empty, buffer)),
  };
  const measured = Object.fromEntries([...Object.keys(cases), ...Object.keys(parts), 'hub and handler', 'the rest'].map((name) => [name, []]));
  for (const work of [...Object.values(cases), ...Object.values(parts)]) await work(CALLS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, work] of Object.entries({ ...cases, ...parts })) measured[name].push(await cpu(CALLS, work));
    inside = 0n;
    let clock = 0n;
    for (let index = 0; index < CALLS; index += 1) {
      const before = process.hrtime.bigint();
      clock += process.hrtime.bigint() - before;
    }
    addon.exchange = clocked;
    await oneByOne(plain)(CALLS);
    addon.exchange = exchange;
    const last = (name) => measured[name].at(-1);
    const native = Number(inside - clock) / 1e3 / CALLS;
    measured['hub and handler'].push(native - last('into the addon and back'));
    measured['the rest'].push(last('one at a time, no stacks') - native - last('arguments written') - last('reply read'));
  }
  for (const name of Object.keys(cases)) row('addon call', name, 'cpu', 'us', measured[name]);
  for (const name of [...Object.keys(parts), 'hub and handler', 'the rest']) row('addon call, part', name, 'cpu', 'us', measured[name]);
  addon.dispose(empty);
  hub.close();
}

/** A hub whose every drain is this file's. */
async function drains() {
  const addon = loadAddon(path);
  const hub = addon.create(JSON.stringify({ roles: ROLES }), () => {});
  const buffer = new Uint8Array(4 * 1024 * 1024);
  const view = new DataView(buffer.buffer);
  const transports = new Map();
  const open = () => {
    const peer = addon.attach(hub, 'page', 'main', 'main');
    const transport = { send: (bytes) => addon.deliver(hub, peer, bytes), close: () => {} };
    transports.set(peer, transport);
    return connect(transport, { keepalive: false, callStacks: false });
  };
  let messages = [];
  const reader = {
    message: (peer, start, end) => messages.push([peer, buffer.slice(start, end)]),
    ended: () => {},
    events: () => {},
    shutDown: () => {},
  };
  const drain = () => {
    while (readRecords(view, addon.drain(hub, buffer), reader) !== 0);
  };
  const hand = () => {
    for (const [peer, bytes] of messages.splice(0)) transports.get(peer).onMessage(bytes);
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const settle = async (done) => {
    while (!done()) {
      drain();
      hand();
      await pause(0);
    }
  };
  const made = async (promise) => {
    let value;
    void promise.then((got) => (value = got));
    await settle(() => value !== undefined);
    return value;
  };
  const main = await made(open().bind(Pictures));
  let received = 0;
  for (let index = 0; index < PEERS; index += 1) {
    const pictures = await made(open().bind(Pictures));
    pictures.onTicked(() => (received += 1));
  }
  // A subscription is an open call, too.
  await settle(() => addon.openWork(hub) === 2 * PEERS);
  for (const values of [1, 16]) {
    const variant = `${values === 1 ? 'one value' : `${values} values`} for each of ${PEERS} peers`;
    const measured = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      let spent = 0n;
      for (let index = 0; index < DRAINS; index += 1) {
        received = 0;
        let ticked = false;
        void main.tick(values).then(() => (ticked = true));
        // Published by a thread of the hub's, while nobody drains.
        await pause(10);
        const before = process.hrtime.bigint();
        drain();
        spent += process.hrtime.bigint() - before;
        await settle(() => ticked && received === values * PEERS);
      }
      // The first round warms up.
      if (round > 0) measured.push((values * PEERS * DRAINS) / (Number(spent) / 1e9) / 1e6);
    }
    row('addon drain', variant, 'throughput', 'million/s', measured);
  }
  addon.dispose(hub);
}

await calls();
await drains();
for (const { name, variant, unit, median, low, high } of rows) {
  console.log(`${name.padEnd(17)} ${variant.padEnd(34)} ${median.toFixed(2).padStart(7)} (${low.toFixed(2)} - ${high.toFixed(2)}) ${unit}`);
}
save(rows);
process.exit(0);
