/** The page's side by itself: what it says without a preload, and which ports it takes. */
import { expect, test, vi } from 'vitest';
import { connectElectron, ConnectRefused, isPortcullisPage, refusalOf } from '../src/renderer/index.js';
import { connectPage, type PageScope } from '../src/renderer/connect.js';
import { settle, until } from './support/page.js';
import { application } from './support/setup.js';

type Listener = (event: MessageEvent) => void;

/** A document whose preload does what the test says. */
function page(connect: (token: string) => void) {
  const listeners = new Set<Listener>();
  const scope = {
    portcullis: { connect },
    addEventListener: (_type: string, listener: Listener) => void listeners.add(listener),
    removeEventListener: (_type: string, listener: Listener) => void listeners.delete(listener),
  } as PageScope;
  const post = (event: object) => {
    const stopImmediatePropagation = vi.fn();
    for (const listener of [...listeners]) listener({ stopImmediatePropagation, ...event } as unknown as MessageEvent);
    return stopImmediatePropagation;
  };
  return { scope, post, listeners };
}

const quiet = { error: () => {} };

test('without a preload, the error says what to change', () => {
  vi.stubGlobal('window', {});
  expect(isPortcullisPage()).toBe(false);
  expect(() => connectElectron()).toThrow(expect.objectContaining({ code: 'missing_preload', hint: 'fix', message: expect.stringContaining('attachWindow()') }));
  vi.unstubAllGlobals();
});

test('a page with Node in it is refused', () => {
  const { scope } = page(() => {});
  const unsafe = { ...scope, process: { versions: { electron: '45.4.1' } }, require: () => {} };
  expect(() => connectPage(unsafe)).toThrow(expect.objectContaining({ code: 'node_integration' }));
});

test('a port is taken only from this window, with its own token, once', async () => {
  let token = '';
  const { scope, post, listeners } = page((given) => void (token = given));
  connectPage(scope, { logger: quiet });
  const { port1, port2 } = new MessageChannel();
  const heard: unknown[] = [];
  port1.onmessage = ({ data }) => heard.push(data);
  expect(token).toMatch(/^v1:[0-9a-f]{32}:$/);
  for (const event of [
    { source: {}, data: token, ports: [port2] },
    { source: null, data: token, ports: [port2] },
    { source: scope, data: `${token}x`, ports: [port2] },
    { source: scope, data: token, ports: [] },
    { source: scope, data: { token }, ports: [port2] },
  ]) {
    expect(post(event)).not.toHaveBeenCalled();
  }
  await settle();
  expect(heard).toEqual([]);
  expect(post({ source: scope, data: token, ports: [port2] })).toHaveBeenCalledOnce();
  expect(listeners.size).toBe(0);
  await until(() => heard.length === 1);
  // The hello, as a view that nothing is around.
  expect((heard[0] as Uint8Array).buffer.byteLength).toBe((heard[0] as Uint8Array).length);
  port1.close();
});

test('every connection has a token of its own', () => {
  const tokens = new Set<string>();
  for (let times = 0; times < 50; times++) connectPage(page((token) => void tokens.add(token)).scope, { logger: quiet });
  expect(tokens.size).toBe(50);
});

test('a preload of another version ends the connection with a reason', () => {
  const told: ConnectRefused[] = [];
  const { scope, listeners } = page(() => {
    throw new TypeError('portcullis: page and preload script are of different versions');
  });
  const portcullis = connectPage(scope, { logger: quiet, onRefused: (refused) => void told.push(refused) });
  expect(portcullis.state).toMatchObject({ status: 'closed' });
  expect(told).toEqual([expect.objectContaining({ code: 'version_mismatch', hint: 'restart' })]);
  expect(refusalOf(portcullis)).toBe(told[0]);
  expect(listeners.size).toBe(0);
});

test('calls before the connection stands fail with the reason when it is refused', async () => {
  const { portcullis: adapter, attach, page: open } = application();
  void adapter;
  const { contents } = attach();
  contents.frame.origin = 'null';
  const document = open(contents);
  const onRefused = vi.fn(() => {
    throw new Error('of the listener');
  });
  const portcullis = document.connect({ onRefused });
  const bound = portcullis.bind({ name: 'a', version: 1, hash: '00'.repeat(16), channels: [], client: () => ({}) });
  await expect(bound).rejects.toMatchObject({ status: 'unavailable' });
  expect(portcullis.state).toMatchObject({ status: 'closed', message: expect.stringContaining('origin_not_allowed') });
  expect(onRefused).toHaveBeenCalledOnce();
  expect(document.errors.join()).toContain('onRefused threw');
});

test('a connection that is closed before its port comes is let go of on both sides', async () => {
  const { attach, page: open, hub, events } = application();
  const document = open(attach().contents);
  document.connect().close();
  await until(() => events.some(({ type }) => type === 'ended'));
  expect(hub.noted).toEqual([]);
  document.connect();
  await until(() => hub.noted.length === 1);
});
