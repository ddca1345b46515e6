/** Transports: each carries the same conversation, and tells once of its end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { toBytes } from '../src/codec/index.js';
import { connect, connectWithTicket, memoryPair, messagePortTransport, type Transport, webSocketTransport } from '../src/index.js';
import { Assembler } from '../src/node/assembler.js';
import { socketTransport, unixTransport } from '../src/node/index.js';
import { Echo } from './generated/sample-echo.js';
import { buildFrame, joinBytes, wholeBytes } from './support/bytes.js';
import { FakeHub, MemoryLogger, rejection, turn } from './support/hub.js';
import { Random } from './support/random.js';

const [call, bytes] = Echo.channels;
if (!call || !bytes) throw new Error('the sample contract has changed');

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const one of cleanUp.splice(0)) one();
  vi.unstubAllGlobals();
});

/** A hub behind a Unix socket, and the client's end of it. */
async function unixPair(): Promise<[Transport, Transport]> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-'));
  const path = join(folder, 'hub');
  const accepted = new Promise<Socket>((resolve, reject) => {
    const server: Server = createServer(resolve);
    server.on('error', reject);
    server.listen(path);
    cleanUp.push(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
  });
  await turn();
  const near = unixTransport({ path });
  return [near, socketTransport(await accepted)];
}

function portPair(copy: boolean): [Transport, Transport] {
  const { port1, port2 } = new MessageChannel();
  return [messagePortTransport(port1, { copy }), messagePortTransport(port2, { copy })];
}

const transports: [string, () => Promise<[Transport, Transport]> | [Transport, Transport]][] = [
  ['memory', memoryPair],
  ['message port', () => portPair(false)],
  ['message port that copies', () => portPair(true)],
  ['unix socket', unixPair],
];

describe.each(transports)('%s', (_, make) => {
  test('carries calls both small and large', async () => {
    const [near, far] = await make();
    const hub = new FakeHub(far);
    const portcullis = connect(near);
    await hub.welcome();
    const binding = portcullis.bind(Echo);
    await hub.bound(5);
    const client = await binding;
    const large = new Random(1).bytes(3_000_000);
    const replies = [client.call({ number: 1n, text: 'a', value: 1 }), client.bytes(large), client.bytes(new Uint8Array(0))];
    for (let n = 0; n < 3; n++) {
      const request = await hub.next('request');
      if (n === 0) hub.end(request.id, 'ok', toBytes(call.reply, { number: 2n, text: 'b', value: 2 }));
      else hub.end(request.id, 'ok', request.body);
      if (request.body.length > 1_000_000) hub.send('window', { budget: request.body.length + 24 });
    }
    const [small, same, none] = await Promise.all(replies);
    expect(small).toEqual({ number: 2n, text: 'b', value: 2 });
    expect(Buffer.compare(same as Uint8Array, large)).toBe(0);
    expect(none).toEqual(new Uint8Array(0));
    portcullis.close();
    await vi.waitFor(() => expect(hub.closed).toBeDefined());
    expect(hub.frames.at(-1)?.kind).toBe('goodbye');
  });

  test('tells of the loss of the other end, once', async () => {
    const [near, far] = await make();
    const hub = new FakeHub(far);
    const portcullis = connect(near, { logger: new MemoryLogger() });
    const ends: string[] = [];
    portcullis.onState((state) => ends.push(state.status === 'closed' ? state.reason : state.status));
    await hub.welcome();
    await vi.waitFor(() => expect(portcullis.state.status).toBe('connected'));
    const binding = rejection(portcullis.bind(Echo));
    await hub.next('request');
    far.close();
    far.close();
    expect(await binding).toMatchObject({ status: 'unavailable' });
    near.send(buildFrame('ping'));
    near.close();
    await turn();
    expect(ends).toEqual(['connected', 'transport_lost']);
  });

  test('is quiet after its own close', async () => {
    const [near, far] = await make();
    const closed = vi.fn();
    const message = vi.fn(() => 0);
    near.onClose = closed;
    near.onMessage = message;
    near.close();
    near.close();
    far.send(buildFrame('ping'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(closed).not.toHaveBeenCalled();
    expect(message).not.toHaveBeenCalled();
    far.close();
  });
});

describe('unix socket', () => {
  test('nobody there', async () => {
    const portcullis = connect(unixTransport({ path: join(tmpdir(), 'portcullis-nobody-is-here') }));
    expect(await rejection(portcullis.bind(Echo))).toMatchObject({ status: 'unavailable' });
    expect(portcullis.state).toMatchObject({ reason: 'transport_lost', message: expect.stringContaining('ENOENT') });
  });

  test('frames are put together from any pieces (f01)', () => {
    const frames = [0, 1, 5000, 3, 20_000].map((size) => buildFrame('notify', { body: new Random(size).bytes(size) }));
    const all = joinBytes(...frames);
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const assembler = new Assembler();
      const seen: Uint8Array[] = [];
      for (let at = 0; at < all.length; ) {
        const end = Math.min(all.length, at + 1 + random.below(seed < 10 ? 10 : 9000));
        assembler.push(all.slice(at, end), (input) => {
          const used = wholeBytes(input);
          seen.push(input.slice(0, used));
          return used;
        });
        at = end;
      }
      expect(Buffer.compare(joinBytes(...seen), all)).toBe(0);
    }
  });
});

/** Enough of a WebSocket to drive the transport. */
class FakeSocket {
  static made: FakeSocket[] = [];
  binaryType = 'blob';
  bufferedAmount = 0;
  sent: Uint8Array[] = [];
  closes = 0;
  onopen: (() => void) | undefined;
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onclose: ((event: { code: number; reason: string }) => void) | undefined;

  constructor(
    readonly url: string | URL,
    readonly protocols: string[],
  ) {
    FakeSocket.made.push(this);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  close(): void {
    this.closes++;
  }
}

describe('WebSocket', () => {
  function make(ticket?: string) {
    vi.stubGlobal('WebSocket', FakeSocket);
    const transport = webSocketTransport('ws://127.0.0.1:1/connect', ticket);
    const socket = FakeSocket.made.at(-1) as FakeSocket;
    return { transport, socket };
  }

  test('keeps what is sent before it stands, in order', () => {
    const { transport, socket } = make('00ff');
    expect(socket.protocols).toEqual(['portcullis.v1', 'ticket.00ff']);
    expect(String(socket.url)).not.toContain('00ff');
    expect(socket.binaryType).toBe('arraybuffer');
    const drained = vi.fn();
    transport.onDrain = drained;
    transport.send(Uint8Array.of(1));
    transport.send(Uint8Array.of(2, 3));
    expect(transport.bufferedAmount).toBe(3);
    socket.onopen?.();
    expect(drained).toHaveBeenCalledOnce();
    socket.bufferedAmount = 7;
    expect(transport.bufferedAmount).toBe(7);
    transport.send(Uint8Array.of(4));
    expect(socket.sent.map((one) => [...one])).toEqual([[1], [2, 3], [4]]);
  });

  test('hands messages on, and ends on text', () => {
    const { transport, socket } = make();
    expect(socket.protocols).toEqual(['portcullis.v1']);
    const seen: number[][] = [];
    const why: string[] = [];
    transport.onMessage = (message) => seen.push([...message]);
    transport.onClose = (reason) => why.push(reason);
    socket.onopen?.();
    socket.onmessage?.({ data: Uint8Array.of(5, 6).buffer });
    socket.onmessage?.({ data: 'text' });
    socket.onmessage?.({ data: Uint8Array.of(7).buffer });
    socket.onclose?.({ code: 1000, reason: '' });
    transport.send(Uint8Array.of(1));
    expect(seen).toEqual([[5, 6]]);
    expect(why).toEqual(['the hub sent text']);
    expect(socket.closes).toBe(1);
    expect(socket.sent).toEqual([]);
  });

  test('tells why it closed, unless it was closed here', () => {
    const one = make();
    const why: string[] = [];
    one.transport.onClose = (reason) => why.push(reason);
    one.socket.onclose?.({ code: 1008, reason: 'no room' });
    one.socket.onclose?.({ code: 1008, reason: 'no room' });
    expect(why).toEqual(['the WebSocket closed (1008: no room)']);
    const two = make();
    two.transport.onClose = (reason) => why.push(reason);
    two.transport.close();
    two.socket.onclose?.({ code: 1005, reason: '' });
    expect(why.length).toBe(1);
    expect(two.socket.closes).toBe(1);
  });
});

describe('connectWithTicket', () => {
  test('asks for a ticket with the cookie of the page, and shows it once', async () => {
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('location', { origin: 'http://127.0.0.1:7777' });
    const asked = vi.fn(async (_url: URL, _init: RequestInit) => new Response('0123abcd\n'));
    vi.stubGlobal('fetch', asked);
    await connectWithTicket({ window: 'viewer' });
    const [url, init] = asked.mock.calls[0] ?? [];
    expect(String(url)).toBe('http://127.0.0.1:7777/ticket');
    expect(init).toMatchObject({ method: 'POST', credentials: 'same-origin', redirect: 'error' });
    expect(String(init?.body)).toBe('window=viewer');
    const socket = FakeSocket.made.at(-1) as FakeSocket;
    expect(String(socket.url)).toBe('ws://127.0.0.1:7777/connect');
    expect(socket.protocols).toEqual(['portcullis.v1', 'ticket.0123abcd']);
    await connectWithTicket({ window: 'log', base: 'https://127.0.0.1:9' });
    expect(String(FakeSocket.made.at(-1)?.url)).toBe('wss://127.0.0.1:9/connect');
  });

  test('without one it opens nothing', async () => {
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('fetch', async () => new Response('', { status: 403 }));
    const before = FakeSocket.made.length;
    const error = await rejection(connectWithTicket({ window: 'viewer', base: 'http://127.0.0.1:7777' }));
    expect(error.message).toContain('403');
    expect(FakeSocket.made.length).toBe(before);
  });
});
