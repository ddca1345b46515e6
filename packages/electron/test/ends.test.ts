/** How peers end: once, at the first sign of it, and not before. */
import { expect, test } from 'vitest';
import { FakeFrame, FakePort, type FakeWindow } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { application } from './support/setup.js';

async function connected() {
  const made = application();
  const { window, contents, attachment } = made.attach();
  const document = made.page(contents);
  const portcullis = document.connect();
  await until(() => made.hub.noted.length === 1);
  const peer = made.hub.noted[0]!;
  const ends = () => made.events.flatMap((event) => (event.type === 'ended' ? [event.end] : []));
  return { ...made, window, contents, attachment, document, portcullis, peer, ends };
}

type Connected = Awaited<ReturnType<typeof connected>>;

const SIGNS: readonly [what: string, by: string, act: (of: Connected) => void][] = [
  ['its port closes', 'port', ({ document }) => document.end()],
  ['the page is navigated', 'navigation', ({ contents }) => void contents.navigate('https://elsewhere.example/', 'https://elsewhere.example')],
  ['the page is loaded again', 'navigation', ({ contents }) => void contents.navigate()],
  ['the renderer is killed', 'crash', ({ contents }) => contents.crash()],
  ['the window is destroyed', 'destroyed', ({ window }) => (window as FakeWindow).close()],
];

test.each(SIGNS)('a peer ends when %s', async (_what, by, act) => {
  const all = await connected();
  act(all);
  await until(() => all.ends().length === 1);
  expect(all.ends()[0]?.by).toBe(by);
  expect(all.peer.losses).toHaveLength(1);
  expect(all.attachment.peer).toBeUndefined();
});

test.each(SIGNS)('all further signs change nothing, when the first is that %s', async (_what, by, act) => {
  const all = await connected();
  act(all);
  await until(() => all.ends().length === 1);
  for (const [, , another] of SIGNS) another(all);
  await settle();
  expect(all.ends().map((end) => end.by)).toEqual([by]);
  expect(all.peer.losses).toHaveLength(1);
});

test('the start of a navigation only drains, for it may be aborted', async () => {
  const { contents, events, ends, attachment } = await connected();
  contents.emit('did-start-navigation', { isSameDocument: false, isMainFrame: true });
  contents.emit('did-start-navigation', { isSameDocument: false, isMainFrame: true });
  await settle();
  expect(events.filter(({ type }) => type === 'draining')).toHaveLength(1);
  contents.emit('did-fail-provisional-load');
  contents.emit('did-stop-loading');
  await settle();
  expect(events.filter(({ type }) => type === 'stayed')).toHaveLength(1);
  expect(ends()).toEqual([]);
  expect(attachment.peer).toBe(1);
});

test('navigation inside the document, and of frames that are not connected, is nothing', async () => {
  const { contents, events, ends } = await connected();
  contents.emit('did-start-navigation', { isSameDocument: true, isMainFrame: true });
  contents.emit('did-start-navigation', { isSameDocument: false, isMainFrame: false });
  contents.emit('did-frame-navigate', {}, 'https://ads.example/', 200, 'OK', false, 9, 9);
  await settle();
  expect(ends()).toEqual([]);
  expect(events.some(({ type }) => type === 'draining')).toBe(false);
});

test('a connected frame ends with its own document, and with the page around it', async () => {
  const { electron, attach, hub, events } = application();
  const { contents } = attach({ childFrames: [{ origins: ['app://studio'], role: 'inner' }] });
  const inner = () => new FakeFrame('app://studio/inner.html', 'app://studio', contents.frame);
  const [first, second, third] = [inner(), inner(), inner()];
  new Page(electron, contents).connect();
  for (const frame of [first, second, third]) new Page(electron, contents, frame, true).connect();
  await until(() => hub.noted.length === 4);
  const lost = () => hub.noted.map(({ losses }) => losses.length).join('');
  contents.emit('did-frame-navigate', {}, 'app://studio/b.html', 200, 'OK', false, first.processId, first.routingId);
  expect(lost()).toBe('0100');
  // After a navigation to another process the frame has another number.
  second.routingId += 1_000;
  contents.emit('did-frame-navigate', {}, 'app://studio/b.html', 200, 'OK', false, second.processId, second.routingId);
  expect(lost()).toBe('0110');
  // One that has moved without being named is not what was judged any more.
  third.routingId += 2_000;
  contents.emit('did-frame-navigate', {}, 'https://ads.example/', 200, 'OK', false, 9, 9);
  expect(lost()).toBe('0111');
  contents.navigate();
  expect(lost()).toBe('1111');
  expect(events.filter(({ type }) => type === 'ended')).toHaveLength(4);
});

test.each([
  ['text', 'hello'],
  ['a number', 1],
  ['an object', { portcullis: 'refused', code: 'quitting', message: '', hint: 'fix' }],
  ['a list of numbers', [1, 2, 3]],
  ['other views', new Uint16Array(4)],
  ['shared memory', new Uint8Array(new SharedArrayBuffer(8))],
])('f44_what_is_no_bytes_ends_its_sender: %s', async (_what, data) => {
  const { hub, document, ends, portcullis } = await connected();
  document.ports[1]?.postMessage(data);
  await until(() => ends().length === 1);
  expect(ends()[0]).toMatchObject({ by: 'refused', refused: { code: 'malformed_message', hint: 'fix' } });
  await until(() => portcullis.state.status === 'closed');
  expect(document.errors.join()).toContain('malformed_message');
  expect(hub.noted[0]?.losses).toHaveLength(1);
});

test('a goodbye of the hub reaches the page before the port closes', async () => {
  const { peer, ends, document, portcullis } = await connected();
  peer.port.send(new Uint8Array([1, 2, 3]).subarray(1));
  peer.port.closed({ reason: 'contract_mismatch', message: 'studio.cameras differs' });
  expect(ends()[0]).toMatchObject({ by: 'hub', reason: 'contract_mismatch', refused: { code: 'contract_mismatch', hint: 'reload' } });
  expect(peer.losses).toEqual([]);
  await until(() => portcullis.state.status === 'closed');
  expect(document.errors.join()).toContain('studio.cameras differs');
});

test('a page gets whole copies: a view is not sent with what is around it', async () => {
  const { peer } = await connected();
  const around = new Uint8Array(1_000_000);
  const seen: unknown[] = [];
  const post = FakePort.prototype.postMessage;
  FakePort.prototype.postMessage = function (message) {
    seen.push(message);
    post.call(this, message);
  };
  try {
    peer.port.send(around.subarray(10, 20));
  } finally {
    FakePort.prototype.postMessage = post;
  }
  expect((seen[0] as Uint8Array).buffer.byteLength).toBe(10);
});

test('a grant that is taken back ends the page by a goodbye, and later pages are unknown', async () => {
  const { attachment, contents, peer, ends, refusals, document, page } = await connected();
  attachment.revoke();
  attachment.revoke();
  expect(peer.closes).toEqual(['revoked']);
  await until(() => ends().length === 1);
  expect(ends()[0]).toMatchObject({ by: 'hub', refused: { code: 'revoked' } });
  await until(() => document.errors.length === 1);
  page(contents).connect();
  await until(() => refusals().length === 1);
  expect(refusals()[0]?.code).toBe('not_attached');
});

test('a page that closes may connect again, and main has let go of the first port by then', async () => {
  const { document, portcullis, hub, ends, refusals } = await connected();
  portcullis.close();
  const again = document.connect();
  await until(() => hub.noted.length === 2);
  expect(ends()).toHaveLength(1);
  expect(refusals()).toEqual([]);
  again.close();
  await until(() => ends().length === 2);
});

test('a hundred reloads leave everything as it was', async () => {
  const { attach, electron, hub, events } = application();
  const { contents } = attach();
  await settle();
  const listeners = () => contents.eventNames().map((name) => contents.listenerCount(name)).join();
  const before = listeners();
  const open = FakePort.opened - FakePort.closed;
  for (let loads = 0; loads < 100; loads++) {
    const document = new Page(electron, contents);
    document.connect();
    await until(() => hub.noted.length === loads + 1);
    contents.navigate();
    document.end();
  }
  await until(() => FakePort.opened - FakePort.closed === open);
  expect(listeners()).toBe(before);
  expect(events.filter(({ type }) => type === 'ended')).toHaveLength(100);
  expect(hub.noted.every(({ losses }) => losses.length === 1)).toBe(true);
});
