/**
 * Ends in every order: the answer, the caller's own cancel, the close of the connection and its loss, and for flows their
 * items, each at once or some microtasks after the one before. All that races on one thread races there (f49).
 */
import { expect, test } from 'vitest';
import { toBytes } from '../src/codec/index.js';
import { CallError, type StatusName } from '../src/index.js';
import { Flows } from './generated/sample-flows.js';
import { Echo } from './generated/sample-echo.js';
import { Topics } from './generated/sample-topics.js';
import { SummaryCodec } from './generated/types.js';
import { bound, type FakeHub, turn } from './support/hub.js';

const [, ticked] = Topics.channels;
const [count] = Flows.channels;
if (!ticked || !count) throw new Error('the sample contract has changed');

/** Microtasks from one step to the next: none, in the middle of how a message travels, and more than it needs. */
const GAPS = [0, 1, 8] as const;
const LONG = 8;
/** The id of the first call behind the bind. */
const FIRST = 0x2_0000;

/** Every order of these, equal ones counted once. */
function orders(steps: readonly string[]): string[][] {
  if (steps.length === 0) return [[]];
  return [...new Set(steps)].flatMap((first) => {
    const rest = [...steps];
    rest.splice(rest.indexOf(first), 1);
    return orders(rest).map((order) => [first, ...order]);
  });
}

/** Takes the steps in that order, and lets everything arrive. */
async function take(order: readonly string[], gap: number, steps: Record<string, () => void>): Promise<void> {
  for (const name of order) {
    steps[name]?.();
    for (let n = 0; n < gap; n++) await undefined;
  }
  await turn();
}

/** Nothing was said about which the hub would end the connection, and nothing logged. */
function isClean({ hub, logger }: { hub: FakeHub; logger: { lines: unknown[] } }): void {
  expect(logger.lines).toEqual([]);
  expect(hub.frames.filter(({ kind }) => kind === 'cancel').length).toBeLessThanOrEqual(1);
  const goodbyes = hub.frames.filter(({ kind }) => kind === 'goodbye');
  expect(goodbyes.map(({ ordinal }) => ordinal)).toEqual(goodbyes.map(() => 0));
}

function statusOf(error: unknown): StatusName {
  expect(error).toBeInstanceOf(CallError);
  return (error as CallError).status;
}

test('f49: a call has one outcome, that of the end that came first', async () => {
  const ends: Record<string, string> = { answer: 'ok', cancel: 'cancelled', close: 'unavailable', lose: 'unavailable' };
  for (const order of orders(['answer', 'cancel', 'cancel', 'close', 'lose'])) {
    for (const gap of GAPS) {
      const started = await bound(Echo);
      const { client, hub, portcullis } = started;
      const controller = new AbortController();
      const outcomes: string[] = [];
      client.nothing({ signal: controller.signal }).then(
        () => outcomes.push('ok'),
        (error: unknown) => outcomes.push(statusOf(error)),
      );
      await take(order, gap, {
        answer: () => hub.end(FIRST, 'ok'),
        cancel: () => controller.abort(),
        close: () => portcullis.close(),
        lose: () => hub.transport.close(),
      });
      const where = `${order.join(', ')} with ${gap} between`;
      expect(outcomes, where).toHaveLength(1);
      // What is done here counts at once, what the hub does when it has come.
      const own = order[0] === 'cancel' || order[0] === 'close';
      if (own || gap === LONG) expect(outcomes, where).toEqual([ends[order[0] as string]]);
      if (order[0] === 'cancel' && gap === LONG) expect(hub.frames.some(({ kind }) => kind === 'cancel'), where).toBe(true);
      isClean(started);
    }
  }
});

test('f49: a call that was cancelled leaves its slot to the next, whose answer is its own', async () => {
  for (const order of orders(['answer', 'cancel', 'cancel', 'other'])) {
    for (const gap of GAPS) {
      const started = await bound(Echo);
      const { client, hub } = started;
      const controller = new AbortController();
      const first = client.nothing({ signal: controller.signal }).result;
      const others: string[] = [];
      await take(order, gap, {
        answer: () => hub.end(FIRST, 'ok'),
        cancel: () => controller.abort(),
        other: () => void client.nothing().then(() => others.push('answered'), () => others.push('failed')),
      });
      await first;
      expect(others, 'it has no answer yet').toEqual([]);
      const open = hub.frames.filter(({ kind, id }) => kind === 'request' && id !== FIRST);
      for (const { id } of open) hub.end(id, 'ok');
      await turn();
      expect(others).toEqual(['answered']);
      void client.nothing().result;
      expect((await hub.next('request')).id & 0xffff, 'a slot is free again').toBeLessThanOrEqual(1);
      isClean(started);
    }
  }
});

test('f49: no value and no end reaches a listener that was taken back, and none comes behind the end', async () => {
  for (const order of [...orders(['value', 'value', 'off', 'end', 'lose']), ...orders(['value', 'off', 'end', 'close', 'lose'])]) {
    for (const gap of GAPS) {
      const started = await bound(Topics);
      const { client, hub, portcullis } = started;
      const told: (number | string)[] = [];
      const off = client.onTicked((value) => told.push(value), { onEnd: (error) => told.push(error?.status ?? 'ok') });
      let ended = false;
      let value = 0;
      let before: number | undefined;
      await take(order, gap, {
        value: () => {
          if (!ended) hub.item(FIRST, ticked.args, [++value]);
        },
        off: () => {
          off();
          before = told.length;
          off();
        },
        end: () => {
          ended = true;
          hub.fail(FIRST, 'permission_denied');
        },
        close: () => portcullis.close(),
        lose: () => hub.transport.close(),
      });
      const where = `${order.join(', ')} with ${gap} between: ${told.join(', ')}`;
      const values = told.filter((each) => typeof each === 'number');
      expect(values, where).toEqual(values.map((_, place) => place + 1));
      expect(told.length - values.length, where).toBeLessThanOrEqual(1);
      // Whoever took it back before the end hears nothing more, whoever did not heard of the end, last of all.
      if (values.length === told.length) expect(told.length, where).toBe(before);
      else expect(typeof told.at(-1), where).toBe('string');
      isClean(started);
    }
  }
});

test('f49: a stream ends once, with its items in order before, and none that was sent behind its cancel', async () => {
  for (const order of [...orders(['item', 'item', 'end', 'cancel', 'lose']), ...orders(['item', 'end', 'cancel', 'close', 'lose'])]) {
    for (const gap of GAPS) {
      const started = await bound(Flows);
      const { client, hub, portcullis } = started;
      const stream = client.count(9, null);
      const seen: number[] = [];
      const ends: string[] = [];
      const reader = (async () => {
        for await (const item of stream) seen.push(item);
      })().then(() => ends.push('ok'), (error: unknown) => ends.push(statusOf(error)));
      const replied = stream.reply.result;
      let ended = false;
      let sent = 0;
      let sentBefore: number | undefined;
      await take(order, gap, {
        item: () => {
          if (!ended) hub.item(FIRST, count.down, sent++);
        },
        end: () => {
          ended = true;
          hub.end(FIRST, 'ok', toBytes(SummaryCodec, { items: sent, sum: 0n }));
        },
        cancel: () => {
          stream.cancel();
          sentBefore = sent;
        },
        close: () => portcullis.close(),
        lose: () => hub.transport.close(),
      });
      await reader;
      const where = `${order.join(', ')} with ${gap} between: ${seen.join(', ')}`;
      expect(ends, where).toHaveLength(1);
      expect(seen, where).toEqual(seen.map((_, place) => place));
      expect(seen.length, where).toBeLessThanOrEqual(sentBefore ?? sent);
      const reply = await replied;
      expect(reply.ok ? 'ok' : reply.error.status, where).toBe(ends[0]);
      isClean(started);
    }
  }
});
