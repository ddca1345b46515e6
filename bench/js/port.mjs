// Measures the page's side over a message port: `node bench/js/port.mjs [--chromium] [--only TEXT] [--json FILE]`, after
// `npm ci --prefix bench/js`. In Node without `--chromium`: then the port is one of worker_threads.
//
// CPU is that of the page's thread alone. Rounds are interleaved (each round measures every case once, in another
// order), figures are medians with quartiles, and ratios are taken within a round, so that a machine whose speed
// drifts does not favour anyone.
import { FRAME_BYTES } from './port/frame.js';
import { chromiumHost } from './port/chromium.mjs';
import { nodeHost } from './port/node.mjs';
import { option, save, summary } from './rows.mjs';

const ROUNDS = 15;

const only = option('--only') ?? '';

const host = await (process.argv.includes('--chromium') ? chromiumHost : nodeHost)();
const chosen = host.cases.flatMap((one, at) => (`${one.name} ${one.system}`.includes(only) ? [{ ...one, at, cpu: [], wall: [] }] : []));

for (const { at } of chosen) await host.measure(at);
for (let round = 0; round < ROUNDS; round += 1) {
  for (let turn = 0; turn < chosen.length; turn += 1) {
    // Forwards and backwards, so that no case always comes behind the same one.
    const place = (turn + (round >> 1)) % chosen.length;
    const { at, count, cpu, wall } = chosen[round % 2 === 0 ? place : chosen.length - 1 - place];
    const measured = await host.measure(at);
    cpu.push(measured.cpu / count);
    wall.push(measured.wall / count);
  }
}
await host.close();

const rows = [];
const row = (name, system, metric, unit, values) =>
  rows.push({ name: `port ${name}`, system, variant: host.variant, metric, unit, ...summary(values) });
for (const { name, system, cpu, wall } of chosen) {
  row(name, system, 'cpu of the page', 'us', cpu);
  if (name === 'frames') row(name, system, 'rate', 'MB/s', wall.map((us) => FRAME_BYTES / us));
  else row(name, system, 'time', 'us', wall);
}
/** How much more one needs than another, in one metric. */
const ratio = (name, above, below, metric) => {
  const [a, b] = [above, below].map((system) => chosen.find((one) => one.name === name && one.system === system));
  if (a === undefined || b === undefined) return;
  row(name, above, metric === 'cpu' ? 'cpu ratio' : 'time ratio', `times ${below}`, a[metric].map((value, round) => value / b[metric][round]));
};
for (const system of ['portcullis', 'portcullis, all stacks']) ratio('call', system, 'bare, moved', 'cpu');
ratio('call', 'portcullis, copied', 'bare, copied', 'cpu');
for (const metric of ['cpu', 'wall']) ratio('inflight64', 'trpc', 'portcullis, hub in TypeScript', metric);
for (const how of ['copied', 'moved']) {
  for (const read of ['', ', views']) ratio('frames', `portcullis, ${how}${read}`, `bare, ${how}`, 'wall');
}

console.log(host.variant);
for (const { name, system, metric, unit, median, low, high } of rows) {
  const figure = (value) => value.toFixed(unit === 'MB/s' || value > 100 ? 0 : 2);
  console.log(`${name.padEnd(15)} ${system.padEnd(30)} ${metric.padEnd(16)} ${figure(median).padStart(8)} (${figure(low)} - ${figure(high)}) ${unit}`);
}
save(rows);
