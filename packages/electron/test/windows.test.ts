/** The registry of windows over Electron's windows. */
import { expect, test } from 'vitest';
import type { KindConfig, OpenOptions, WindowInfo, WindowList } from '../src/main/index.js';
import type { FakeElectron, FakeWindow } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { application } from './support/setup.js';

const cx = { channel: 'test', signal: new AbortController().signal, remainingMs: () => 1_000 };
const PLAIN: OpenOptions = { argument: null, background: null };

function registry(kind: Partial<KindConfig> = {}, more: { readonly [name: string]: KindConfig } = {}) {
  let electron: FakeElectron | undefined;
  const made: FakeWindow[] = [];
  const create = () => {
    const window = (electron as FakeElectron).window();
    made.push(window);
    return window;
  };
  const all = application({ kinds: { viewer: { role: 'viewer', create, ...kind }, ...more } });
  electron = all.electron;
  const { windows } = all.portcullis;
  const told: string[] = [];
  const states: WindowList[] = [];
  windows.onEvent((window, event) => void told.push(`${event} ${window.label}`));
  windows.publishTo(new Proxy({}, { get: (_of, name) => (value: WindowList) => void (name === 'windows' && states.push(value)) }) as never);
  const info = (label: string) => windows.list().windows.find((window) => window.label === label) as WindowInfo;
  return { ...all, windows, made, told, states, info };
}

test('a peer opens a window of a declared kind, which is attached and told of', async () => {
  const { windows, made, told, info, electron, hub } = registry({ user: 'viewers' });
  const opened = await windows.handlers.open('viewer', { argument: 'left', background: true }, cx);
  expect(opened).toMatchObject({ label: 'viewer-1', kind: 'viewer', role: 'viewer', phase: 'open', connected: false });
  expect(told).toEqual(['opened viewer-1']);
  const document = new Page(electron, made[0]!.webContents);
  document.connect();
  await until(() => info('viewer-1').connected);
  expect(hub.noted[0]?.admission).toEqual({ label: 'viewer-1', role: 'viewer', user: 'viewers', kind: 'page' });
  made[0]!.webContents.navigate();
  expect(info('viewer-1').connected).toBe(false);
});

test('the function of its kind gets what the peer asked for, and loads once it is attached', async () => {
  const requests: unknown[] = [];
  const { windows, electron } = registry({ load: (window: FakeWindow, request) => void requests.push([window.webContents.openHandler !== undefined, request]) });
  void electron;
  await windows.handlers.open('viewer', { argument: 'left', background: true }, cx);
  expect(requests).toEqual([[true, { kind: 'viewer', label: 'viewer-1', argument: 'left', background: true }]]);
});

test.each(['__proto__', 'constructor', 'toString', 'nobody'])('f44_a_kind_that_is_not_declared_is_unknown: %s', async (kind) => {
  const { windows, made } = registry();
  await expect(windows.handlers.open(kind, PLAIN, cx)).rejects.toMatchObject({ error: { type: 'unknownKind', kind } });
  expect(made).toEqual([]);
});

test('there are no more windows than there may be', async () => {
  const { windows, made } = registry({ windowsMax: 2 });
  await windows.open('viewer');
  await windows.open('viewer');
  await expect(windows.handlers.open('viewer', PLAIN, cx)).rejects.toMatchObject({ error: { type: 'tooMany', windowsMax: 2 } });
  made[0]!.close();
  const { info } = await windows.open('viewer');
  expect(info.label).toBe('viewer-3');
});

test('the bound holds for windows that are still being made', async () => {
  let make: (window: FakeWindow) => void = () => {};
  const { windows, electron } = registry({ windowsMax: 1, create: () => new Promise((resolve) => void (make = resolve)) });
  const first = windows.open('viewer');
  await expect(windows.open('viewer')).rejects.toMatchObject({ error: { type: 'tooMany' } });
  await expect(async () => windows.handlers.focus('viewer', cx)).rejects.toMatchObject({ error: { type: 'failed' } });
  make(electron.window());
  expect((await first).info.label).toBe('viewer');
});

test('what happens to a window is told, and stands in the state', async () => {
  const { windows, made, told, info, states } = registry();
  await windows.open('viewer');
  const window = made[0]!;
  window.focus();
  window.emit('blur');
  window.hide();
  window.hide();
  window.show();
  window.emit('unresponsive');
  expect(info('viewer-1').unresponsive).toBe(true);
  window.emit('responsive');
  window.webContents.navigate();
  window.webContents.navigate();
  window.webContents.crash();
  expect(info('viewer-1')).toMatchObject({ phase: 'crashed', problem: expect.stringContaining('killed'), reloads: 1 });
  window.webContents.navigate();
  expect(info('viewer-1')).toMatchObject({ phase: 'open', problem: null, reloads: 2 });
  window.emit('page-title-updated', {}, `Left ${'ü'.repeat(200)}`);
  expect(new TextEncoder().encode(info('viewer-1').title ?? '').length).toBeLessThanOrEqual(256);
  window.close();
  window.emit('closed');
  expect(told.map((line) => line.split(' ')[0])).toEqual(['opened', 'focused', 'hidden', 'shown', 'unresponsive', 'responsive', 'reloaded', 'crashed', 'reloaded', 'closed']);
  await until(() => states.at(-1)?.windows.length === 0);
  // What changes in one turn, or shortly after it, is one value.
  expect(states.length).toBeLessThan(6);
});

test('closing may be vetoed by the page, which goes on then', async () => {
  const { windows, made, info } = registry();
  await windows.open('viewer');
  made[0]!.vetoes = true;
  await windows.handlers.close('viewer-1', cx);
  expect(info('viewer-1').phase).toBe('open');
  made[0]!.vetoes = false;
  await windows.handlers.close('viewer-1', cx);
  expect(windows.list().windows).toEqual([]);
  expect(() => windows.handlers.close('viewer-1', cx)).toThrow(expect.objectContaining({ error: { type: 'noSuchWindow', label: 'viewer-1' } }));
});

test('focus brings a hidden window to the front', async () => {
  const { windows, made } = registry();
  await windows.open('viewer');
  made[0]!.hide();
  await windows.handlers.focus('viewer-1', cx);
  expect([made[0]!.visible, made[0]!.focusedNow]).toEqual([true, true]);
});

test('a kind may keep opening, closing and focusing to main', async () => {
  const { windows } = registry({ opens: false, closes: false, focuses: false });
  await expect(windows.handlers.open('viewer', PLAIN, cx)).rejects.toMatchObject({ error: { type: 'refused' } });
  await windows.open('viewer');
  for (const action of ['close', 'focus'] as const) {
    expect(() => windows.handlers[action]('viewer-1', cx)).toThrow(expect.objectContaining({ error: expect.objectContaining({ type: 'refused' }) }));
  }
  expect(await windows.handlers.list(cx)).toMatchObject({ kinds: [{ name: 'viewer', opens: false, closes: false, focuses: false }] });
});

test('a window that cannot be made leaves nothing, and says why in main only', async () => {
  const { windows, lines, states, told } = registry({ create: () => Promise.reject(new Error('secret path')) });
  await expect(windows.handlers.open('viewer', PLAIN, cx)).rejects.toMatchObject({ error: { type: 'failed', reason: expect.not.stringContaining('secret') } });
  expect(lines.join()).toContain('secret path');
  await until(() => states.at(-1)?.windows.length === 0);
  expect(told).toEqual([]);
});

test('a window that cannot be attached is closed', async () => {
  const { windows, made, told } = registry({ origins: ['no origin'] });
  await expect(windows.open('viewer')).rejects.toMatchObject({ error: { type: 'failed' } });
  expect(made.map((window) => window.isDestroyed())).toEqual([true]);
  expect([told, windows.list().windows]).toEqual([[], []]);
});

test('a page that does not load is in the log', async () => {
  const { windows, lines } = registry({ load: () => Promise.reject(new Error('ERR_FILE_NOT_FOUND')) });
  await windows.open('viewer');
  await settle();
  expect(lines.join()).toContain('ERR_FILE_NOT_FOUND');
});

test('a window that the application made is adopted; its label is its own', async () => {
  const { windows, electron, told } = registry();
  const window = electron.window();
  window.visible = false;
  windows.adopt(window, 'splash', { label: 'splash', role: 'viewer' });
  expect(told).toEqual([]);
  window.show();
  expect(told).toEqual(['opened splash']);
  expect(windows.get('splash')).toBe(window);
  expect(() => windows.adopt(electron.window(), 'splash', { label: 'splash', role: 'viewer' })).toThrow(/already/);
  expect(() => windows.adopt(electron.window(), 'splash', { label: 'other', role: 'viewer', origins: ['x'] })).toThrow(TypeError);
  expect(windows.list().windows.map(({ label }) => label)).toEqual(['splash']);
});

test.each([
  [{ windowsMax: 0 }],
  [{ windowsMax: 257 }],
  [{ windowsMax: 1.5 }],
])('a kind that the contract does not allow is refused at the start: %j', (kind) => {
  expect(() => registry(kind)).toThrow(RangeError);
});

test('so are names of kinds that are none, and too many of them', () => {
  const kind = { role: 'viewer', create: () => { throw new Error('never'); } };
  expect(() => registry({}, { 'a b': kind })).toThrow(RangeError);
  expect(() => registry({}, Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`k${at}`, kind])))).toThrow(RangeError);
});
