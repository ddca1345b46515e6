/** Utility processes that are kept running: by the rules that Rust has, over the `exit` event. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Ending, type RestartPolicy, Restarts } from '../src/main/supervisor/policy.js';
import { SupervisedUtility, type SupervisedOptions, type SupervisorEvent } from '../src/main/supervisor/process.js';
import type { PeerWatcher } from '../src/main/utility.js';
import { FakeUtility } from './support/electron.js';
import { until } from './support/page.js';
import { application } from './support/setup.js';
import { connectUtility, type ParentPortParts } from '../src/utility/index.js';

interface Case {
  readonly name: string;
  readonly policy: RestartPolicy;
  readonly steps: readonly {
    readonly atMs: number;
    readonly readyMs: number;
    readonly ending: Ending;
    readonly roll: number;
    readonly then: 'restart' | 'rest' | 'give_up';
    readonly afterMs?: number;
  }[];
}

const cases = JSON.parse(readFileSync(new URL('../../../tests/vectors/supervisor/restarts.json', import.meta.url), 'utf8')) as Case[];

test.each(cases)('the table of cases holds: $name', ({ policy, steps }) => {
  const restarts = new Restarts(policy);
  for (const { atMs, readyMs, ending, roll, then, afterMs } of steps) {
    expect(restarts.ended(atMs, readyMs, ending, roll)).toEqual(then === 'restart' ? { then, afterMs } : { then });
  }
});

/** A process in a world of its own, whose parts note what is done to them. */
function supervised(options: Partial<SupervisedOptions> = {}) {
  const children: FakeUtility[] = [];
  const watchers: PeerWatcher[] = [];
  const events: SupervisorEvent[] = [];
  const kills: number[] = [];
  const told: string[] = [];
  const world = { quitting: false };
  const process = new SupervisedUtility(
    {
      label: 'worker',
      role: 'worker',
      fork: () => {
        const child = new FakeUtility();
        children.push(child);
        return child;
      },
      policy: { jitterPercent: 0 },
      ...options,
    },
    {
      attach: (_, watcher) => {
        watchers.push(watcher);
        return { peer: children.length, revoke: () => told.push('revoked'), leave: () => told.push('going_away') };
      },
      tell: (event) => void events.push(event),
      isQuitting: () => world.quitting,
      kill: (pid) => void kills.push(pid),
      roll: () => 0,
    },
  );
  const types = () => events.map(({ type }) => type);
  return { process, children, watchers, events, kills, told, world, types };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('one that has exited comes back after its wait, as another process', () => {
  const { process, children, watchers, types, events } = supervised();
  watchers[0]?.connected(1);
  expect(process.phase).toBe('ready');
  children[0]?.exit(1);
  expect(process.phase).toBe('waiting');
  vi.advanceTimersByTime(99);
  expect(children).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(children).toHaveLength(2);
  watchers[1]?.connected(2);
  expect(types()).toEqual(['started', 'ready', 'exited', 'restarting', 'started', 'ready']);
  expect(events[3]).toEqual({ type: 'restarting', afterMs: 100, restarts: 1 });
  expect([process.restarts, children[0]?.listenerCount('exit')]).toEqual([1, 0]);
});

test('a crash loop is given up with its reason', async () => {
  const { process, children, events } = supervised({ policy: { jitterPercent: 0, restarts: 2 } });
  for (let turn = 0; turn < 3; turn += 1) {
    children.at(-1)?.exit(7);
    vi.advanceTimersByTime(5_000);
  }
  const exit = { reason: 'code', code: 7, end: undefined };
  expect(events.at(-1)).toEqual({ type: 'gave_up', exit, restarts: 2 });
  expect([children.length, process.phase]).toEqual([3, 'gave_up']);
  expect(await process.ended).toEqual(exit);
  expect(await process.stop()).toEqual(exit);
  expect(process.kill()).toBe(false);
});

test('a fork that throws is a start that failed', () => {
  const error = new Error('no such file');
  const { process, events } = supervised({
    fork: () => {
      throw error;
    },
    policy: { restarts: 1, jitterPercent: 0 },
  });
  vi.advanceTimersByTime(100);
  expect(events.map(({ type }) => type)).toEqual(['exited', 'restarting', 'exited', 'gave_up']);
  expect(process.exit).toEqual({ reason: 'not_started', error });
});

test('one that does not connect in time is killed for it', () => {
  const { process, children, kills } = supervised({ readyWithinMs: 500 });
  vi.advanceTimersByTime(500);
  expect(kills).toEqual([4711]);
  children[0]?.exit(137);
  expect(process.exit).toMatchObject({ reason: 'killed', why: 'not_ready', code: 137 });
});

test('one that stays when its connection has ended is asked, and then killed', () => {
  const { process, children, watchers, kills } = supervised();
  watchers[0]?.connected(1);
  watchers[0]?.ended({ by: 'page', reason: 'closed', message: '' });
  vi.advanceTimersByTime(1_000);
  expect([children[0]?.asked, kills]).toEqual([1, []]);
  vi.advanceTimersByTime(1_000);
  expect(kills).toEqual([4711]);
  children[0]?.exit(137);
  expect(process.exit).toMatchObject({ reason: 'killed', why: 'staying' });
});

test('one that broke the protocol is killed at once', () => {
  const { watchers, kills } = supervised();
  watchers[0]?.connected(1);
  watchers[0]?.ended({ by: 'refused', reason: 'malformed_frame', message: '' });
  expect(kills).toEqual([4711]);
});

test('one of another contract is given up at once, and one whose grant was taken back rests', () => {
  for (const [reason, phase] of [['contract_mismatch', 'gave_up'], ['revoked', 'ended']] as const) {
    const { process, children, watchers } = supervised();
    watchers[0]?.ended({ by: 'hub', reason, message: '' });
    children[0]?.exit(1);
    expect(process.phase).toBe(phase);
  }
});

test('stopping tells, asks and kills, in this order and within a bound', async () => {
  const { process, children, watchers, kills, told } = supervised({ leaveMs: 200 });
  watchers[0]?.connected(1);
  const stopped = process.stop();
  expect([told, process.phase]).toEqual([['going_away'], 'stopping']);
  vi.advanceTimersByTime(200);
  expect([children[0]?.asked, kills]).toEqual([1, []]);
  vi.advanceTimersByTime(200);
  expect(kills).toEqual([4711]);
  children[0]?.exit(137);
  expect(await stopped).toMatchObject({ reason: 'killed', why: 'not_stopping' });
  expect([process.phase, vi.getTimerCount()]).toEqual(['ended', 0]);
});

test('one that is stopped while it waits is not started again', async () => {
  const { process, children } = supervised();
  children[0]?.exit(1);
  expect(await process.stop()).toMatchObject({ reason: 'code', code: 1 });
  vi.advanceTimersByTime(60_000);
  expect([children.length, vi.getTimerCount()]).toEqual([1, 0]);
});

test('nothing is started again while the application quits', () => {
  const { process, children, world } = supervised();
  children[0]?.exit(1);
  world.quitting = true;
  vi.advanceTimersByTime(60_000);
  expect([children.length, process.phase]).toEqual([1, 'ended']);
});

test('a killed one comes back, and main is told why it went', () => {
  const { process, children, watchers, kills } = supervised();
  watchers[0]?.connected(1);
  expect(process.kill()).toBe(true);
  expect(kills).toEqual([4711]);
  children[0]?.exit(137);
  expect(process.exit).toMatchObject({ reason: 'killed', why: 'asked' });
  vi.advanceTimersByTime(100);
  expect(children).toHaveLength(2);
});

test('in an application: each process becomes a peer of its own, and events name it', async () => {
  vi.useRealTimers();
  const { portcullis, hub, events, lines } = application();
  const children: FakeUtility[] = [];
  const fork = () => {
    const child = new FakeUtility();
    children.push(child);
    connectUtility({ parentPort: child.parentPort as unknown as ParentPortParts, logger: { error: () => {} } });
    return child;
  };
  const worker = portcullis.superviseUtility({ label: 'worker', role: 'worker', fork, policy: { initialMs: 0 } });
  await until(() => worker.phase === 'ready');
  expect(hub.noted[0]?.admission).toMatchObject({ label: 'worker', role: 'worker', kind: 'page' });
  children[0]?.exit(3);
  expect(hub.noted[0]?.losses).toEqual(['the process exited with 3']);
  await until(() => worker.phase === 'ready' && children.length === 2);
  expect(worker.peer).toBe(2);
  expect(lines.filter((line) => line.includes('exited with code 3'))).toHaveLength(1);
  expect(events.filter(({ type }) => type === 'supervised')).toHaveLength(6);
  const stopped = worker.stop();
  children[1]?.exit(0);
  expect(await stopped).toMatchObject({ reason: 'code', code: 0 });
  expect(hub.noted[1]?.closes).toEqual(['going_away']);
  expect(children).toHaveLength(2);
});
