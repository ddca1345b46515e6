/** Calls over a connection: their outcomes, their ends before time, and what is sent for them. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { toBytes } from '../src/codec/index.js';
import { ApplicationError, CallError, connect, memoryPair, type Transport } from '../src/index.js';
import { Echo } from './generated/sample-echo.js';
import { EchoErrorCodec } from './generated/types.js';
import { bound, connected, failureBody, FakeHub, pair, rejection, turn } from './support/hub.js';

const [call] = Echo.channels;
if (call === undefined) throw new Error('the sample contract has changed');

describe('outcomes', () => {
  test('a reply (R8)', async () => {
    const { client, hub } = await bound(Echo);
    const reply = client.call({ number: 7n, text: 'seven', value: 0.5 });
    const request = await hub.next('request');
    expect(request).toMatchObject({ binding: 5, ordinal: 0, id: 0x2_0000, budget: 5000 });
    expect(request.body).toEqual(toBytes(call.args, [{ number: 7n, text: 'seven', value: 0.5 }]));
    hub.end(request.id, 'ok', toBytes(call.reply, { number: 8n, text: 'seven', value: 1 }));
    expect(await reply).toEqual({ number: 8n, text: 'seven', value: 1 });
  });

  test('the same as a value', async () => {
    const { client, hub } = await bound(Echo);
    const outcome = client.nothing().result;
    hub.end((await hub.next('request')).id, 'ok');
    expect(await outcome).toEqual({ ok: true, value: undefined });
    const failed = client.fail(3n, []).result;
    hub.fail((await hub.next('request')).id, 'unavailable', 'gone');
    const seen = await failed;
    expect(seen.ok).toBe(false);
    if (seen.ok) return;
    expect(seen.error).toBeInstanceOf(CallError);
    expect(seen.error.status).toBe('unavailable');
  });

  test("the application's own error, typed (R13)", async () => {
    const { client, hub } = await bound(Echo);
    const promise = client.fail(3n, []);
    const error = { type: 'odd', number: 3n } as const;
    hub.end((await hub.next('request')).id, 'application', toBytes(EchoErrorCodec, error));
    const caught = await rejection(promise);
    expect(caught).toBeInstanceOf(ApplicationError);
    expect(caught.error).toEqual(error);
    expect(caught).toMatchObject({ status: 'application', channel: 'sample.echo.fail' });
  });

  test('a failure with all that it says, and where the call was made (R13)', async () => {
    const { client, hub } = await bound(Echo);
    const whoCalled = () => client.nothing();
    const promise = whoCalled();
    hub.end((await hub.next('request')).id, 'resource_exhausted', failureBody('slow down', 'list[3]', 99n, 1));
    const error = await rejection(promise);
    expect(error).toMatchObject({
      status: 'resource_exhausted',
      channel: 'sample.echo.nothing',
      path: 'list[3]',
      detail: 'slow down',
      correlation: 99n,
      retry: { type: 'later' },
    });
    expect(error.message).toBe('sample.echo.nothing: resource_exhausted at list[3]: slow down');
    expect(error.stack).toContain(error.message);
    expect(error.stack).toContain('whoCalled');
    expect(error.stack).not.toContain('runtime/binding');
  });

  test('a reply that cannot be read is `internal`, and ends nobody', async () => {
    const { client, hub, portcullis } = await bound(Echo);
    const promise = client.later(3);
    hub.end((await hub.next('request')).id, 'ok', Uint8Array.of(0x80));
    expect(await rejection(promise)).toMatchObject({ status: 'internal' });
    const other = client.nothing();
    hub.end((await hub.next('request')).id, 'ok', Uint8Array.of(1));
    expect(await rejection(other), 'bytes left over').toMatchObject({ status: 'internal' });
    const third = client.nothing();
    hub.end((await hub.next('request')).id, 'not_found', Uint8Array.of(1, 2));
    expect(await rejection(third), 'an unreadable failure').toMatchObject({ status: 'internal' });
    expect(portcullis.state.status).toBe('connected');
  });

  test('arguments that break the contract are not sent (R4)', async () => {
    const { client, hub } = await bound(Echo);
    const error = await rejection(client.join('longer than sixteen', null, 1));
    expect(error).toMatchObject({ status: 'invalid_argument', path: 'left', channel: 'sample.echo.join' });
    expect(await rejection(client.call({ number: -1n, text: '', value: 0 }))).toMatchObject({ path: 'request.number' });
    await turn();
    expect(hub.frames).toEqual([]);
    // The slot was not used up either.
    void client.nothing().result;
    expect((await hub.next('request')).id).toBe(0x2_0000);
  });

  test('a thousand at once keep their replies apart (R12)', async () => {
    const { client, hub } = await bound(Echo);
    const calls = Array.from({ length: 1000 }, (_, number) => client.inline(number));
    for (let left = 1000; left > 0; left--) {
      const request = await hub.next('request');
      setImmediate(() => hub.end(request.id, 'ok', request.body));
    }
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 1000 }, (_, number) => number));
  });

  test('more calls than the hub allows fail here (f16)', async () => {
    const { client, hub } = await bound(Echo, {}, { calls: 2 });
    const first = client.nothing();
    void client.nothing().result;
    expect(await rejection(client.nothing())).toMatchObject({ status: 'resource_exhausted', retry: { type: 'later' } });
    hub.end((await hub.next('request')).id, 'ok');
    await first;
    void client.nothing().result;
    expect((await hub.next('request')).id).toBe(0x1_0001);
  });

  test('a body beyond the frame limit of the hub fails here', async () => {
    const { client, hub } = await bound(Echo, {}, { frameBytes: 4096 });
    expect(await rejection(client.bytes(new Uint8Array(4096)))).toMatchObject({ status: 'resource_exhausted', retry: { type: 'never' } });
    void client.bytes(new Uint8Array(4096 - 24 - 2)).result;
    expect((await hub.next('request')).body.length).toBe(4096 - 24);
  });
});

describe('what ends a call early', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('its time: the declared one, or the one that is given (R16)', async () => {
    const { client, hub } = await bound(Echo);
    const never = client.never();
    const sooner = client.never({ timeoutMs: 30 });
    expect(await hub.next('request')).toMatchObject({ budget: 200 });
    expect(await hub.next('request')).toMatchObject({ budget: 30, id: 0x1_0001 });
    const errors = Promise.all([rejection(never), rejection(sooner)]);
    await vi.advanceTimersByTimeAsync(29);
    await turn();
    expect(hub.frames).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await hub.next('cancel')).toMatchObject({ id: 0x1_0001 });
    await vi.advanceTimersByTimeAsync(170);
    expect(await hub.next('cancel')).toMatchObject({ id: 0x2_0000 });
    for (const error of await errors) {
      expect(error).toMatchObject({ status: 'deadline_exceeded', channel: 'sample.echo.never', retry: { type: 'never' } });
      expect(error.stack).toContain('calls.test');
    }
  });

  test('there is one timer for all calls, and none when none is open', async () => {
    const { client, hub } = await bound(Echo);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
    const calls = Array.from({ length: 50 }, (_, n) => client.inline(n, { timeoutMs: 1000 + n }));
    expect(vi.getTimerCount()).toBe(1);
    for (const _ of calls) {
      const request = await hub.next('request');
      hub.end(request.id, 'ok', request.body);
    }
    await Promise.all(calls);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('no time at all: it is not sent', async () => {
    const { client, hub } = await bound(Echo);
    for (const timeoutMs of [0, -1, Number.NaN]) {
      expect(await rejection(client.nothing({ timeoutMs }))).toMatchObject({ status: 'deadline_exceeded' });
    }
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('its signal (R12)', async () => {
    const { client, hub } = await bound(Echo);
    const controller = new AbortController();
    const call = client.never({ signal: controller.signal });
    const { id } = await hub.next('request');
    controller.abort(new Error('changed my mind'));
    const error = await rejection(call);
    expect(error).toMatchObject({ status: 'cancelled' });
    expect(error.cause.message).toBe('changed my mind');
    expect(await hub.next('cancel')).toMatchObject({ id });
    // f13: the reply that was under way.
    hub.end(id, 'ok');
    await turn();
    const after = await rejection(client.nothing({ signal: controller.signal }));
    expect(after).toMatchObject({ status: 'cancelled' });
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('a signal that outlives many calls holds none of them', async () => {
    const { client, hub } = await bound(Echo);
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    for (let n = 0; n < 10; n++) {
      const call = client.inline(n, { signal: controller.signal });
      hub.end((await hub.next('request')).id, 'ok', Uint8Array.of(n));
      await call;
    }
    expect(add).toHaveBeenCalledTimes(10);
    expect(remove).toHaveBeenCalledTimes(10);
  });

  test('the call that it is made for: its time and its end', async () => {
    const { client, hub } = await bound(Echo);
    const controller = new AbortController();
    const parent = { channel: 'x', signal: controller.signal, remainingMs: () => 120 };
    const call = client.never({ parent });
    expect(await hub.next('request')).toMatchObject({ budget: 120 });
    controller.abort();
    expect(await rejection(call)).toMatchObject({ status: 'cancelled' });
    const shorter = client.never({ parent: { ...parent, signal: new AbortController().signal }, timeoutMs: 50 });
    expect(await hub.next('request')).toMatchObject({ budget: 50 });
    void shorter.result;
  });
});

describe('the connection', () => {
  test('calls that are made before it stands wait (R17)', async () => {
    const { portcullis, hub } = pair({ interfaces: [Echo] });
    expect(portcullis.state).toEqual({ status: 'connecting' });
    const states: unknown[] = [];
    portcullis.onState((state) => states.push(state));
    const binding = portcullis.bind(Echo);
    await turn();
    expect(hub.messages.flat().map(({ kind }) => kind)).toEqual(['hello']);
    await hub.welcome();
    const request = await hub.bound(9);
    expect(request).toMatchObject({ binding: 0, ordinal: 0, id: 0x1_0000 });
    const client = await binding;
    expect(states).toEqual([{ status: 'connected', peer: 7, label: 'viewer-1', role: 'viewer' }]);
    void client.nothing().result;
    expect(await hub.next('request')).toMatchObject({ binding: 9 });
  });

  test('they wait no longer than their time, and never leave then', async () => {
    const { portcullis, hub } = pair();
    const late = await rejection(portcullis.bind(Echo, 'any', { timeoutMs: 20 }));
    expect(late).toMatchObject({ status: 'deadline_exceeded', channel: 'portcullis.hub.bind' });
    expect(late.stack).toContain('calls.test');
    await hub.welcome();
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('while they wait their budget shrinks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { portcullis, hub } = pair();
      const binding = portcullis.bind(Echo, 'any', { timeoutMs: 1000 });
      await vi.advanceTimersByTimeAsync(400);
      await hub.welcome();
      expect(await hub.next('request')).toMatchObject({ budget: 600 });
      const ended = rejection(binding);
      portcullis.close();
      await ended;
    } finally {
      vi.useRealTimers();
    }
  });

  test('one turn, one message', async () => {
    const { client, hub } = await bound(Echo);
    const before = hub.messages.length;
    for (let n = 0; n < 100; n++) void client.inline(n).result;
    client.tell('hello');
    await turn();
    expect(hub.messages.length).toBe(before + 1);
    expect(hub.messages.at(-1)?.length).toBe(101);
  });

  test('large bodies go in messages of their own', async () => {
    const { client, hub } = await bound(Echo);
    const before = hub.messages.length;
    for (let n = 0; n < 3; n++) void client.bytes(new Uint8Array(100_000)).result;
    void client.bytes(new Uint8Array(30_000)).result;
    void client.bytes(new Uint8Array(30_000)).result;
    await turn();
    expect(hub.messages.slice(before).map((frames) => frames.length)).toEqual([1, 1, 1, 2]);
  });

  test('its loss is told to every caller, once, and to those who call later (R14)', async () => {
    const { client, hub, portcullis } = await bound(Echo);
    const calls = [client.nothing(), client.never()];
    await hub.next('request');
    hub.transport.close();
    for (const call of calls) {
      const error = await rejection(call);
      expect(error).toMatchObject({ status: 'unavailable' });
      expect(error.stack).toContain('calls.test');
    }
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'transport_lost' });
    expect(await rejection(client.nothing())).toMatchObject({ status: 'unavailable' });
    expect(await rejection(portcullis.bind(Echo))).toMatchObject({ status: 'unavailable' });
    client.tell('nobody');
  });

  test('a goodbye of the hub', async () => {
    const { client, hub, portcullis } = await bound(Echo);
    const call = client.nothing();
    const states: unknown[] = [];
    portcullis.onState((state) => states.push(state));
    await turn();
    hub.goodbye('revoked', 'you may no longer');
    expect(await rejection(call)).toMatchObject({ status: 'unavailable', detail: 'the connection ended: you may no longer' });
    expect(states).toEqual([{ status: 'closed', reason: 'revoked', message: 'you may no longer' }]);
    await turn();
    expect(hub.closed).toBeDefined();
    expect(hub.frames.map(({ kind }) => kind)).toEqual(['request']);
  });

  test('close: what was sent leaves, then a goodbye', async () => {
    const { client, hub, portcullis } = await bound(Echo);
    client.tell('last words');
    const call = client.nothing();
    portcullis.close('done');
    portcullis.close('again');
    expect(await rejection(call)).toMatchObject({ status: 'unavailable' });
    await turn();
    expect(hub.frames.map(({ kind }) => kind)).toEqual(['notify', 'request', 'goodbye']);
    expect(new TextDecoder().decode(hub.frames.at(-1)?.body)).toBe('done');
    expect(hub.closed).toBeDefined();
    expect(portcullis.state).toEqual({ status: 'closed', reason: 'closed', message: 'done' });
  });

  test('a violation of the hub ends it with a typed reason (R15)', async () => {
    const { client, hub, portcullis } = await bound(Echo);
    const call = client.nothing();
    await hub.next('request');
    hub.end(0x9_0001, 'ok');
    expect(await rejection(call)).toMatchObject({ status: 'unavailable' });
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'unknown_id' });
    expect(await hub.next('goodbye')).toMatchObject({ ordinal: 38 });
  });

  test('a state listener that throws is logged, and others are told', async () => {
    const { portcullis, logger } = await connected();
    const states: string[] = [];
    portcullis.onState(() => {
      throw new Error('broken');
    });
    portcullis.onState(({ status }) => states.push(status));
    const off = portcullis.onState(() => states.push('never'));
    off();
    portcullis.close();
    expect(states).toEqual(['closed']);
    expect(logger.lines.length).toBe(1);
  });

  test('hello says what this client was built with', async () => {
    const { hub } = pair({ interfaces: [Echo], client: 'tester', limits: { calls: 3 } });
    const hello = await hub.next('hello');
    const text = new TextDecoder('latin1').decode(hello.body);
    expect(text).toContain('tester');
    expect(text).toContain('sample.echo');
  });

  test('a full transport holds data back, where a cancel takes it back whole', async () => {
    const [near, far] = memoryPair();
    let bufferedAmount = 0;
    const full: Transport = {
      get onMessage() {
        return near.onMessage;
      },
      set onMessage(listener) {
        near.onMessage = listener;
      },
      onClose: undefined,
      onDrain: undefined,
      send: (bytes) => near.send(bytes),
      close: () => near.close(),
      get bufferedAmount() {
        return bufferedAmount;
      },
    };
    const hub = new FakeHub(far);
    const portcullis = connect(full);
    await hub.welcome();
    const binding = portcullis.bind(Echo);
    await hub.bound(5);
    const client = await binding;
    bufferedAmount = 2 << 20;
    client.tell('one');
    await turn();
    client.tell('two');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(hub.frames).toEqual([]);
    bufferedAmount = 0;
    full.onDrain?.();
    await turn();
    expect(hub.frames.map(({ kind }) => kind)).toEqual(['notify', 'notify']);
    bufferedAmount = 2 << 20;
    client.tell('three');
    await turn();
    bufferedAmount = 0;
    expect(await hub.next('notify'), 'without being told').toBeDefined();
  });
});

describe('bindings', () => {
  test('targets', async () => {
    const { portcullis, hub } = await connected();
    const targets = ['any', { label: 'worker-2' }, { instance: 'left' }] as const;
    const tails = ['00', '01', '02'];
    for (const [at, target] of targets.entries()) {
      void portcullis.bind(Echo, target);
      const request = await hub.bound(at + 1);
      const name = String.fromCharCode(...request.body.slice(1, 12));
      expect(name).toBe('sample.echo');
      expect(request.body[29]?.toString().padStart(2, '0')).toBe(tails[at]);
    }
  });

  test('none there', async () => {
    const { portcullis, hub } = await connected();
    const binding = portcullis.bind(Echo);
    hub.fail((await hub.next('request')).id, 'unavailable', 'nobody serves it');
    expect(await rejection(binding)).toMatchObject({ status: 'unavailable', detail: 'nobody serves it' });
  });

  test('one whose instance has left sends nothing more (R14)', async () => {
    const { client, hub } = await bound(Echo);
    hub.send('unbound', { binding: 5 });
    hub.send('unbound', { binding: 77 });
    await turn();
    expect(await rejection(client.nothing())).toMatchObject({ status: 'unavailable' });
    expect(await rejection(client.inline(1)).then((error) => error.retry)).toEqual({ type: 'later' });
    expect(await rejection(client.join('', null, 1)).then((error) => error.retry)).toEqual({ type: 'later' });
    client.tell('nobody');
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('unbound right behind the reply of bind', async () => {
    const { portcullis, hub } = await connected();
    const binding = portcullis.bind(Echo);
    void hub.bound(5);
    await turn();
    hub.send('unbound', { binding: 5 });
    const client = await binding;
    await turn();
    expect(await rejection(client.nothing())).toMatchObject({ status: 'unavailable' });
  });

  test('released', async () => {
    const { client, hub, portcullis } = await bound(Echo);
    const released = portcullis.release(client);
    const request = await hub.next('request');
    expect(request).toMatchObject({ binding: 0, ordinal: 1 });
    expect([...request.body]).toEqual([5]);
    hub.end(request.id, 'ok');
    await released;
    await portcullis.release(client);
    expect(await rejection(client.nothing())).toMatchObject({ status: 'unavailable' });
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('one that comes when nobody waits for it any more is given back', async () => {
    const { portcullis, hub } = await connected();
    const controller = new AbortController();
    const binding = portcullis.bind(Echo, 'any', { signal: controller.signal });
    await turn();
    controller.abort();
    expect(await rejection(binding)).toMatchObject({ status: 'cancelled' });
    await hub.bound(12);
    const release = await hub.next('request');
    expect(release).toMatchObject({ binding: 0, ordinal: 1 });
    expect([...release.body]).toEqual([12]);
  });
});
