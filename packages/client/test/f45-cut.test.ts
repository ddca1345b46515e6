/** Fault 45, on a client that reconnects: the connection breaks at every byte of a conversation, and nothing is told wrongly. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { CallError, reconnecting } from '../src/index.js';
import { mock, type Mock } from '../src/testing/index.js';
import { Echo, type EchoClient, type EchoHandlers } from './generated/sample-echo.js';
import { Topics } from './generated/sample-topics.js';
import { settled } from './support/again.js';
import { breaking, type Meter } from './support/cut.js';
import { MemoryLogger } from './support/hub.js';
import { Random } from './support/random.js';

let echo: Mock<EchoClient, EchoHandlers, null>;
let topics: Mock<any, any, any>;
const logger = new MemoryLogger();
/** How often the handler of each call ran, by what it was called with. */
const executed = new Map<string, number>();

beforeAll(async () => {
  const run = (key: string) => void executed.set(key, (executed.get(key) ?? 0) + 1);
  echo = await mock(
    Echo,
    {
      inline: (number) => (run(`inline ${number}`), number),
      join: (left) => (run(`join ${left}`), left),
    },
    { connect: { logger } },
  );
  topics = await mock(Topics, {}, { beside: echo });
});
afterAll(() => {
  echo.close();
  topics.close();
});
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Outcome {
  readonly key: string;
  readonly value: unknown;
  readonly error: CallError | undefined;
}

const CALLS = 2;
const EVENTS = 4;

/** One conversation of a client whose connections break after so many bytes each, the last of which never does. */
async function converse(cuts: readonly number[], meters: Meter[] = [], seen = new Set<string>()): Promise<void> {
  const where = `cut at ${cuts.join(', ')}`;
  executed.clear();
  let dials = 0;
  const client = reconnecting(() => {
    const meter = { bytes: 0 };
    meters.push(meter);
    return breaking(echo.transport(), cuts[dials++] ?? Infinity, meter);
  }, { logger, client: 'cut' });

  const [outcomes, levels, ticks]: [Outcome[], bigint[], (number | 'anew')[]] = [[], [], []];
  const settle = (key: string, call: Promise<unknown>) =>
    call.then(
      (value) => outcomes.push({ key, value, error: undefined }),
      (error: CallError) => outcomes.push({ key, value: undefined, error }),
    );
  const say = async () => {
    const [caller, listener] = await Promise.all([client.bind(Echo), client.bind(Topics)]);
    listener.onLevel((level) => levels.push(level));
    listener.onTicked((tick) => ticks.push(tick), { onAnew: () => ticks.push('anew') });
    for (let number = 0; number < CALLS; number++) {
      void settle(`inline ${number}`, caller.inline(number));
      void settle(`join ${number}`, caller.join(String(number), null, 1));
      await vi.advanceTimersByTimeAsync(1);
    }
  };
  const said = say();
  // What is published goes on, whether or not the client hears it.
  for (let tick = 1; tick <= EVENTS; tick++) {
    topics.publisher.ticked(tick);
    topics.publisher.level(BigInt(tick));
    await vi.advanceTimersByTimeAsync(tick === 2 ? 1 : 130);
  }
  await vi.advanceTimersByTimeAsync(20_000);
  await said;
  topics.publisher.ticked(EVENTS + 1);
  topics.publisher.level(BigInt(EVENTS + 1));
  // This may be what breaks it.
  await vi.advanceTimersByTimeAsync(20_000);

  expect(outcomes.length, `${where}: one outcome for each call`).toBe(2 * CALLS);
  expect(new Set(outcomes.map(({ key }) => key)).size, where).toBe(2 * CALLS);
  for (const { key, value, error } of outcomes) {
    const times = executed.get(key) ?? 0;
    const about = `${where}: ${key} ran ${times} times, ${String(error)} ${error?.sent}`;
    if (key.startsWith('join')) {
      expect(error, about).toBe(undefined);
      expect(value, about).toBe(key.slice(5));
      expect(times, about).toBeGreaterThan(0);
      if (times > 1) seen.add('made twice');
    } else if (error === undefined) {
      expect([times, value], about).toEqual([1, Number(key.slice(7))]);
      seen.add('executed, and answered');
    } else {
      expect(error, about).toMatchObject({ status: 'unavailable', sent: true });
      expect(times, about).toBeLessThanOrEqual(1);
      seen.add(times === 1 ? 'executed, and lost' : 'not executed, and lost');
    }
  }
  expect(levels.at(-1), `${where}: the last state`).toBe(BigInt(EVENTS + 1));
  expect(levels, `${where}: states in order`).toEqual([...levels].sort((a, b) => Number(a - b)));
  if (ticks.at(-1) !== 'anew') expect(ticks.at(-1), `${where}: the last event, or a gap at its place`).toBe(EVENTS + 1);
  let last: number | undefined;
  let anew = false;
  for (const tick of ticks) {
    if (tick === 'anew') {
      anew = true;
      continue;
    }
    if (last !== undefined) {
      expect(tick, `${where}: in order, ${ticks.join()}`).toBeGreaterThan(last);
      if (tick !== last + 1) {
        expect(anew, `${where}: a gap is told, ${ticks.join()}`).toBe(true);
        seen.add('a gap');
      }
    }
    last = tick;
    anew = false;
  }
  client.close();
  await settled();
}

test('f45: nowhere does a cut make a call run twice, lose a last state, or hide a gap', async () => {
  const meters: Meter[] = [];
  await converse([], meters);
  const bytes = meters[0]?.bytes ?? 0;
  expect(bytes).toBeGreaterThan(500);
  const seen = new Set<string>();
  for (let cut = 0; cut <= bytes; cut++) await converse([cut], [], seen);
  // All that can happen did.
  expect([...seen].sort()).toEqual(['a gap', 'executed, and answered', 'executed, and lost', 'made twice', 'not executed, and lost']);
});

test('f45: nor do several cuts, one after the other', async () => {
  const random = new Random(45);
  for (let round = 0; round < 100; round++) {
    await converse(Array.from({ length: 1 + random.below(4) }, () => random.below(1_500)));
  }
});
