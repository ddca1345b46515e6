/** The prebuilt preload scripts: what they use, what they expose, and where. */
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createPortcullis } from '../src/main/index.js';
import { preloadPath } from '../src/main/preload-script.js';
import { fakeElectron } from './support/electron.js';
import { settle } from './support/page.js';
import { application } from './support/setup.js';

interface Posted {
  readonly channel: string;
  readonly message: unknown;
  readonly ports: readonly unknown[];
}

/** Runs a bundle as a sandboxed preload is run: with a `require` that knows `electron`, and a document. */
function run(frames: boolean, isTop: boolean) {
  const exposed: Record<string, any> = {};
  const toMain: Posted[] = [];
  const toPage: { message: unknown; origin: string; ports: readonly unknown[] }[] = [];
  const required: string[] = [];
  const scope: Record<string, unknown> = {
    MessageChannel: class {
      port1 = { end: 1 };
      port2 = { end: 2 };
    },
    postMessage: (message: unknown, origin: string, ports: readonly unknown[]) => toPage.push({ message, origin, ports }),
  };
  scope['window'] = scope['self'] = scope;
  scope['top'] = isTop ? scope : {};
  scope['require'] = (name: string) => {
    required.push(name);
    return {
      contextBridge: { exposeInMainWorld: (key: string, api: unknown) => void (exposed[key] = api) },
      ipcRenderer: { postMessage: (channel: string, message: unknown, ports: readonly unknown[]) => toMain.push({ channel, message, ports }) },
    };
  };
  scope['module'] = { exports: {} };
  runInContext(readFileSync(preloadPath(frames), 'utf8'), createContext(scope));
  return { exposed, toMain, toPage, required };
}

const TOKEN = `v1:${'0a'.repeat(16)}:a1.b2`;

test('it exposes exactly one function, and hands one port to each side', () => {
  const { exposed, toMain, toPage, required } = run(false, true);
  expect(required).toEqual(['electron']);
  expect(Object.keys(exposed)).toEqual(['portcullis']);
  expect(Object.keys(exposed['portcullis'])).toEqual(['connect']);
  expect(exposed['portcullis'].connect(TOKEN)).toBeUndefined();
  expect(toMain).toEqual([{ channel: 'portcullis:connect', message: { protocol: 1, preload: 1, hash: 'a1.b2' }, ports: [{ end: 1 }] }]);
  expect(toPage).toEqual([{ message: TOKEN, origin: '*', ports: [{ end: 2 }] }]);
});

test('f43_it_exposes_nothing_in_a_frame_inside_a_page', () => {
  expect(run(false, false).exposed).toEqual({});
  expect(Object.keys(run(true, false).exposed)).toEqual(['portcullis']);
});

test.each([undefined, null, 1, {}, [], '', 'v1', `v1:${'0a'.repeat(15)}:`, `v0:${'0a'.repeat(16)}:`, `${TOKEN}\n`, `${TOKEN}/`, `v1:${'0A'.repeat(16)}:`, `v1:${'0a'.repeat(16)}:${'a'.repeat(65)}`, { toString: () => TOKEN }])(
  'f44_a_token_that_is_none_reaches_nobody: %j',
  (token) => {
    const { exposed, toMain, toPage } = run(false, true);
    expect(() => exposed['portcullis'].connect(token)).toThrow(/different versions/);
    expect([toMain, toPage]).toEqual([[], []]);
  },
);

test('main registers it once for each session, and leaves the preload of a window alone', async () => {
  const { electron, portcullis, attach } = application();
  attach();
  attach();
  const other = fakeElectron().session.defaultSession;
  portcullis.registerPreload(other);
  portcullis.registerPreload(other);
  await Promise.resolve();
  expect(electron.session.defaultSession.scripts).toEqual([{ type: 'frame', filePath: preloadPath(false), id: 'portcullis' }]);
  expect(other.scripts).toHaveLength(1);
});

test('an application that bundles it itself has none registered; a path must be absolute', async () => {
  const { electron, attach } = application({ preload: false });
  attach();
  await Promise.resolve();
  expect(electron.session.defaultSession.scripts).toEqual([]);
  expect(() => application({ preload: 'dist/preload.cjs' })).toThrow(TypeError);
});

test('a second adapter in one application is told that there is one already', async () => {
  const { electron, hub } = application();
  await settle();
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  createPortcullis({ electron, hub, logger: { warn: note, error: note } });
  await settle();
  expect(lines).toEqual([expect.stringContaining('call createPortcullis() once')]);
});

test('a preload that fails is told in the log of main, and others are not its business', () => {
  const { attach, lines } = application();
  const { contents } = attach();
  contents.emit('preload-error', {}, preloadPath(false), new Error('contextBridge API can only be used when contextIsolation is enabled'));
  contents.emit('preload-error', {}, '/app/other.js', new Error('of no interest'));
  expect(lines).toEqual([expect.stringMatching(/contextIsolation is enabled \[fix\]/)]);
});
