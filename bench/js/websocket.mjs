// Measures a page in Chromium that is a peer of a Rust hub over a WebSocket, beside the same page with a bare one that the
// same process serves through the same gate: `PORTCULLIS_PAGE_HUB=… node bench/js/websocket.mjs [--only TEXT] [--json FILE]`,
// after `cargo build --release -p conformance --example page-hub`.
//
// Rounds are interleaved (each round measures every case once, in another order), figures are medians with quartiles, and
// ratios are taken within a round. Nothing is pinned.
import { option, quantile, save, sorted, summary } from './rows.mjs';
import { host } from './websocket/host.mjs';

const ROUNDS = 9;

const program = process.env.PORTCULLIS_PAGE_HUB;
if (program === undefined) throw new Error('PORTCULLIS_PAGE_HUB names the hub: cargo build --release -p conformance --example page-hub');
const only = option('--only') ?? '';

const { variant, cases, measure, close } = await host(program);
const chosen = cases.flatMap((one, at) => (`${one.name} ${one.system}`.includes(only) ? [{ ...one, at, metrics: new Map() }] : []));
for (const { at } of chosen) await measure(at);
for (let round = 0; round < ROUNDS; round += 1) {
  for (let turn = 0; turn < chosen.length; turn += 1) {
    // Forwards and backwards, so that no case always comes behind the same one.
    const place = (turn + (round >> 1)) % chosen.length;
    const { name, at, count, bytes, metrics } = chosen[round % 2 === 0 ? place : chosen.length - 1 - place];
    const { times, page, hub } = await measure(at);
    const note = (metric, unit, value) => {
      if (!metrics.has(metric)) metrics.set(metric, { unit, values: [] });
      metrics.get(metric).values.push(value);
    };
    if (name === 'call') {
      const all = sorted(times);
      note('p50', 'us', quantile(all, 0.5));
      note('p99', 'us', quantile(all, 0.99));
    } else if (bytes === undefined) note('rate', 'thousand/s', (count * 1000) / times[0]);
    else note('rate', 'MB/s', (bytes * count) / times[0]);
    note('cpu of the page', 'us', page / count);
    note('cpu of the hub', 'us', hub / count);
  }
}
await close();

const rows = [];
for (const { name, system, metrics } of chosen) {
  const row = (metric, unit, values) => rows.push({ name: `websocket ${name}`, system, variant, metric, unit, ...summary(values) });
  const bare = chosen.find((one) => one.name === name && one.system === 'bare');
  for (const [metric, { unit, values }] of metrics) {
    row(metric, unit, values);
    if (bare === undefined || system === 'bare') continue;
    row(`${metric} ratio`, 'times bare', values.map((value, round) => value / bare.metrics.get(metric).values[round]));
  }
}

console.log(variant);
for (const { name, system, metric, unit, median, low, high } of rows) {
  const figure = (value) => value.toFixed(value > 100 ? 0 : 2);
  console.log(`${name.padEnd(20)} ${system.padEnd(24)} ${metric.padEnd(22)} ${figure(median).padStart(8)} (${figure(low)} - ${figure(high)}) ${unit}`);
}
save(rows);
