/** Who may connect, and what those are told who may not. */
import { expect, test } from 'vitest';
import { FakeContents, FakeFrame, FakePort, FakeSession } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { application } from './support/setup.js';

test('a page at its origin becomes a peer with what main granted', async () => {
  const { attach, page, hub, events } = application();
  const { contents } = attach();
  page(contents).connect();
  await until(() => hub.noted.length === 1);
  expect(hub.noted[0]?.admission).toEqual({ label: 'viewer', role: 'viewer', user: `electron:webContents ${contents.id}`, kind: 'page' });
  expect(events).toContainEqual(expect.objectContaining({ type: 'connected', peer: 1, role: 'viewer', origin: 'app://studio' }));
});

const HOSTILE: readonly [what: string, url: string, origin: string][] = [
  ['another host', 'app://studio.evil/', 'app://studio.evil'],
  ['a longer host', 'app://studios/', 'app://studios'],
  ['another port', 'app://studio:1/', 'app://studio:1'],
  ['another scheme', 'http://studio/', 'http://studio'],
  ['a user in front', 'app://studio@evil/', 'app://evil'],
  ['a blank page of an allowed opener', '', 'app://studio'],
  ['about:blank', 'about:blank', 'app://studio'],
  ['about:srcdoc', 'about:srcdoc', 'app://studio'],
  ['a sandboxed page', 'app://studio/', 'null'],
  ['an empty origin', 'app://studio/', ''],
  ['a blob', 'blob:app://studio/1', 'app://studio'],
  ['an address of another origin', 'https://evil.example/', 'app://studio'],
];

test.each(HOSTILE)('f43_a_foreign_origin_is_refused: %s', async (_what, url, origin) => {
  const { attach, page, hub, refusals, lines } = application();
  const { contents } = attach();
  contents.frame = new FakeFrame(url, origin);
  const document = page(contents);
  const portcullis = document.connect();
  await until(() => portcullis.state.status === 'closed');
  expect(refusals()).toEqual([expect.objectContaining({ code: 'origin_not_allowed', hint: 'fix' })]);
  expect(document.errors.join()).toContain('origin_not_allowed');
  expect(lines.join()).toContain(`webContents ${contents.id}`);
  expect(hub.noted).toEqual([]);
});

test('f43_a_frame_inside_a_page_is_refused', async () => {
  const { electron, attach, hub, refusals } = application();
  const { contents } = attach();
  const frame = new FakeFrame('app://studio/inner.html', 'app://studio', contents.frame);
  // The preload exposes nothing there; a renderer that was taken over asks by itself.
  expect(new Page(electron, contents, frame).scope.portcullis).toBeUndefined();
  new Page(electron, contents, frame, true).connect();
  await until(() => refusals().length === 1);
  expect(refusals()[0]).toMatchObject({ code: 'sub_frame', hint: 'fix' });
  expect(hub.noted).toEqual([]);
});

test('f43_a_frame_inside_a_page_connects_only_from_an_origin_that_was_opted_in', async () => {
  const { electron, attach, hub, refusals } = application();
  const { contents } = attach({ childFrames: [{ origins: ['https://maps.example'], role: 'maps' }] });
  const inside = (origin: string) => new Page(electron, contents, new FakeFrame(`${origin}/x`, origin, contents.frame), true);
  inside('https://maps.example').connect();
  inside('app://studio').connect();
  await until(() => hub.noted.length === 1 && refusals().length === 1);
  expect(hub.noted[0]?.admission).toMatchObject({ role: 'maps', label: 'viewer/frame' });
  expect(refusals()[0]?.code).toBe('origin_not_allowed');
});

test('f15_what_is_of_one_user_is_admitted_as_that_user', async () => {
  const { electron, attach, hub, page } = application();
  const childFrames = [{ origins: ['https://maps.example'], role: 'maps' }, { origins: ['https://shop.example'], role: 'maps', user: 'shop' }];
  const { contents } = attach({ user: 'app://studio', childFrames });
  page(contents).connect();
  const inside = (origin: string) => new Page(electron, contents, new FakeFrame(`${origin}/x`, origin, contents.frame), true);
  inside('https://maps.example').connect();
  inside('https://shop.example').connect();
  const other = attach().contents;
  page(other).connect();
  await until(() => hub.noted.length === 4);
  // A frame is its window's, so that a page gets no more by frames; unless its attachment says otherwise.
  expect(hub.noted.map(({ admission }) => [admission.role, admission.user])).toEqual([
    ['viewer', 'app://studio'],
    ['maps', 'app://studio'],
    ['maps', 'shop'],
    ['viewer', `electron:webContents ${other.id}`],
  ]);
});

test('f43_a_window_that_main_did_not_attach_is_refused', async () => {
  const { page, hub, refusals } = application();
  const child = new FakeContents(new FakeSession());
  const portcullis = page(child).connect();
  await until(() => portcullis.state.status === 'closed');
  expect(refusals()).toEqual([expect.objectContaining({ code: 'not_attached' })]);
  expect(hub.noted).toEqual([]);
});

test('f43_a_frame_that_was_navigated_or_destroyed_is_refused', async () => {
  const { attach, page, hub, refusals } = application();
  const { contents } = attach();
  const destroyed = page(contents);
  destroyed.connect();
  destroyed.frame.destroyed = true; // before main hears of it
  await until(() => refusals().length === 1);

  contents.navigate();
  const old = page(contents);
  old.connect();
  contents.navigate();
  expect([old.frame.detached, old.frame.destroyed]).toEqual([true, false]);
  await until(() => refusals().length === 2);

  const throwing = page(contents);
  Object.defineProperty(throwing.frame, 'url', { get: () => { throw new Error('Render frame was disposed before WebFrameMain could be accessed'); } });
  throwing.connect();
  await until(() => refusals().length === 3);
  expect(refusals().map(({ code, hint }) => [code, hint])).toEqual(Array(3).fill(['frame_gone', 'reload']));
  expect(hub.noted).toEqual([]);
});

test('a second connect of one document is refused, and disturbs not the first', async () => {
  const { attach, page, hub, refusals } = application();
  const { contents } = attach();
  const first = page(contents);
  first.connect();
  await until(() => hub.noted.length === 1);
  expect(() => first.connect()).toThrow(/second_connect/);
  // The same document with a second copy of the client.
  const second = new Page(first.electron, contents, first.frame);
  const portcullis = second.connect();
  await until(() => portcullis.state.status === 'closed');
  expect(refusals()).toEqual([expect.objectContaining({ code: 'second_connect', hint: 'fix' })]);
  expect(hub.noted[0]?.losses).toEqual([]);
});

test('an old page against a new main is refused with both named', async () => {
  const { attach, page, refusals } = application({ contract: 'b2' });
  const { contents } = attach();
  const document = page(contents);
  const portcullis = document.connect({ contract: 'a1' });
  await until(() => portcullis.state.status === 'closed');
  expect(refusals()[0]).toMatchObject({ code: 'contract_mismatch', hint: 'reload' });
  expect(document.errors.join()).toMatch(/a1.*b2/);
  expect(() => document.connect({ contract: 'no/such' })).toThrow(RangeError);
});

test.each([
  [{ protocol: 2, preload: 1, hash: '' }, 'version_mismatch', 'restart'],
  [{ protocol: 1, preload: 2, hash: '' }, 'version_mismatch', 'restart'],
  [{ protocol: 1, preload: 99_999, hash: '' }, 'version_mismatch', 'restart'],
])('a page or preload of another version is refused: %j', async (payload, code, hint) => {
  const { attach, page, refusals } = application();
  const { contents } = attach();
  const { port1 } = new MessageChannel();
  page(contents).send('portcullis:connect', payload, [port1]);
  await until(() => refusals().length === 1);
  expect(refusals()[0]).toMatchObject({ code, hint });
});

class Trap {
  protocol = 1;
  hash = '';
}

const PAYLOADS: readonly [what: string, payload: unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['text', 'portcullis'],
  ['a list', [1, '']],
  ['no hash', { protocol: 1 }],
  ['a long hash', { protocol: 1, hash: 'a'.repeat(65) }],
  ['a hash with a line', { protocol: 1, hash: 'a\nb' }],
  ['a protocol of text', { protocol: '1', hash: '' }],
  ['a fraction', { protocol: 1.5, hash: '' }],
  ['NaN', { protocol: NaN, hash: '' }],
  ['everything on the prototype', JSON.parse('{"__proto__":{"protocol":1,"hash":""}}')],
  ['inherited', Object.create({ protocol: 1, hash: '' })],
  ['a getter', { protocol: 1, get hash() { throw new Error('read'); } }],
  ['a proxy that throws', new Proxy({}, { getOwnPropertyDescriptor: () => { throw new Error('trap'); } })],
  ['a promise', Promise.resolve({ protocol: 1, hash: '' })],
  ['a function', () => new Trap()],
];

test.each(PAYLOADS)('f44_a_hostile_request_is_refused: %s', async (_what, payload) => {
  const { electron, attach, hub, refusals } = application();
  const { contents } = attach();
  const { port1, port2 } = new MessageChannel();
  const port = new FakePort(port1 as never);
  // What a structured clone would keep from arriving is handed over as it is.
  electron.ipcMain.emit('portcullis:connect', { sender: contents, senderFrame: contents.frame, ports: [port] }, payload);
  expect(refusals()).toEqual([expect.objectContaining({ code: 'malformed_connect' })]);
  expect(port.sent).toEqual([expect.objectContaining({ portcullis: 'refused', code: 'malformed_connect' })]);
  expect(hub.noted).toEqual([]);
  expect(({} as { protocol?: unknown }).protocol).toBeUndefined();
  port2.close();
});

test.each([0, 2, 100])('f44_a_request_with_%i_ports_is_refused_and_all_are_closed', async (count) => {
  const { attach, page, refusals } = application();
  const { contents } = attach();
  const pairs = Array.from({ length: count }, () => new MessageChannel());
  const ports = page(contents).send('portcullis:connect', { protocol: 1, hash: '' }, pairs.map(({ port1 }) => port1));
  await until(() => refusals().length === 1 && ports.every(({ isClosed }) => isClosed));
  expect(refusals()[0]?.code).toBe('malformed_connect');
});

test('a page cannot fill the log, and is heard in full by whoever listens', async () => {
  const { electron, attach, lines, refusals } = application();
  const { contents } = attach();
  for (let times = 0; times < 200; times++) {
    electron.ipcMain.emit('portcullis:connect', { sender: contents, senderFrame: contents.frame, ports: [] }, null);
  }
  expect(refusals()).toHaveLength(200);
  expect(lines).toHaveLength(33);
});

test('what a page calls itself stands in the log on one line', async () => {
  const { attach, page, lines, refusals } = application();
  const { contents } = attach();
  contents.frame = new FakeFrame('https://evil.example/\u001b[31m\nportcullis: all is well', `x\u2028y${'z'.repeat(5_000)}`);
  page(contents).connect();
  await until(() => refusals().length === 1);
  expect(lines.join('')).not.toMatch(/[\n\u001b\u2028]/);
  expect(lines.join('').length).toBeLessThan(2_000);
});

test('a hub that does not admit a peer says so in the page', async () => {
  const { attach, page, hub } = application();
  hub.refuses = 'unknown role';
  const document = page(attach().contents);
  const portcullis = document.connect();
  await until(() => portcullis.state.status === 'closed');
  expect(document.errors.join()).toMatch(/not_admitted.*unknown role/);
  await settle();
});

test('a request that goes wrong in main itself does not end main', async () => {
  const { electron, attach, lines } = application();
  const { contents } = attach();
  const broken = { on: () => { throw new Error('neutered'); }, close: () => {}, postMessage: () => {} };
  const event = { sender: contents, senderFrame: contents.frame, ports: [broken] };
  expect(() => electron.ipcMain.emit('portcullis:connect', event, { protocol: 1, hash: '' })).not.toThrow();
  expect(lines.join()).toContain('neutered');
});

test('windows are attached once, with origins, and not when they are gone', () => {
  const { electron, portcullis, attach } = application({ origins: [] });
  expect(() => attach()).toThrow(/no origins/);
  const window = electron.window();
  const options = { label: 'viewer', role: 'viewer', origins: ['app://studio'] };
  portcullis.attachWindow(window, options);
  expect(() => portcullis.attachWindow(window.webContents, options)).toThrow(/attached already/);
  expect(() => portcullis.attachWindow(electron.window(), { ...options, origins: ['app://studio/index.html'] })).toThrow(TypeError);
  window.close();
  expect(() => portcullis.attachWindow(window, options)).toThrow(/destroyed/);
});

test('an Electron that is too old, and no Electron at all, are typed errors', () => {
  expect(() => application({ electronVersion: '40.9.9' })).toThrow(expect.objectContaining({ code: 'unsupported_electron', hint: 'fix' }));
  expect(() => application({ electronVersion: '41.0.0' })).not.toThrow();
});

test('navigation to other origins and new windows are prevented, unless main leaves them alone', () => {
  const { attach, events } = application();
  const { contents } = attach();
  const prevented: string[] = [];
  const go = (event: string, url: string) => contents.emit(event, { url, preventDefault: () => void prevented.push(url) });
  go('will-navigate', 'app://studio/other.html');
  go('will-navigate', 'https://evil.example/');
  go('will-redirect', 'about:blank');
  expect(prevented).toEqual(['https://evil.example/', 'about:blank']);
  expect(contents.openHandler?.({ url: 'https://evil.example/' })).toEqual({ action: 'deny' });
  expect(events.filter(({ type }) => type === 'prevented')).toHaveLength(3);
  const { contents: free } = attach({ restrict: false });
  expect(free.openHandler).toBeUndefined();
});
