/** Shared state: the rules of the table that Rust replays as well, and optimistic changes. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ApplicationError,
  CallError,
  ownState,
  type SharedState,
  sharedState,
  type SharedStateOptions,
  type Stale,
  type StateVersion,
  type UpdateError,
  type Versioned,
} from '../src/index.js';
import { hasReached, isNews } from '../src/state/version.js';
import { MemoryLogger, rejection } from './support/hub.js';

type Pair = readonly [epoch: number, number: number];
const version = ([epoch, number]: Pair): StateVersion => ({ epoch, number });
const pair = ({ epoch, number }: StateVersion): Pair => [epoch, number];
const table = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../tests/vectors/shared-state/${name}.json`, import.meta.url), 'utf8')) as T;

describe('the tables', () => {
  interface Case {
    readonly name: string;
    readonly steps: readonly { readonly replace?: number; readonly update?: number; readonly from: Pair; readonly now: Pair; readonly stale: boolean }[];
    readonly published: readonly (readonly [Pair, number])[];
  }
  test.each(table<Case[]>('owner'))('owner: $name', ({ steps, published }) => {
    const state = ownState(0, { epoch: 7 });
    const all: (readonly [Pair, number])[] = [];
    state.publishTo(([at, value]) => all.push([pair(at), value]));
    for (const step of steps) {
      const { replace } = step;
      if (replace === undefined) expect(pair(state.update(() => step.update ?? 0))).toEqual(step.now);
      else if (!step.stale) expect(pair(state.replace([version(step.from), replace]))).toEqual(step.now);
      else expect(() => state.replace([version(step.from), replace])).toThrow(ApplicationError);
      expect(pair(state.version)).toEqual(step.now);
    }
    expect(all).toEqual(published);
  });

  test('versions', () => {
    const { news, reached } = table<{
      news: { known: Pair | null; next: Pair; news: boolean }[];
      reached: { at: Pair; base: Pair; now: Pair; reached: boolean }[];
    }>('versions');
    expect(Math.min(news.length, reached.length)).toBeGreaterThan(0);
    for (const each of news) {
      expect(isNews(each.known === null ? undefined : version(each.known), version(each.next)), JSON.stringify(each)).toBe(each.news);
    }
    for (const each of reached) {
      expect(hasReached(version(each.at), version(each.base), version(each.now)), JSON.stringify(each)).toBe(each.reached);
    }
  });
});

describe('an owner', () => {
  test('tells which version a stale change came too late for', () => {
    const state = ownState('a', { epoch: 1 });
    const before = state.version;
    const now = state.update(() => 'b');
    try {
      state.replace([before, 'c']);
      expect.unreachable();
    } catch (error) {
      expect((error as ApplicationError<Stale>).error).toEqual({ now });
    }
  });

  test('tells publishers in order, whoever of them fails, changes the state or comes late', () => {
    const logger = new MemoryLogger();
    const state = ownState(0, { logger });
    const seen: number[][] = [[], [], []];
    state.publishTo(([, value]) => {
      if (value === 1) throw new Error('full');
      if (value === 2) state.update(() => 3);
      if (value === 3) state.publishTo(([, late]) => seen[2]?.push(late));
    });
    const stop = state.publishTo(([, value]) => seen[0]?.push(value));
    state.publishTo(([, value]) => seen[1]?.push(value));
    state.update(() => 1);
    state.update(() => 2);
    stop();
    state.update(() => 4);
    expect(seen).toEqual([[0, 1, 2, 3], [0, 1, 2, 3, 4], [3, 4]]);
    expect(logger.lines.length).toBe(1);
  });

  test('has an epoch of its own', () => {
    const epochs = Array.from({ length: 4 }, () => ownState(0).version.epoch);
    expect(new Set(epochs).size).toBeGreaterThan(1);
  });
});

/** A follower whose messages wait until the test lets them through. */
class Desk<T> {
  readonly sent: { change: Versioned<T>; timeoutMs: number; answer: (now: StateVersion) => void; fail: (error: unknown) => void }[] = [];
  publish!: (state: Versioned<T>) => void;
  end!: (error: unknown) => void;
  left = false;
  readonly state: SharedState<T>;
  readonly seen: (T | undefined)[] = [];

  constructor(options: Partial<SharedStateOptions<T>> = {}) {
    this.state = sharedState<T>({
      subscribe: (listener, { onEnd }) => {
        this.publish = listener;
        this.end = onEnd;
        return () => (this.left = true);
      },
      replace: (change, { timeoutMs, signal }) =>
        new Promise((answer, fail) => {
          this.sent.push({ change, timeoutMs, answer, fail });
          signal.addEventListener('abort', () => fail(new CallError('cancelled', { channel: 'test', message: 'cancelled' })));
        }),
      ...options,
    });
    this.state.onChange(() => this.seen.push(this.state.value));
  }
}

const at = (number: number, epoch = 1): StateVersion => ({ epoch, number });
const stale = (now: StateVersion) => new ApplicationError<Stale>({ now });
const add = (n: number) => (value: number) => value + n;
const times = (n: number) => (value: number) => value * n;
const arrive = () => vi.advanceTimersByTimeAsync(0);

describe('a follower', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('shows a change at once, and keeps showing it until the owner does', async () => {
    const desk = new Desk<number>();
    const { state } = desk;
    expect([state.value, state.version, state.pending]).toEqual([undefined, undefined, false]);
    desk.publish([at(0), 1]);
    const made = state.update(add(4));
    expect([state.value, state.confirmed, state.pending]).toEqual([5, 1, true]);
    expect(desk.sent[0]?.change).toEqual([at(0), 5]);
    desk.sent[0]?.answer(at(1));
    expect(await made).toEqual(at(1));
    expect([state.value, state.confirmed, state.pending]).toEqual([5, 1, true]);
    // What the owner has made of it counts.
    desk.publish([at(1), 6]);
    expect([state.value, state.confirmed, state.version, state.pending]).toEqual([6, 6, at(1), false]);
  });

  test('does not apply a change twice when the value comes before the answer', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 1]);
    const made = desk.state.update(add(1));
    desk.publish([at(1), 2]);
    expect([desk.state.value, desk.state.confirmed]).toEqual([2, 2]);
    desk.sent[0]?.answer(at(1));
    await made;
    expect([desk.state.value, desk.state.pending]).toEqual([2, false]);
    expect(new Set(desk.seen)).toEqual(new Set([1, 2]));
  });

  test('sends one after the other, and gathers those that come meanwhile', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 0]);
    const made = Array.from({ length: 100 }, () => desk.state.update(add(1)));
    expect([desk.state.value, desk.sent.length]).toEqual([100, 1]);
    desk.sent[0]?.answer(at(1));
    await arrive();
    // The answer alone is not enough: the owner may have made something else of the value.
    expect(desk.sent.length).toBe(1);
    desk.publish([at(1), 1]);
    expect(desk.sent.map(({ change }) => change)).toEqual([[at(0), 1], [at(1), 100]]);
    desk.sent[1]?.answer(at(2));
    const versions = await Promise.all(made);
    expect([versions[0], versions[1], versions[99]]).toEqual([at(1), at(2), at(2)]);
  });

  test('makes a change again when others were first', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 1]);
    const made = desk.state.update(add(10));
    const later = desk.state.update(times(2));
    desk.sent[0]?.fail(stale(at(2)));
    await arrive();
    expect([desk.state.value, desk.sent.length]).toEqual([22, 1]);
    // A version that is newer but not that of the answer would be refused again.
    desk.publish([at(1), 5]);
    expect([desk.state.value, desk.sent.length]).toEqual([30, 1]);
    desk.publish([at(2), 7]);
    expect([desk.state.value, desk.sent[1]?.change]).toEqual([34, [at(2), 34]]);
    desk.sent[1]?.answer(at(3));
    expect(await Promise.all([made, later])).toEqual([at(3), at(3)]);
  });

  test('takes back what was refused, and tells why', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 1]);
    const cases: [unknown, UpdateError['outcome']][] = [
      [new ApplicationError('locked'), 'refused'],
      [new CallError('permission_denied', { channel: 'test', message: 'no' }), 'failed'],
      [new CallError('invalid_argument', { channel: 'test', message: 'no' }), 'failed'],
      [new CallError('unavailable', { channel: 'test', message: 'lost' }), 'unknown'],
      [new CallError('unavailable', { channel: 'test', message: 'lost', sent: false }), 'failed'],
      [new CallError('deadline_exceeded', { channel: 'test', message: 'late' }), 'unknown'],
      [new TypeError('anything'), 'unknown'],
    ];
    for (const [cause, outcome] of cases) {
      const made = desk.state.update(add(1));
      expect(desk.state.value).toBe(2);
      desk.sent.at(-1)?.fail(cause);
      expect(await rejection(made)).toMatchObject({ name: 'UpdateError', outcome, cause });
      expect([desk.state.value, desk.state.pending]).toEqual([1, false]);
    }
  });

  test('goes on with what was gathered behind a change that failed', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 1]);
    const first = desk.state.update(add(1));
    const second = desk.state.update(times(10));
    desk.sent[0]?.fail(new CallError('permission_denied', { channel: 'test', message: 'no' }));
    await rejection(first);
    expect([desk.state.value, desk.sent[1]?.change]).toEqual([10, [at(0), 10]]);
    desk.sent[1]?.answer(at(1));
    await second;
  });

  test('leaves out a change that does not fit what the state has become', async () => {
    const desk = new Desk<readonly string[]>();
    const remove = (name: string) => (names: readonly string[]) => {
      if (!names.includes(name)) throw new RangeError(`there is no ${name}`);
      return names.filter((each) => each !== name);
    };
    desk.publish([at(0), ['a', 'b']]);
    expect(await rejection(desk.state.update(remove('c')))).toBeInstanceOf(RangeError);
    const gone = rejection(desk.state.update(remove('a')));
    const good = desk.state.update(remove('b'));
    desk.sent[0]?.fail(stale(at(1)));
    await arrive();
    desk.publish([at(1), ['b', 'd']]);
    expect(await gone).toBeInstanceOf(RangeError);
    expect([desk.state.value, desk.sent[1]?.change]).toEqual([['d'], [at(1), ['d']]]);
    desk.sent[1]?.answer(at(2));
    await good;
  });

  test('gives up within its time, and says whether the change was sent', async () => {
    const desk = new Desk<number>();
    const early = rejection(desk.state.update(add(1), { timeoutMs: 100 }));
    await vi.advanceTimersByTimeAsync(100);
    expect(await early).toMatchObject({ outcome: 'failed', cause: { name: 'TimeoutError' } });

    desk.publish([at(0), 1]);
    const sent = rejection(desk.state.update(add(1), { timeoutMs: 200 }));
    const waiting = rejection(desk.state.update(add(2), { timeoutMs: 100 }));
    const abort = new AbortController();
    const aborted = rejection(desk.state.update(add(4), { signal: abort.signal }));
    expect([desk.state.value, desk.sent[0]?.timeoutMs]).toEqual([8, 200]);
    abort.abort('enough');
    expect(await aborted).toMatchObject({ outcome: 'failed', cause: 'enough' });
    expect(desk.state.value).toBe(4);
    await vi.advanceTimersByTimeAsync(100);
    expect(await waiting).toMatchObject({ outcome: 'failed' });
    await vi.advanceTimersByTimeAsync(100);
    expect(await sent).toMatchObject({ outcome: 'unknown' });
    expect([desk.state.value, desk.state.pending]).toEqual([1, false]);
    // It was made after all.
    desk.publish([at(1), 2]);
    expect(desk.state.value).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('shows a change that was given up and made all the same', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 0]);
    const first = desk.state.update(add(1));
    const kept = desk.state.update(add(10));
    const abort = new AbortController();
    const dropped = rejection(desk.state.update(add(100), { signal: abort.signal }));
    desk.sent[0]?.answer(at(1));
    desk.publish([at(1), 1]);
    await first;
    abort.abort();
    expect(await dropped).toMatchObject({ outcome: 'unknown' });
    expect(desk.state.value).toBe(11);
    desk.sent[1]?.answer(at(2));
    await kept;
    expect([desk.state.value, desk.sent[1]?.change[1]]).toEqual([111, 111]);
  });

  test('knows of what was given up whether it was sent, where its call says so', async () => {
    for (const [sent, outcome] of [[false, 'failed'], [true, 'unknown'], [undefined, 'unknown']] as const) {
      const desk = new Desk<number>({
        replace: (_, { signal }) =>
          new Promise((_, fail) => {
            const cancelled = (): void => fail(new CallError('cancelled', { channel: 'test', message: 'cancelled', sent: sent ?? true }));
            if (sent !== undefined) signal.addEventListener('abort', cancelled);
          }),
      });
      desk.publish([at(0), 1]);
      const made = rejection(desk.state.update(add(1), { timeoutMs: 100 }));
      await vi.advanceTimersByTimeAsync(101);
      expect(await made).toMatchObject({ outcome, cause: { name: 'TimeoutError' } });
      expect([desk.state.value, vi.getTimerCount()]).toEqual([1, 0]);
    }
  });

  test('gives up when others are always first', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 0]);
    const made = rejection(desk.state.update(add(1), { timeoutMs: Number.POSITIVE_INFINITY }));
    for (let turn = 1; desk.state.pending && turn < 1000; turn++) {
      desk.sent.at(-1)?.fail(stale(at(turn)));
      await arrive();
      desk.publish([at(turn), turn]);
      // Tries part by chance, after the first few.
      expect(desk.sent.length > turn || turn >= 3).toBe(true);
      await vi.advanceTimersByTimeAsync(16);
    }
    expect(await made).toMatchObject({ outcome: 'contended' });
    expect([desk.sent.length, desk.state.value]).toEqual([64, 64]);
  });

  test('keeps a bounded number of changes', async () => {
    const desk = new Desk<number>();
    const made = Array.from({ length: 1024 }, () => desk.state.update(add(1)));
    expect(await rejection(desk.state.update(add(1)))).toMatchObject({ outcome: 'failed' });
    desk.publish([at(0), 0]);
    expect(desk.sent[0]?.change).toEqual([at(0), 1024]);
    desk.sent[0]?.answer(at(1));
    await Promise.all(made);
  });

  test('follows an owner that begins anew with lower numbers', async () => {
    const desk = new Desk<number>();
    desk.publish([at(9, 1), 1]);
    const made = desk.state.update(add(1));
    desk.publish([at(0, 2), 100]);
    desk.sent[0]?.fail(stale(at(0, 2)));
    await arrive();
    expect(desk.sent[1]?.change).toEqual([at(0, 2), 101]);
    // Its restart is noticed before it has answered to anybody.
    desk.publish([at(0, 3), 200]);
    desk.sent[1]?.answer(at(1, 2));
    expect(await made).toEqual(at(1, 2));
    expect([desk.state.value, desk.state.version, desk.state.pending]).toEqual([200, at(0, 3), false]);
  });

  test('takes nothing old', () => {
    const desk = new Desk<number>();
    for (const [number, value] of [[3, 3], [3, 4], [2, 5], [4, 6]] as const) desk.publish([at(number), value]);
    expect(desk.seen).toEqual([3, 6]);
  });

  test('tells the end of the subscription to whoever waits', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 1]);
    const sent = desk.state.update(add(1));
    const waiting = rejection(desk.state.update(add(1)));
    const error = new CallError('permission_denied', { channel: 'test', message: 'no more' });
    desk.end(error);
    expect(await waiting).toMatchObject({ outcome: 'failed', cause: error });
    desk.sent[0]?.answer(at(1));
    expect(await sent).toEqual(at(1));
    expect(await rejection(desk.state.update(add(1)))).toMatchObject({ outcome: 'failed', cause: error });
  });

  test('tells nothing after it was closed', async () => {
    const desk = new Desk<number>();
    desk.publish([at(0), 1]);
    const sent = rejection(desk.state.update(add(1)));
    const waiting = rejection(desk.state.update(add(1)));
    desk.state.close();
    expect(await Promise.all([sent, waiting])).toMatchObject([{ outcome: 'unknown' }, { outcome: 'failed' }]);
    desk.publish([at(5), 5]);
    expect([desk.left, desk.state.value, vi.getTimerCount()]).toEqual([true, 1, 0]);
  });

  test('knows a stale change by an error of the application', async () => {
    type Odd = { readonly type: 'locked' } | { readonly type: 'stale'; readonly value: Stale };
    const desk = new Desk<number>({ stale: (error: Odd) => (error.type === 'stale' ? error.value : undefined) });
    desk.publish([at(0), 1]);
    const made = desk.state.update(add(1));
    desk.sent[0]?.fail(new ApplicationError<Odd>({ type: 'stale', value: { now: at(1) } }));
    await arrive();
    desk.publish([at(1), 5]);
    desk.sent[1]?.fail(new ApplicationError<Odd>({ type: 'locked' }));
    expect(await rejection(made)).toMatchObject({ outcome: 'refused' });
  });

  test('a listener that fails disturbs nobody', () => {
    const logger = new MemoryLogger();
    const desk = new Desk<number>({ logger });
    desk.state.onChange(() => {
      throw new Error('odd');
    });
    const seen: unknown[] = [];
    const off = desk.state.onChange(() => seen.push(desk.state.value));
    desk.publish([at(0), 1]);
    off();
    desk.publish([at(1), 2]);
    expect([seen, logger.lines.length]).toEqual([[1], 2]);
  });
});
