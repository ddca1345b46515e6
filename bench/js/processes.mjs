// Measures calls between two Node processes (or threads), each with its own way: `node bench/js/processes.mjs [--only TEXT]
// [--json FILE]`, after `npm ci --prefix bench/js`.
//
// The request is a number, 16 characters and a float; the other end changes all three, and every reply is checked. Rounds are
// interleaved, figures are medians with quartiles; CPU is user and system time of both ends. Nothing is pinned.
import { open } from './processes/systems.mjs';
import { option, save, summary } from './rows.mjs';

const ROUNDS = 9;
/** How long each case runs in each round, in milliseconds. */
const CASE_MS = 150;

const only = option('--only') ?? '';

const request = (number) => ({ number, text: 'abcdefghijklmnop', value: number + 0.25 });
function check({ number, text, value }, reply) {
  if (reply.number !== number + 1 || reply.text !== text.toUpperCase() || reply.value !== value * 2) throw new Error('another reply');
}

/** Keeps so many calls in flight for a while; gives the calls made. */
async function calls({ call, checked }, inFlight) {
  const until = performance.now() + CASE_MS;
  let made = 0;
  const lane = async () => {
    while (performance.now() < until) {
      const sent = request(made);
      made += 1;
      if (checked === undefined) check(sent, await call(sent));
      else await checked(sent);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return made;
}

const systems = [];
for (const [name, start] of Object.entries(open)) if (name.includes(only)) systems.push({ name, ...(await start()) });
const cases = systems.flatMap((system) => [1, 64].map((inFlight) => ({ system, inFlight, time: [], cpu: [] })));
for (const { system, inFlight } of cases) await calls(system, inFlight);
for (let round = 0; round < ROUNDS; round += 1) {
  for (let turn = 0; turn < cases.length; turn += 1) {
    const { system, inFlight, time, cpu } = cases[(turn + round) % cases.length];
    // Threads of one process are counted with it.
    const used = async () => {
      const { user, system: kernel } = process.cpuUsage();
      return user + kernel + (await system.cpu());
    };
    const [cpuBefore, before] = [await used(), performance.now()];
    const made = await calls(system, inFlight);
    time.push(((performance.now() - before) * 1000) / made);
    cpu.push(((await used()) - cpuBefore) / made);
  }
}
for (const { close } of systems) await close();

const rows = [];
for (const { system, inFlight, time, cpu } of cases) {
  const row = (metric, unit, values) =>
    rows.push({ name: inFlight === 1 ? 'call' : 'inflight64', system: system.name, variant: `node ${process.versions.node}`, metric, unit, ...summary(values) });
  row('time', 'us', time);
  row('cpu of both', 'us', cpu);
}
for (const { name, system, metric, unit, median, low, high } of rows) {
  console.log(`${name.padEnd(11)} ${system.padEnd(24)} ${metric.padEnd(12)} ${median.toFixed(1).padStart(8)} (${low.toFixed(1)} - ${high.toFixed(1)}) ${unit}`);
}
save(rows);
