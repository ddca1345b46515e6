/** What peers bring about in main, again and again: what people notice, what others are told, what stands in the log, what goes wrong. */
import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { Application, type AdapterEvent, type ApplicationHandlers, Windows, type WindowError, type WindowList } from '../src/main/index.js';
import { LEGACY_CALLS_MAX } from '../src/main/bridge.js';
import { Lifecycle } from '../src/main/lifecycle.js';
import { Reporter } from '../src/main/log.js';
import { LIST_PAUSE_MS, OPENS_BURST } from '../src/main/windows/registry.js';
import { fakeElectron, type FakeElectron, FakeUtility } from './support/electron.js';
import { NotingHub } from './support/hub.js';
import { Page, settle, until } from './support/page.js';
import { realApplication } from './support/real.js';
import { application } from './support/setup.js';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const made of open.splice(0)) made.close();
  vi.useRealTimers();
});

const cx = (label: string, peer = 1) => ({
  channel: 'test', caller: { peer, label, role: 'viewer' }, signal: new AbortController().signal, remainingMs: () => 1_000,
});
const refused = expect.objectContaining({ error: expect.objectContaining({ type: 'refused' }) }) as { error: WindowError };

function kinds(create: (electron: FakeElectron) => any = (electron) => electron.window()) {
  let electron: FakeElectron | undefined;
  const all = application({ kinds: { doc: { role: 'viewer', create: () => create(electron as FakeElectron) } } });
  electron = all.electron;
  return all;
}

test('a peer that focuses in a loop takes the keyboard once a second, by whichever connection', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { windows } = kinds().portcullis;
  const { window } = await windows.open('doc');
  const focus = vi.spyOn(window, 'focus');
  await windows.handlers.focus('doc-1', cx('bad'));
  for (let n = 2; n < 20; n++) expect(() => windows.handlers.focus('doc-1', cx('bad', n))).toThrow(refused as never);
  // Others and main are not held up, and it is not for ever.
  await windows.handlers.focus('doc-1', cx('good'));
  expect(focus).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1_000);
  await windows.handlers.focus('doc-1', cx('bad'));
  expect(focus).toHaveBeenCalledTimes(3);
});

test('a peer opens some windows at once, and then one a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { windows } = kinds().portcullis;
  const openOne = (label: string) => windows.handlers.open('doc', { argument: null, background: null }, cx(label));
  const close = () => {
    for (const { label } of windows.list().windows) windows.get(label)?.close();
  };
  for (let n = 0; n < OPENS_BURST; n++) await openOne('bad');
  close();
  await expect(openOne('bad')).rejects.toEqual(refused);
  await openOne('good');
  await windows.open('doc');
  vi.advanceTimersByTime(1_000);
  await openOne('bad');
  await expect(openOne('bad')).rejects.toEqual(refused);
});

test('windows that cannot be opened, pages that are not loaded and listeners that throw do not fill the log (f06)', async () => {
  const { portcullis, lines } = kinds(() => {
    throw new Error('no such document');
  });
  for (let n = 0; n < 200; n++) await expect(portcullis.windows.open('doc')).rejects.toThrow();
  // 32, and that there are more.
  expect(lines.length).toBe(33);
  const other = kinds();
  other.portcullis.windows.onEvent(() => {
    throw new Error('of the application');
  });
  const { window } = await other.portcullis.windows.open('doc');
  for (let n = 0; n < 200; n++) (window as unknown as EventEmitter).emit('unresponsive');
  expect(other.lines.length).toBe(33);
});

test('what of the application throws on every event of a page does not fill the log (f06)', () => {
  const { electron, attach, lines } = application({
    onEvent: () => {
      throw new Error('of the application');
    },
  });
  const { contents } = attach();
  for (let n = 0; n < 200; n++) electron.ipcMain.emit('portcullis:connect', { sender: contents, senderFrame: null, ports: [] }, {});
  expect(lines.length).toBe(66);
});

test('a page that connects and leaves in a loop is told of now and then, and how it is at last', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { electron, portcullis, hub } = application();
  const { windows } = portcullis;
  const states: WindowList[] = [];
  windows.publishTo(new Proxy({}, { get: (_of, name) => (list: WindowList) => void (name === 'windows' && states.push(list)) }) as never);
  const window = electron.window();
  windows.adopt(window, 'doc', { label: 'doc', role: 'viewer' });
  await settle();
  vi.advanceTimersByTime(2 * LIST_PAUSE_MS);
  states.length = 0;
  for (let n = 0; n < 30; n++) {
    const page = new Page(electron, window.webContents);
    page.connect();
    await until(() => windows.list().windows[0]?.connected === true);
    if (n < 29) hub.noted.at(-1)?.port.closed({ reason: 'closed', message: '', byPeer: true });
  }
  expect(states.length).toBe(1);
  vi.advanceTimersByTime(LIST_PAUSE_MS);
  expect(states.map(({ windows }) => windows[0]?.connected)).toEqual([true, true]);
  vi.advanceTimersByTime(10 * LIST_PAUSE_MS);
  expect(states.length).toBe(2);
});

test('f24_holds_whose_peers_are_gone_leave_room_for_others', () => {
  const { app } = fakeElectron();
  const here = [7];
  const hub = Object.assign(new NotingHub(), { peers: () => here.map((peer) => ({ peer, kind: 'page' as const })) });
  const logger = { warn: () => {}, error: () => {} };
  const lifecycle = new Lifecycle(app, new EventEmitter(), hub, {}, logger, new Reporter(logger, undefined));
  const { hold }: ApplicationHandlers = lifecycle.handlers;
  for (let peer = 100; peer < 100 + 4_096; peer++) void hold('x', cx('bad', peer));
  expect(() => hold('unsaved work', cx('good', 7))).not.toThrow();
  here.push(...Array.from({ length: 4_095 }, (_, at) => 100 + at));
  for (const peer of here.slice(1)) void hold('x', cx('bad', peer));
  expect(() => hold('one too many', cx('good', 9_999))).toThrow(expect.objectContaining({ error: expect.objectContaining({ type: 'refused' }) }));
});

test('old channels: one window has so many calls under way, and others have theirs', async () => {
  const { electron, attach, portcullis } = application();
  const { contents } = attach();
  const letGo: (() => void)[] = [];
  const end = portcullis.legacyHandle('old', { roles: ['viewer'], argumentCount: 0 }, () => new Promise<void>((resolve) => void letGo.push(resolve)));
  portcullis.legacyHandle('older', { roles: ['viewer'], argumentCount: 0 }, () => 'done');
  const calls = Array.from({ length: LEGACY_CALLS_MAX }, () => electron.ipcMain.invoke(contents, 'old'));
  await expect(electron.ipcMain.invoke(contents, 'older')).rejects.toThrow(/resource_exhausted/);
  expect(await electron.ipcMain.invoke(attach().contents, 'older')).toBe('done');
  for (const go of letGo) go();
  await Promise.all(calls);
  expect(await electron.ipcMain.invoke(contents, 'older')).toBe('done');
  end();
});

test('what throws where nobody stands below ends one peer, and not main', async () => {
  const { electron, attach, hub, events } = application();
  const { contents } = attach();
  const port = Object.assign(new EventEmitter(), { start: () => {}, postMessage: () => {}, close: () => {} });
  electron.ipcMain.emit('portcullis:connect', { sender: contents, senderFrame: contents.frame, ports: [port] }, { protocol: 1, hash: '' });
  const trap = new Proxy({}, {
    getPrototypeOf: () => {
      throw new Error('trap');
    },
  });
  expect(() => port.emit('message', { data: trap, ports: [] })).not.toThrow();
  expect(events.at(-1)).toMatchObject({ type: 'ended', end: { by: 'refused' } });
  // And a hub that is gone.
  const other = attach().contents;
  new Page(electron, other).connect();
  await until(() => hub.noted.length === 1);
  const [peer] = hub.noted;
  if (peer !== undefined) {
    peer.lost = () => {
      throw new Error('the hub is gone');
    };
  }
  expect(() => other.crash()).not.toThrow();
  expect(events.at(-1)).toMatchObject({ type: 'ended', end: { by: 'crash' } });
});

test('a process that cannot be attached is one that could not be started', async () => {
  const { portcullis, events } = application();
  const forks: FakeUtility[] = [];
  const fork = () => {
    const child = new FakeUtility();
    if (forks.push(child) > 1) {
      child.postMessage = () => {
        throw new Error('its channel is closed');
      };
    }
    return child;
  };
  const kept = portcullis.superviseUtility({ label: 'codec', role: 'viewer', fork, policy: { initialMs: 0, restarts: 2 } });
  forks[0]?.exit(1);
  expect(await kept.ended).toMatchObject({ reason: 'not_started', error: expect.objectContaining({ message: 'its channel is closed' }) });
  expect([forks.length, kept.phase, forks.map(({ asked }) => asked)]).toEqual([3, 'gave_up', [0, 1, 1]]);
  const told = events.flatMap((event: AdapterEvent) => (event.type === 'supervised' ? [event.what.type] : []));
  expect(told.at(-1)).toBe('gave_up');
});

test('toggling, focusing and holding go through the real hub by what callers are told of', async () => {
  const app = realApplication();
  open.push(app.portcullis);
  await app.portcullis.ready;
  app.portcullis.windows.adopt(app.electron.window(), 'doc', { label: 'doc', role: 'viewer' });
  const [bad, good] = [app.open('bad').portcullis, app.open('good').portcullis];
  const windows = await bad.bind(Windows);
  await windows.focus('doc');
  expect(await windows.focus('doc').result).toMatchObject({ ok: false, error: { error: { type: 'refused' } } });
  expect((await (await good.bind(Windows)).focus('doc').result).ok).toBe(true);
  expect((await (await good.bind(Application)).hold('x').result).ok).toBe(true);
});
