/** Serving: what handlers get and what becomes of what they do; every call of the hub's ends exactly once. */
import { describe, expect, test, vi } from 'vitest';
import { fromBytes, toBytes } from '../src/codec/index.js';
import { ApplicationError, CallError, type CallContext, serve } from '../src/index.js';
import { Echo, type EchoHandlers } from './generated/sample-echo.js';
import { Topics } from './generated/sample-topics.js';
import { buildFrame, type Frame } from './support/bytes.js';
import { CALLEE, connected, readFailure, rejection, statusOf, turn } from './support/hub.js';
import { ask, channel, echo, flow, flows, nextId } from './support/serving.js';

describe('a call', () => {
  test('gets its arguments and answers with its reply (R8)', async () => {
    const self = {
      suffix: '!',
      join(left: string, right: string | null, times: number, cx: CallContext) {
        return `${left}${right}${times}${cx.channel}${this.suffix}`;
      },
      later: async (ms: number) => ms + 1,
    };
    const { hub, request } = await echo(self as never);
    expect(request).toMatchObject({ binding: 0, ordinal: 2 });
    const joined = ask(hub, channel('join'), ['a', null, 3]);
    const end = await hub.next('end');
    expect(end).toMatchObject({ id: joined, ordinal: 0 });
    expect(fromBytes(channel('join').reply, end.body)).toBe('anull3sample.echo.join!');
    ask(hub, channel('later'), [4]);
    expect(fromBytes(channel('later').reply, (await hub.next('end')).body)).toBe(5);
  });

  test('begins in the order in which it came, and ends in any', async () => {
    const begun: number[] = [];
    const release: (() => void)[] = [];
    const { hub } = await echo({
      later: (ms) => {
        begun.push(ms);
        return new Promise((resolve) => release.push(() => resolve(ms)));
      },
    });
    const ids = [10, 20, 30].map((ms) => ask(hub, channel('later'), [ms]));
    await turn();
    expect(begun).toEqual([10, 20, 30]);
    for (const at of [2, 0, 1]) {
      release[at]?.();
      expect((await hub.next('end')).id).toBe(ids[at]);
    }
  });

  test('that throws its own error', async () => {
    const { hub, logger } = await echo({
      fail: (number) => {
        throw new ApplicationError({ type: 'odd', number });
      },
    });
    ask(hub, channel('fail'), [3n, []]);
    const end = await hub.next('end');
    expect(statusOf(end)).toBe('application');
    expect(fromBytes(channel('fail').error as never, end.body)).toEqual({ type: 'odd', number: 3n });
    expect(logger.lines).toEqual([]);
  });

  test('that throws a status', async () => {
    const { hub } = await echo({
      refuse: async (detail) => {
        throw new CallError('failed_precondition', { channel: '', path: 'lens', message: detail, retry: { type: 'later' } });
      },
    });
    ask(hub, channel('refuse'), ['cover is on']);
    const end = await hub.next('end');
    expect(statusOf(end)).toBe('failed_precondition');
    expect(readFailure(end.body)).toEqual({ channel: 'sample.echo.refuse', path: 'lens', message: 'cover is on', retry: 1, correlation: 0n });
  });

  test('that throws anything else is `internal`: the caller gets a number, the log what it stands for', async () => {
    const secret = new Error('password is 1234');
    const { hub, logger, portcullis } = await echo({
      panic: () => {
        throw secret;
      },
    });
    ask(hub, channel('panic'), ['']);
    const end = await hub.next('end');
    expect(statusOf(end)).toBe('internal');
    const failure = readFailure(end.body);
    expect(failure.message).not.toContain('1234');
    expect(failure.correlation).not.toBe(0n);
    expect(logger.lines).toEqual([{ message: `portcullis: sample.echo.panic threw [${failure.correlation.toString(16)}]`, details: [secret] }]);
    expect(portcullis.state.status).toBe('connected');
  });

  test('whose reply or error breaks the contract is `internal`', async () => {
    const { hub, logger } = await echo({
      later: () => -1,
      fail: () => {
        throw new ApplicationError({ type: 'unheard of' });
      },
      nothing: () => {
        throw new ApplicationError('there is none declared');
      },
    });
    ask(hub, channel('later'), [1]);
    ask(hub, channel('fail'), [1n, []]);
    ask(hub, channel('nothing'), []);
    for (let n = 0; n < 3; n++) expect(statusOf(await hub.next('end'))).toBe('internal');
    expect(logger.lines.length).toBe(3);
  });

  test('whose arguments cannot be read is `internal`, and ends nobody', async () => {
    const join = vi.fn(() => '');
    const { hub, portcullis } = await echo({ join });
    hub.send('request', { binding: 3, ordinal: channel('join').ordinal, id: 0x50_0000, body: Uint8Array.of(1) });
    expect(statusOf(await hub.next('end'))).toBe('internal');
    expect(join).not.toHaveBeenCalled();
    expect(portcullis.state.status).toBe('connected');
  });

  test('on what is not served', async () => {
    const { hub } = await echo({});
    const seen: Record<string, string> = {};
    const cases: [string, Partial<Frame>][] = [
      ['no handler', { binding: 3, ordinal: channel('nothing').ordinal }],
      ['no such channel', { binding: 3, ordinal: 99 }],
      ['a notification as a call', { binding: 3, ordinal: channel('tell').ordinal }],
      ['no such export', { binding: 4, ordinal: 0 }],
    ];
    for (const [what, fields] of cases) {
      hub.send('request', { id: nextId(), ...fields });
      seen[what] = statusOf(await hub.next('end'));
    }
    expect(seen).toEqual({
      'no handler': 'unimplemented',
      'no such channel': 'unimplemented',
      'a notification as a call': 'unimplemented',
      'no such export': 'unavailable',
    });
  });

  test('to a peer that serves nothing at all', async () => {
    const { hub } = await connected();
    hub.send('request', { binding: 1, id: 0x1_0000 });
    hub.send('notify', { binding: 1 });
    expect(statusOf(await hub.next('end'))).toBe('unimplemented');
  });
});

describe('serving itself', () => {
  test('refused by the hub', async () => {
    const { portcullis, hub } = await connected();
    const served = serve(portcullis, Echo, {} as EchoHandlers);
    hub.fail((await hub.next('request')).id, 'permission_denied');
    const error = await rejection(served);
    expect(error).toMatchObject({ status: 'permission_denied', channel: 'portcullis.hub.serve' });
    expect(error.stack).toContain('serve.test');
  });

  test('an export that comes too late is withdrawn', async () => {
    const { portcullis, hub } = await connected();
    const controller = new AbortController();
    const served = serve(portcullis, Echo, {} as EchoHandlers, { signal: controller.signal });
    await turn();
    controller.abort();
    await rejection(served);
    await hub.served(6);
    expect(await hub.next('request')).toMatchObject({ binding: 0, ordinal: 3, body: Uint8Array.of(6) });
  });

  test('a request right behind the reply of serve', async () => {
    const { portcullis, hub } = await connected();
    const served = serve(portcullis, Echo, { nothing: () => undefined } as Partial<EchoHandlers> as EchoHandlers);
    const { id } = await hub.next('request');
    hub.sendAll(
      buildFrame('end', { id, body: Uint8Array.of(3) }),
      buildFrame('request', { id: 0x1_0000, binding: 3, ordinal: channel('nothing').ordinal, budget: 9 }),
    );
    expect(statusOf(await hub.next('end'))).toBe('ok');
    await served;
  });

  test('its publisher publishes on the export', async () => {
    const { portcullis, hub } = await connected();
    const served = serve(portcullis, Topics, { emit: () => undefined });
    await hub.served(11);
    const { publisher, withdraw } = await served;
    publisher.level(7n);
    expect(await hub.next('publish')).toMatchObject({ binding: 11, ordinal: 6, id: 0, body: Uint8Array.of(7) });
    void withdraw();
    publisher.level(8n);
    await turn();
    expect(hub.frames.map(({ kind }) => kind)).toEqual(['request']);
  });

  test('notifications', async () => {
    const told: unknown[] = [];
    const { hub, logger, portcullis } = await echo({
      tell: (text, cx) => {
        told.push([text, cx.channel, cx.signal.aborted, cx.remainingMs() > 0]);
        if (text === 'throw') throw new Error('broken');
      },
    });
    const { ordinal, args } = channel('tell');
    for (const text of ['one', 'throw', 'two']) hub.send('notify', { binding: 3, ordinal, body: toBytes(args, [text]) });
    hub.send('notify', { binding: 3, ordinal: channel('nothing').ordinal });
    hub.send('notify', { binding: 9, ordinal });
    hub.send('notify', { binding: 3, ordinal, body: Uint8Array.of(9) });
    await turn();
    expect(told).toEqual(['one', 'throw', 'two'].map((text) => [text, 'sample.echo.tell', false, true]));
    expect(logger.lines.length).toBe(2);
    expect(hub.frames).toEqual([]);
    expect(portcullis.state.status).toBe('connected');
  });
});

describe('a stream', () => {
  test('sends what its generator yields as credit comes, then what it returns', async () => {
    const pulled: number[] = [];
    const { hub } = await flows(
      {
        count: async function* (count) {
          for (let n = 0; n < count; n++) {
            pulled.push(n);
            yield n;
          }
          return { items: count, sum: 9n };
        },
      },
      {},
      { streamItems: 2 },
    );
    const id = ask(hub, flow('count'), [5, null]);
    await turn();
    expect(pulled).toEqual([0, 1]);
    expect(hub.frames.map(({ kind, flags, body }) => [kind, flags, body[0]])).toEqual([['item', CALLEE, 0], ['item', CALLEE, 1]]);
    hub.send('credit', { id, ordinal: 9, budget: 100 });
    const end = await hub.next('end');
    expect(pulled.length).toBe(5);
    expect(fromBytes(flow('count').reply, end.body)).toEqual({ items: 5, sum: 9n });
  });

  test('reads what comes up, and gives credit as it is read', async () => {
    let proceed = () => {};
    const { hub } = await flows(
      {
        sum: async (items) => {
          let total = 0n;
          await new Promise<void>((resolve) => (proceed = resolve));
          for await (const item of items) total += BigInt(item);
          return { items: 0, sum: total };
        },
      },
      { limits: { streamItems: 2 } },
    );
    const id = ask(hub, flow('sum'), []);
    hub.send('item', { id, body: Uint8Array.of(4) });
    hub.send('item', { id, body: Uint8Array.of(5) });
    await turn();
    expect(hub.frames).toEqual([]);
    proceed();
    expect(await hub.next('credit')).toMatchObject({ id, flags: CALLEE, ordinal: 1, budget: 1 });
    await hub.next('credit');
    hub.send('item', { id, body: Uint8Array.of(6) });
    hub.send('finish', { id });
    const end = await hub.next('end');
    expect(fromBytes(flow('sum').reply, end.body)).toEqual({ items: 0, sum: 15n });
  });

  test('in both directions, and its generator is told when the caller leaves', async () => {
    let over: unknown;
    const { hub } = await flows({
      mirror: async function* (items) {
        try {
          for await (const item of items) yield item;
        } catch (error) {
          over = error;
        }
      },
    });
    const id = ask(hub, flow('mirror'), []);
    hub.send('item', { id, body: toBytes(flow('mirror').up as never, 'x') });
    expect((await hub.next('item')).body).toEqual(toBytes(flow('mirror').down as never, 'x'));
    hub.send('cancel', { id });
    expect(statusOf(await hub.next('end'))).toBe('cancelled');
    await turn();
    expect(over).toMatchObject({ status: 'cancelled' });
    expect(hub.frames).toEqual([]);
  });

  test('stops its generator when the caller cancels, also while it waits for credit', async () => {
    let over = false;
    const { hub } = await flows(
      {
        count: async function* () {
          try {
            for (let n = 0; ; n++) yield n;
          } finally {
            over = true;
          }
        },
      },
      {},
      { streamItems: 1 },
    );
    const id = ask(hub, flow('count'), [1, null]);
    await hub.next('item');
    hub.send('cancel', { id });
    await hub.next('end');
    await turn();
    expect(over).toBe(true);
  });

  test('fails with its own error behind its items; an item that breaks the contract is `internal`', async () => {
    const { hub, logger } = await flows({
      count: async function* (count) {
        yield 1;
        if (count === 1) throw new ApplicationError({ type: 'broken', after: 1 });
        yield -5;
        return { items: 0, sum: 0n };
      },
    });
    ask(hub, flow('count'), [1, null]);
    await hub.next('item');
    expect(statusOf(await hub.next('end'))).toBe('application');
    ask(hub, flow('count'), [2, null]);
    await hub.next('item');
    expect(statusOf(await hub.next('end'))).toBe('internal');
    expect(logger.lines.length).toBe(1);
    expect(hub.frames).toEqual([]);
  });

  test('that drops the oldest keeps the newest for a slow caller, and says how many were missed', async () => {
    const depth = flow('pictures').depth;
    let finish = () => {};
    const over = new Promise<void>((resolve) => (finish = resolve));
    const { hub } = await flows(
      {
        pictures: async function* (count) {
          for (let sequence = 0; sequence < count; sequence++) yield { sequence, pixels: new Uint8Array(1) };
          finish();
          return { items: count, sum: 0n };
        },
      },
      {},
      { streamItems: 1 },
    );
    const count = depth + 50;
    const id = ask(hub, flow('pictures'), [count, 1], 60_000);
    const first = await hub.next('item');
    // Until the generator has run to its end.
    await over;
    await turn();
    hub.send('credit', { id, ordinal: 1000, budget: 100_000 });
    await hub.next('end');
    const items = [first, ...hub.frames.filter(({ kind }) => kind === 'item')];
    const seen = items.map(({ body }) => (fromBytes(flow('pictures').down as never, body) as { sequence: number }).sequence);
    expect(seen.at(-1)).toBe(count - 1);
    expect(seen.length).toBeLessThanOrEqual(depth + 2);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const missed = items.reduce((sum, { ordinal }) => sum + ordinal, 0);
    expect(seen.length + missed).toBe(count);
  });

  test('an item up that cannot be read is `internal`', async () => {
    const { hub, portcullis } = await flows({ sum: async (items) => {
      for await (const item of items) void item;
      return { items: 0, sum: 0n };
    } });
    const id = ask(hub, flow('sum'), []);
    hub.send('item', { id, body: Uint8Array.of(0x80) });
    expect(statusOf(await hub.next('end'))).toBe('internal');
    expect(portcullis.state.status).toBe('connected');
  });
});
