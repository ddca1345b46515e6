/** What a renderer that was taken over does to main with Electron's own messages, and what the log of main says of it. */
import { afterEach, expect, test, vi } from 'vitest';
import { FRAMES_MAX } from '../src/main/contents.js';
import { preloadPath } from '../src/main/preload-script.js';
import { LIST_PAUSE_MS } from '../src/main/windows/registry.js';
import { TITLE_PAUSE_MS } from '../src/main/windows/tracked.js';
import { FakeFrame, FakePort, type FakeWindow } from './support/electron.js';
import { Page, until } from './support/page.js';
import { realApplication } from './support/real.js';
import { application } from './support/setup.js';

afterEach(() => void vi.useRealTimers());

const FORGED = 'gone\nportcullis: all is well \u001b[31m\u2028';

test('f44_a_request_by_send_carries_no_ports_and_is_refused_like_any_other', () => {
  const { electron, attach, lines, refusals } = application();
  const { contents } = attach();
  // `ipcRenderer.send` and `sendSync`: Electron sets `ports` for `postMessage` only.
  for (let times = 0; times < 200; times++) {
    electron.ipcMain.emit('portcullis:connect', { sender: contents, senderFrame: contents.frame }, { protocol: 1, hash: '' });
  }
  expect(refusals()).toHaveLength(200);
  expect(refusals()[0]?.code).toBe('malformed_connect');
  expect(lines).toHaveLength(33);
});

test('requests that go wrong in main fill no log and leave no port', () => {
  const { electron, attach, lines } = application();
  const { contents } = attach();
  let closed = 0;
  const broken = { on: () => { throw new Error('neutered'); }, close: () => void (closed += 1), postMessage: () => {} };
  for (let times = 0; times < 200; times++) {
    electron.ipcMain.emit('portcullis:connect', { sender: contents, senderFrame: contents.frame, ports: [broken] }, { protocol: 1, hash: '' });
  }
  expect(closed).toBe(200);
  expect(lines).toHaveLength(33);
});

test.each([
  ['no text anywhere', { toString: 1, valueOf: 1 }],
  ['a message that is none', { message: { toString: null } }],
  ['nothing', null],
  ['lines', new Error(FORGED)],
])('f44_what_a_renderer_reports_of_its_preload_throws_nothing_in_main: %s', (_what, error) => {
  const own = application();
  const bundled = application({ preload: false });
  for (const { attach, events, lines } of [own, bundled]) {
    const { contents } = attach();
    contents.emit('preload-error', {}, preloadPath(false), error);
    expect(events.filter(({ type }) => type === 'preload_failed')).toHaveLength(1);
    expect(lines.join()).not.toMatch(/[\n\u001b\u2028]/);
  }
  const { contents } = bundled.attach();
  expect(() => contents.emit('preload-error', {}, { toString: 1 }, error)).not.toThrow();
});

test('a goodbye in the words of a page stands in the log on one line', async () => {
  const { attach, page, hub, lines } = application();
  page(attach().contents).connect();
  await until(() => hub.noted.length === 1);
  hub.noted[0]?.port.closed({ reason: 'contract_mismatch', message: FORGED + 'x'.repeat(5_000) });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\n\u001b\u2028]/);
  expect(lines[0]?.length).toBeLessThan(1_500);
});

test('the hub hands on no control characters of a goodbye', async () => {
  const app = realApplication();
  const reasons: string[] = [];
  const peer = app.hub.attach({ send: () => {}, closed: ({ message }) => void reasons.push(message) }, { label: 'forger', role: 'viewer' });
  const text = new TextEncoder().encode(FORGED);
  const frame = new Uint8Array(24 + text.length);
  new DataView(frame.buffer).setUint32(0, frame.length, true);
  frame[4] = 3;
  frame.set(text, 24);
  peer.deliver(frame);
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).not.toMatch(/[\u0000-\u001f]/);
  app.portcullis.close();
});

test('a fault of main is not told to the page over whose message it came', async () => {
  const { attach, page, hub, lines } = application();
  const document = page(attach().contents);
  const portcullis = document.connect();
  await until(() => hub.noted.length === 1);
  hub.noted[0]!.deliver = () => { throw new Error('the addon panicked: secret path'); };
  document.ports[1]?.postMessage(new Uint8Array(24));
  await until(() => portcullis.state.status === 'closed');
  expect(document.errors.join()).toContain('malformed_message');
  expect(document.errors.join()).not.toContain('secret');
  expect(lines.join()).toContain('secret path');
});

test('a page of Chromium\'s own that shows an error ends the document whose place it takes, whoever holds its port', async () => {
  const { attach, page, hub, events } = application();
  const { contents } = attach();
  page(contents).connect();
  await until(() => hub.noted.length === 1);
  contents.emit('did-start-navigation', { isSameDocument: false, isMainFrame: true });
  // Electron tells no `did-frame-navigate`, and the frame is another process' from now on; the port is in a worker's hands, say.
  contents.frame.routingId += 1_000;
  contents.emit('did-fail-provisional-load', {}, -6, 'ERR_FILE_NOT_FOUND', 'app://studio/none', true, contents.frame.processId, contents.frame.routingId);
  expect(events.filter(({ type }) => type === 'ended')).toEqual([expect.objectContaining({ end: expect.objectContaining({ by: 'navigation' }) })]);
  expect(hub.noted[0]?.losses).toHaveLength(1);
  expect(events.some(({ type }) => type === 'stayed')).toBe(false);
});

test('so does one in a frame, and in the frame that was there before; a load that was aborted ends nobody', async () => {
  const { electron, attach, hub } = application();
  const { contents } = attach({ childFrames: [{ origins: ['app://studio'], role: 'inner' }] });
  const inner = new FakeFrame('app://studio/inner.html', 'app://studio', contents.frame);
  new Page(electron, contents).connect();
  new Page(electron, contents, inner, true).connect();
  await until(() => hub.noted.length === 2);
  const lost = () => hub.noted.map(({ losses }) => losses.length).join('');
  contents.emit('did-fail-provisional-load', {}, -3, 'ERR_ABORTED', 'app://studio/a', true, -1, -1);
  contents.emit('did-fail-provisional-load', {}, -3, 'ERR_ABORTED', 'app://studio/a', false, -1, -1);
  expect(lost()).toBe('00');
  contents.emit('did-fail-provisional-load', {}, -6, 'ERR_FAILED', 'app://studio/a', false, inner.processId, inner.routingId);
  expect(lost()).toBe('01');
  contents.emit('did-fail-provisional-load', {}, -6, 'ERR_FAILED', 'app://studio/a', true, contents.frame.processId, contents.frame.routingId);
  expect(lost()).toBe('11');
});

test('frames that a page makes and throws away, keeping their ports, become no more than there may be', async () => {
  const { electron, attach, hub, refusals } = application();
  const { contents } = attach({ childFrames: [{ origins: ['app://studio'], role: 'inner' }] });
  const frame = () => new FakeFrame('app://studio/inner.html', 'app://studio', contents.frame);
  const live = () => hub.noted.filter(({ losses }) => losses.length === 0).length;
  // Thrown away: nothing tells of it, and each port is held by the page around it.
  for (let made = 1; made <= 300; made++) {
    const thrown = frame();
    new Page(electron, contents, thrown, true).connect();
    await until(() => hub.noted.length === made);
    thrown.destroyed = true;
  }
  expect(live()).toBe(1);
  // Kept: as many as there may be, and the page itself connects all the same.
  for (let made = 0; made < 2 * FRAMES_MAX; made++) new Page(electron, contents, frame(), true).connect();
  await until(() => refusals().length > 0 && live() + refusals().length >= 2 * FRAMES_MAX);
  expect(live()).toBe(FRAMES_MAX);
  expect(refusals()[0]).toMatchObject({ code: 'not_admitted' });
  new Page(electron, contents).connect();
  await until(() => live() === FRAMES_MAX + 1);
});

test('a port that was opened and never spoke counts, too', async () => {
  const { electron, attach, refusals } = application();
  const { contents } = attach({ childFrames: [{ origins: ['app://studio'], role: 'inner' }] });
  const before = FakePort.opened - FakePort.closed;
  for (let made = 0; made < 2 * FRAMES_MAX; made++) {
    const { port1 } = new MessageChannel();
    const frame = new FakeFrame('app://studio/inner.html', 'app://studio', contents.frame);
    new Page(electron, contents, frame, true).send('portcullis:connect', { protocol: 1, hash: '' }, [port1]);
  }
  await until(() => refusals().length === FRAMES_MAX);
  await until(() => FakePort.opened - FakePort.closed === before + FRAMES_MAX);
  contents.destroy();
});

test('a page that changes its title in a loop is told of now and then, and its last title in the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let made: FakeWindow | undefined;
  const all = application({ kinds: { viewer: { role: 'viewer', create: () => (made = all.electron.window()) } } });
  const { windows } = all.portcullis;
  await windows.open('viewer');
  await turnOver();
  vi.advanceTimersByTime(2 * LIST_PAUSE_MS);
  const timers = vi.getTimerCount();
  const titles: unknown[] = [];
  windows.publishTo(new Proxy({}, { get: (_of, name) => ({ windows: [window] = [] }: any) => void (name === 'windows' && titles.push(window?.title)) }) as never);
  titles.length = 0;
  for (let turn = 0; turn < 1_000; turn++) {
    made?.emit('page-title-updated', {}, `title ${turn}`);
    await turnOver();
  }
  expect(titles).toEqual(['title 0']);
  vi.advanceTimersByTime(TITLE_PAUSE_MS);
  await turnOver();
  expect(titles).toEqual(['title 0', 'title 999']);
  vi.advanceTimersByTime(TITLE_PAUSE_MS);
  made?.emit('page-title-updated', {}, 'title 999');
  await turnOver();
  expect(titles).toHaveLength(2);
  made?.emit('page-title-updated', {}, 'farewell');
  expect(vi.getTimerCount()).toBe(timers + 1);
  made?.close();
  expect(vi.getTimerCount()).toBe(timers);
});

test('a window of which peers could not be told is refused where it is named, and not in a turn of nobody\'s', () => {
  const { electron, portcullis } = application();
  const { windows } = portcullis;
  const adopt = (kind: string, label: string) => windows.adopt(electron.window(), kind, { label, role: 'viewer' });
  expect(() => adopt('x'.repeat(65), 'a')).toThrow(RangeError);
  expect(() => adopt('', 'a')).toThrow(RangeError);
  expect(() => adopt('splash', '')).toThrow(RangeError);
  expect(() => adopt('splash', 'ü'.repeat(65))).toThrow(RangeError);
  for (let number = 0; number < 256; number++) adopt('splash', `splash-${number}`);
  expect(() => adopt('splash', 'one more')).toThrow(/256 windows/);
  expect(windows.list().windows).toHaveLength(256);
});

test('what a peer holds the end for stands in the log on one line', async () => {
  const app = realApplication({ quit: { graceMs: 20 } });
  await app.portcullis.ready;
  const { Application } = await import('../src/main/index.js');
  const life = await app.open('editor').portcullis.bind(Application);
  await life.hold(FORGED);
  await app.portcullis.quit();
  const line = app.lines.find((each) => each.includes('no longer waits for'));
  expect(line).toBeDefined();
  expect(line).not.toMatch(/[\n\u001b\u2028]/);
  app.portcullis.close();
});

/** One turn of the event loop, whatever is done to its timers. */
async function turnOver(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
