/** The phases of the application, and its end. */
import { EventEmitter } from 'node:events';
import type { Calling, DeliveryReport } from '@portcullis/client';
import { expect, test, vi } from 'vitest';
import type { ApplicationPhase, ApplicationPublisher } from '../src/main/index.js';
import { Reporter } from '../src/main/log.js';
import { Lifecycle, type QuitOptions } from '../src/main/lifecycle.js';
import { fakeElectron } from './support/electron.js';
import { NotingHub } from './support/hub.js';
import { settle, until } from './support/page.js';

const from = (peer: number) => ({
  channel: 'test',
  caller: { peer, label: `window-${peer}`, role: 'editor' },
  signal: new AbortController().signal,
  remainingMs: () => 1_000,
});
const cx = from(1);

function life(options: QuitOptions = {}, missed: DeliveryReport['missed'] = []) {
  const { app } = fakeElectron();
  const power = new EventEmitter();
  const hub = new NotingHub();
  const lines: string[] = [];
  const note = (...line: unknown[]) => void lines.push(line.join(' '));
  const logger = { warn: note, error: note };
  const phases: ApplicationPhase[] = [];
  const reported: number[] = [];
  const lifecycle = new Lifecycle(app, power, hub, options, logger, new Reporter(logger, undefined));
  lifecycle.publisher = {
    phase: (phase) => void phases.push(phase),
    phaseReported: (phase, withinMs) => {
      phases.push(phase);
      reported.push(withinMs);
      return { result: Promise.resolve({ ok: true, value: { delivered: [], missed } }) } as unknown as Calling<DeliveryReport>;
    },
  } satisfies ApplicationPublisher;
  return { app, power, hub, lines, phases, reported, lifecycle };
}

test('sleep and waking are phases, and nothing follows the end', async () => {
  const { power, phases, lifecycle } = life({ graceMs: 10 });
  lifecycle.enter({ type: 'ready' });
  power.emit('suspend');
  power.emit('resume');
  await lifecycle.quit();
  lifecycle.enter({ type: 'ready' });
  expect(phases.map(({ type }) => type)).toEqual(['ready', 'suspending', 'resumed', 'quitting']);
});

test('quitting tells the peers with a report, lets the hub drain, and then quits, once', async () => {
  const { app, hub, phases, reported, lines } = life({ graceMs: 2_500 }, [{ peer: 3, label: 'viewer', why: 'timedOut' }]);
  app.quit();
  app.quit();
  expect(app.exited).toBe(false);
  await until(() => app.exited);
  await settle();
  expect(phases).toEqual([{ type: 'quitting', graceMs: 2_500 }]);
  expect(reported).toEqual([1_000]);
  expect(hub.shutdowns).toHaveLength(1);
  expect(hub.shutdowns[0]).toBeLessThanOrEqual(2_500);
  expect(lines.join()).toContain('viewer (timedOut)');
  // Twice by the test, once by the lifecycle.
  expect(app.quits).toBe(3);
  expect(app.listenerCount('before-quit')).toBe(0);
});

test('a hold is waited for, and let go of', async () => {
  const { app, lifecycle, hub, lines } = life({ graceMs: 60_000_000 });
  await lifecycle.handlers.hold('a document', cx);
  await lifecycle.handlers.hold('the same document', cx);
  await lifecycle.handlers.hold('another', from(2));
  const quit = lifecycle.quit();
  await settle();
  await lifecycle.handlers.release(cx);
  await lifecycle.handlers.release(cx);
  await settle();
  expect([hub.shutdowns, app.exited]).toEqual([[], false]);
  await lifecycle.handlers.release(from(2));
  await quit;
  expect([hub.shutdowns.length, app.exited, lines]).toEqual([1, true, []]);
});

test('a hold that is never let go of ends with the grace, and is named', async () => {
  const { app, lifecycle, lines } = life({ graceMs: 20 });
  await lifecycle.handlers.hold('for ever', cx);
  await lifecycle.quit();
  expect(app.exited).toBe(true);
  expect(lines).toEqual(['portcullis: the end no longer waits for: for ever']);
});

test('whoever holds the end and is gone is not waited for', async () => {
  const { app, lifecycle } = life({ graceMs: 60_000_000 });
  await lifecycle.handlers.hold('unsaved work', cx);
  await lifecycle.handlers.hold('more of it', from(2));
  const quit = lifecycle.quit();
  await settle();
  lifecycle.left(2);
  await settle();
  expect(app.exited).toBe(false);
  lifecycle.left(1);
  await quit;
  expect(app.exited).toBe(true);
});

test('more releases than holds are nothing, and a late hold is refused', async () => {
  const { lifecycle } = life({ graceMs: 1 });
  await lifecycle.handlers.release(cx);
  await lifecycle.handlers.hold('a', cx);
  await lifecycle.handlers.release(cx);
  await lifecycle.quit();
  expect(() => lifecycle.handlers.hold('late', cx)).toThrow(expect.objectContaining({ error: { type: 'quitting' } }));
});

test('main may say no, to Electron and to a peer, and nothing is begun then', async () => {
  let why: string | undefined = 'a recording runs';
  const { app, lifecycle, phases, hub } = life({ graceMs: 1, mayQuit: () => why });
  app.quit();
  await settle();
  await expect(lifecycle.handlers.quit(cx)).rejects.toMatchObject({ error: { type: 'refused', reason: 'a recording runs' } });
  expect([app.exited, phases, hub.shutdowns]).toEqual([false, [], []]);
  why = undefined;
  await lifecycle.handlers.quit(cx);
  await until(() => app.exited);
  await expect(lifecycle.handlers.quit(cx)).rejects.toMatchObject({ error: { type: 'quitting' } });
});

test('a question that throws keeps nobody from quitting, and is asked once at a time', async () => {
  const mayQuit = vi.fn(async () => {
    throw new Error('of the application');
  });
  const { app, lines } = life({ graceMs: 1, mayQuit });
  app.quit();
  app.quit();
  await until(() => app.exited);
  expect(mayQuit).toHaveBeenCalledOnce();
  expect(lines.join()).toContain('of the application');
});

test('when another listener keeps the application from quitting, nothing is begun', async () => {
  const { app, phases } = life();
  app.prependListener('before-quit', (event: { preventDefault(): void }) => event.preventDefault());
  app.quit();
  await settle();
  expect(phases).toEqual([]);
});

test('a hub that fails to shut down does not keep the application', async () => {
  const { app, hub, lines, lifecycle } = life({ graceMs: 1 });
  hub.shutdown = () => Promise.reject(new Error('of the hub'));
  await lifecycle.quit();
  expect(app.exited).toBe(true);
  expect(lines.join()).toContain('of the hub');
});

test('an application that quits by itself is left alone', async () => {
  const { app } = life({ onBeforeQuit: false });
  app.quit();
  expect(app.exited).toBe(true);
});
