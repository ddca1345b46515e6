// The page's side of every system: given a port, each gives a call to be awaited. Runs in Node and in a browser.
import { createTRPCClient, TRPCClientError } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { connect, messagePortTransport, openStream, unitCodec } from '../../../packages/client/src/index.ts';
import { Echo } from '../../../packages/client/test/generated/sample-echo.ts';

/** A stream of frames that waits for its reader; its codec does what a generated one does. */
const framesChannel = {
  name: 'bench.frames.all',
  method: 'all',
  ordinal: 0,
  kind: 'stream',
  deadlineMs: 60_000,
  idempotent: false,
  overflow: 'wait',
  depth: 16,
  digest: 0,
  // Four bytes of their own, which the other end reads without a decoder.
  args: { encode: (out, [count]) => out.raw(new Uint8Array(Uint32Array.of(count).buffer), 4) },
  reply: unitCodec,
  error: null,
  up: null,
  down: { encode: (out, value) => out.bytes(value), decode: (input) => input.bytes() },
};
const Frames = {
  name: 'bench.frames',
  version: 1,
  hash: '0'.repeat(32),
  channels: [framesChannel],
  client: (binding) => ({ all: (count, options) => openStream(binding, framesChannel, [count], undefined, options) }),
};

/** What is sent: a number, 16 characters and a float; 27 bytes in Portcullis' encoding, 51 with the frame's header. */
const request = (number) => ({ number: BigInt(number), text: 'abcdefghijklmnop', value: number + 0.25 });
const BARE_BYTES = 51;

/** Bytes to and fro, a promise for each: the least that a caller who waits for a reply can do. */
export function bare(port, transfer) {
  const waiting = [];
  let first = 0;
  port.onmessage = ({ data }) => {
    waiting[first++](new Uint8Array(data));
    if (first === waiting.length) first = waiting.length = 0;
  };
  return {
    call: async (number) => {
      const bytes = new Uint8Array(BARE_BYTES);
      bytes[0] = number;
      const reply = await new Promise((resolve) => {
        waiting.push(resolve);
        if (transfer) port.postMessage(bytes.buffer, [bytes.buffer]);
        else port.postMessage(bytes.buffer);
      });
      if (reply.length !== BARE_BYTES || reply[0] !== (number & 0xff)) throw new Error('another reply');
    },
  };
}

/** The client of Portcullis over a port; `changed` says how the other end answers. */
export async function portcullis(port, { copy, callStacks }, changed) {
  const connection = connect(messagePortTransport(port, { copy }), { interfaces: [Echo], callStacks });
  return typed(await connection.bind(Echo), changed);
}

/** Calls of a client that is bound, over whatever. */
export function typed(echo, changed) {
  return {
    call: async (number) => {
      const sent = request(number);
      const reply = await echo.call(sent);
      check(sent, reply, changed);
    },
  };
}

/** tRPC over a port, with the link of electron-trpc: one message for each operation, one for each answer. */
export function trpc(port) {
  const pending = new Map();
  port.onmessage = ({ data: response }) => {
    const callbacks = pending.get(response.id);
    callbacks?.next(response);
    if (response.result?.type === 'stopped') callbacks?.complete();
  };
  const link = () => ({ op }) =>
    observable((observer) => {
      const unsubscribe = () => pending.delete(op.id);
      pending.set(op.id, {
        next(response) {
          if ('error' in response) return observer.error(TRPCClientError.from(response));
          observer.next({ result: response.result });
          unsubscribe();
          observer.complete();
        },
        complete: () => observer.complete(),
      });
      const { id, type, path, input } = op;
      port.postMessage({ method: 'request', operation: { id, type, path, input } });
      return unsubscribe;
    });
  const client = createTRPCClient({ links: [link] });
  return {
    call: async (number) => {
      const sent = request(number);
      check(sent, await client.echo.mutate(sent), true);
    },
  };
}

function check(sent, reply, changed) {
  const number = changed ? sent.number + 1n : sent.number;
  const value = changed ? sent.value * 2 : sent.value;
  if (reply.number !== number || reply.value !== value || reply.text.length !== 16) throw new Error('another reply');
}

/** So many calls, of which `inFlight` are under way at a time, each task one after the other. */
export async function run({ call }, calls, inFlight) {
  let made = 0;
  const task = async () => {
    while (made < calls) await call(made++);
  };
  await Promise.all(Array.from({ length: inFlight }, task));
}

/** Frames of `bytes` bytes through a stream of Portcullis, read and looked at. */
export async function frames(port, { copy, views }) {
  const connection = connect(messagePortTransport(port, { copy }));
  const client = await connection.bind(Frames);
  return async (count, bytes) => {
    let got = 0;
    for await (const pixels of client.all(count, { bytes: views ? 'view' : 'copy' })) {
      if (pixels.length !== bytes || pixels[bytes - 1] !== 7) throw new Error('another frame');
      got += 1;
    }
    if (got !== count) throw new Error(`${got} frames of ${count}`);
  };
}

/** The same, posted bare: one is asked for when one has come, so that one is on its way while one is read. */
export const bareFrames = (port) => (count, bytes) =>
  new Promise((resolve, reject) => {
    let got = 0;
    port.onmessage = ({ data }) => {
      if (data.byteLength !== bytes || new Uint8Array(data)[bytes - 1] !== 7) return reject(new Error('another frame'));
      got += 1;
      if (got === count) resolve();
      else if (got + 1 < count) port.postMessage(1);
    };
    port.postMessage(Math.min(2, count));
  });
