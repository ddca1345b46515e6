/** Bindings that outlive connections and instances (docs/decisions/reconnecting.md). */
import { describe, expect, test, vi } from 'vitest';
import { type CallError, reconnecting, serve } from '../src/index.js';
import { mock } from '../src/testing/index.js';
import { Echo, type EchoClient, type EchoHandlers } from './generated/sample-echo.js';
import { Topics } from './generated/sample-topics.js';
import { back, cut, echoing, idle, later, logger, never, onFakeTimers, open, played, settled } from './support/again.js';
import { type FakeHub, MemoryLogger, rejection } from './support/hub.js';

onFakeTimers();

describe('a binding', () => {
  test('waits for the connection and the instance', async () => {
    const echo = await mock(Echo, { inline: (number) => number }, { connect: { logger } });
    open.push(echo);
    await echo.withdraw();
    await cut(echo);
    const peer = reconnecting(() => echo.transport(), { logger });
    open.push(peer);
    let client: EchoClient | undefined;
    void peer.bind(Echo).then((made) => (client = made));
    await later(5_000);
    await echo.portcullis.bind(Echo).catch(() => undefined);
    await echo.reconnect().catch(() => undefined);
    await later(5_000);
    expect(peer.state.status).toBe('connected');
    expect(client).toBe(undefined);
    await serve(echo.portcullis, Echo, { inline: (number: number) => number + 1 } as unknown as EchoHandlers);
    await later(5_000);
    expect(await client?.inline(1)).toBe(2);
  });

  test('waits inside its deadline, and says what it has waited for', async () => {
    const { client, hubs } = played({}, (attempt) => attempt > 1);
    open.push(client);
    const none = rejection(client.bind(Echo, 'any', { timeoutMs: 50 }));
    await later(50);
    expect(await none).toMatchObject({ status: 'deadline_exceeded', detail: 'the time for the call ran out: there is no connection', sent: false });
    hubs[0]?.transport.close();
    await later(100);
    const unserved = rejection(client.bind(Echo, 'any', { timeoutMs: 500 }));
    for (let tries = 0; tries < 2; tries++) {
      (hubs[1] as FakeHub).fail((await (hubs[1] as FakeHub).next('request')).id, 'unavailable', 'nobody serves it');
      await later(400);
    }
    expect(await unserved).toMatchObject({ status: 'deadline_exceeded', detail: 'the time for the call ran out: nobody serves it' });
    // The wait behind the second answer would have ended too late.
    expect(hubs[1]?.frames).toEqual([]);
    const abort = new AbortController();
    const given = rejection(client.bind(Echo, 'any', { signal: abort.signal }));
    abort.abort('enough');
    expect(await given).toMatchObject({ status: 'cancelled', cause: 'enough' });
    expect(await rejection(client.bind(Echo, 'any', { signal: abort.signal }))).toMatchObject({ status: 'cancelled' });
  });

  test.each(['permission_denied', 'contract_mismatch'] as const)('is not tried again after %s: who waits is told', async (status) => {
    const { client, hubs } = played();
    open.push(client);
    const bind = rejection(client.bind(Echo));
    await settled();
    const hub = hubs[0] as FakeHub;
    hub.fail((await hub.next('request')).id, status, 'no');
    expect(await bind).toMatchObject({ status, detail: 'no', sent: false, retry: { type: 'never' } });
    await later(60_000);
    expect(hub.frames).toEqual([]);
    await idle();
  });

  test('is made anew where its instance has left, when somebody needs it, and gives the old one back', async () => {
    const { client, hubs } = played();
    open.push(client);
    const binding = client.bind(Echo);
    await settled();
    const hub = hubs[0] as FakeHub;
    await hub.bound(5);
    const echo = await binding;
    hub.send('unbound', { binding: 5 });
    await later(60_000);
    // Nobody needs it.
    expect(hub.frames).toEqual([]);
    const call = echo.inline(3);
    await settled();
    const release = await hub.next('request');
    expect([release.binding, release.ordinal, release.body[0]]).toEqual([0, 1, 5]);
    hub.end(release.id, 'ok');
    hub.fail((await hub.next('request')).id, 'unavailable', 'it starts');
    await later(100);
    await hub.bound(6);
    await settled();
    const request = await hub.next('request');
    expect(request.binding).toBe(6);
    hub.end(request.id, 'ok', request.body);
    expect(await call).toBe(3);
  });

  test('whose instance has left is given back as well', async () => {
    const { client, hubs } = played();
    open.push(client);
    const binding = client.bind(Echo);
    await settled();
    const hub = hubs[0] as FakeHub;
    await hub.bound(5);
    const echo = await binding;
    hub.send('unbound', { binding: 5 });
    await settled();
    const released = client.release(echo);
    await settled();
    const release = await hub.next('request');
    expect([release.binding, release.ordinal, release.body[0]]).toEqual([0, 1, 5]);
    hub.end(release.id, 'ok');
    await released;
    expect(hub.frames).toEqual([]);
  });

  test('asks no more for an instance when nobody waits for it any more', async () => {
    const { echo, client } = await echoing({});
    await echo.withdraw();
    const abort = new AbortController();
    const call = rejection(client.inline(1, { signal: abort.signal }));
    await later(1_000);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    abort.abort();
    expect(await call).toMatchObject({ status: 'cancelled', sent: false });
    await idle();
  });

  test('that was given back fails, and looks for nothing', async () => {
    const { echo, peer, client } = await echoing({ inline: (number) => number, later: never });
    const [ends, values]: [CallError[], number[]] = [[], []];
    const topics = await mock(Topics, {}, { beside: echo });
    const listened = await peer.bind(Topics);
    listened.onTicked((value) => values.push(value), { onEnd: (error) => ends.push(error) });
    const running = rejection(client.later(1));
    await settled();
    await Promise.all([peer.release(client), peer.release(client), peer.release(listened)]);
    expect(await rejection(client.inline(1))).toMatchObject({ status: 'unavailable', sent: false, detail: 'its client was given back' });
    topics.publisher.ticked(1);
    await settled();
    expect([values, ends]).toEqual([[1], []]);
    await cut(echo);
    expect(await running).toMatchObject({ status: 'unavailable', sent: true });
    expect(ends).toMatchObject([{ status: 'unavailable' }]);
    await back(echo);
    expect(echo.portcullis.hub.connection.session.callsOpen).toEqual([0, 0]);
    await idle();
  });
});

test('what listeners throw is logged and breaks nothing', async () => {
  const own = new MemoryLogger();
  const topics = await mock(Topics, {}, { connect: { logger } });
  const peer = reconnecting(() => topics.transport(), { logger: own });
  open.push(topics, peer);
  const client = await peer.bind(Topics);
  const boom = () => {
    throw new Error('boom');
  };
  peer.onState(boom);
  peer.always(() => boom);
  const values: number[] = [];
  client.onTicked((value) => values.push(value), { onAnew: boom, onEnd: boom });
  await settled();
  await cut(topics);
  await back(topics);
  topics.publisher.ticked(1);
  await settled();
  peer.close();
  expect(values).toEqual([1]);
  expect(own.lines.map(({ message }) => message)).toEqual([
    'portcullis: the end of what is always done threw',
    'portcullis: a state listener threw',
    'portcullis: a state listener threw',
    'portcullis: a state listener threw',
    'portcullis: `onAnew` of a subscription threw',
    'portcullis: the end of what is always done threw',
    'portcullis: a state listener threw',
    'portcullis: `onEnd` of a subscription threw',
  ]);
});
