/** What a failed call knows of itself: whether its request was handed to the transport. False is a promise. */
import { expect, test, vi } from 'vitest';
import { CallError, type Transport } from '../src/index.js';
import { Blobs } from './generated/sample-blobs.js';
import { Echo } from './generated/sample-echo.js';
import { bound, pair, rejection, turn } from './support/hub.js';

test('a call that waits for the handshake was not sent when the connection ends', async () => {
  const { portcullis, hub } = pair();
  const bind = rejection(portcullis.bind(Echo));
  await turn();
  hub.transport.close();
  expect(await bind).toMatchObject({ status: 'unavailable', sent: false, retry: { type: 'later' } });
});

test('a call that waits for the window was not sent, one that has left was', async () => {
  const { client, hub } = await bound(Echo, {}, { windowBytes: 4096 });
  const large = new Uint8Array(4_080);
  const [first, second] = [rejection(client.bytes(large)), rejection(client.inline(2))];
  await turn();
  expect((await hub.next('request')).body.length).toBeGreaterThan(4_000);
  expect(hub.frames).toEqual([]);
  hub.transport.close();
  expect(await first).toMatchObject({ status: 'unavailable', sent: true });
  expect(await second).toMatchObject({ status: 'unavailable', sent: false, retry: { type: 'later' } });
});

test('in the turn of the loss', async () => {
  const { client, portcullis } = await bound(Echo);
  const call = rejection(client.inline(1));
  (portcullis.hub.connection.transport as Transport).onClose?.('cut');
  expect(await call).toMatchObject({ status: 'unavailable', sent: false });
});

test('a call with blobs whose request has not left was not sent, even if parcels have', async () => {
  const { client, hub } = await bound(Blobs, {}, { windowBytes: 4096, frameBytes: 4096 });
  const call = rejection(client.echo({ name: '', points: new Uint8Array(20_000), pictures: [], preview: null }));
  await turn();
  expect(hub.frames.map(({ kind }) => kind)).toContain('parcel');
  expect(hub.frames.map(({ kind }) => kind)).not.toContain('request');
  hub.transport.close();
  expect(await call).toMatchObject({ status: 'unavailable', sent: false });
});

test('what a deadline or a caller ends before it leaves was not sent', async () => {
  vi.useFakeTimers();
  try {
    const { portcullis } = pair();
    const abort = new AbortController();
    const [late, given] = [rejection(portcullis.bind(Echo, 'any', { timeoutMs: 50 })), rejection(portcullis.bind(Echo, 'any', { signal: abort.signal }))];
    await vi.advanceTimersByTimeAsync(50);
    abort.abort();
    expect(await late).toMatchObject({ status: 'deadline_exceeded', sent: false, retry: { type: 'later' } });
    expect(await given).toMatchObject({ status: 'cancelled', sent: false });
  } finally {
    vi.useRealTimers();
  }
});

test('what they end afterwards was sent', async () => {
  const { client, hub } = await bound(Echo);
  const abort = new AbortController();
  const [late, given] = [rejection(client.inline(1, { timeoutMs: 10 })), rejection(client.inline(2, { signal: abort.signal }))];
  await hub.next('request');
  await hub.next('request');
  abort.abort();
  expect(await given).toMatchObject({ status: 'cancelled', sent: true });
  expect(await late).toMatchObject({ status: 'deadline_exceeded', sent: true, retry: { type: 'never' } });
});

test('what is refused here was not sent, what the hub refuses was', async () => {
  const { client, hub } = await bound(Echo);
  expect(await rejection(client.inline(-1))).toMatchObject({ status: 'invalid_argument', sent: false });
  expect(await rejection(client.inline(1, { timeoutMs: 0 }))).toMatchObject({ status: 'deadline_exceeded', sent: false });
  const call = rejection(client.inline(1));
  hub.fail((await hub.next('request')).id, 'unavailable');
  expect(await call).toMatchObject({ status: 'unavailable', sent: true });
  hub.send('unbound', { binding: 5 });
  await turn();
  expect(await rejection(client.inline(1))).toMatchObject({ status: 'unavailable', sent: false });
});

test('nobody has to say it: an error may have been sent', () => {
  expect(new CallError('aborted', { channel: 'a.b', message: 'no' }).sent).toBe(true);
});
