// The other end of the port for every system. Runs in a worker of Node or of a browser.
import { callTRPCProcedure, initTRPC, transformTRPCResponse } from '@trpc/server';
import { connect, messagePortTransport, serve } from '../../../packages/client/src/index.ts';
import { TestHub } from '../../../packages/client/src/testing/hub.ts';
import { Echo } from '../../../packages/client/test/generated/sample-echo.ts';

/** What every typed system answers: each field is looked at and changed. */
const answer = ({ number, text, value }) => ({ number: number + 1n, text, value: value * 2 });

/** Sends the same bytes back. */
function bare(port, transfer) {
  port.onmessage = ({ data }) => (transfer ? port.postMessage(data, [data]) : port.postMessage(data));
}

/** Frames of `bytes` bytes, as many as it is asked for. */
function bareFrames(port, transfer, bytes) {
  const made = new Uint8Array(bytes).fill(7);
  port.onmessage = ({ data: count }) => {
    for (let at = 0; at < count; at += 1) {
      if (!transfer) port.postMessage(made.buffer);
      else {
        // What is moved away has to be made first: a copy, as Portcullis makes one into its frame.
        const copy = made.slice().buffer;
        port.postMessage(copy, [copy]);
      }
    }
  };
}

const WINDOW = 6;
const REQUEST = 7;
const WINDOW_BYTES = 4 << 20;

/**
 * The least that a hub can be: it greets, binds, and sends every request's body back as its reply, in one message for each
 * that comes. Its bytes are those of docs/protocol.md.
 */
function frameEcho(port, transfer) {
  const post = (bytes) => (transfer ? port.postMessage(bytes.buffer, [bytes.buffer]) : port.postMessage(bytes.buffer));
  let unacknowledged = 0;
  port.onmessage = ({ data }) => {
    if (data === null) return;
    const input = new Uint8Array(data);
    const view = new DataView(data);
    for (let at = 0; at < input.length; at += view.getUint32(at, true)) {
      const kind = input[at + 4];
      if (kind === 1) return post(welcome());
      // What the page says that it has taken in goes back with the rest, and says nothing.
      if (kind === WINDOW) view.setUint32(at + 20, 0, true);
      if (kind !== REQUEST) continue;
      unacknowledged += view.getUint32(at, true);
      if (view.getUint32(at + 8, true) === 0) return post(bound(view.getUint32(at + 16, true)));
      // The same frame as an `end` with status 0.
      input[at + 4] = 16;
      view.setUint32(at + 8, 0, true);
      view.setUint32(at + 12, 0, true);
      view.setUint32(at + 20, 0, true);
    }
    post(input);
    if (unacknowledged * 2 < WINDOW_BYTES) return;
    post(frame(WINDOW, 0, 0, unacknowledged));
    unacknowledged = 0;
  };
}

function frame(kind, ordinal, id, budget, body = new Uint8Array(0)) {
  const bytes = new Uint8Array(24 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  bytes[4] = kind;
  view.setUint32(12, ordinal, true);
  view.setUint32(16, id, true);
  view.setUint32(20, budget, true);
  bytes.set(body, 24);
  return bytes;
}

const varint = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
// Protocol, limits, peer, label and role.
const limits = [16 << 20, WINDOW_BYTES, 1024, 16, 1 << 20, 64 << 20, 0].flatMap(varint);
const welcome = () => frame(2, 0, 0, 0, Uint8Array.from([1, ...limits, 7, 1, 0x61, 1, 0x62]));
// Binding 5, of label `a`, without a name.
const bound = (id) => frame(16, 0, id, 0, Uint8Array.from([5, 1, 0x61, 0]));

const ITEM = 11;
const CREDIT = 13;
const CALLEE = 1;

/** A hub that serves nothing but one stream, of `bytes` bytes for each item, as credit comes. */
function frameSource(port, transfer, bytes) {
  const size = varint(bytes);
  const body = new Uint8Array(size.length + bytes).fill(7);
  body.set(size);
  const stream = { id: 0, left: 0, items: 16, bytes: 1 << 20 };
  // What is copied on its way can be one buffer for all; what is moved away has to be made anew.
  const item = (id) => Object.assign(frame(ITEM, 0, id, 0, body), { 5: CALLEE });
  let kept;
  const send = () => {
    for (; stream.left > 0 && stream.items > 0 && stream.bytes > 0; stream.left -= 1) {
      kept = transfer ? item(stream.id) : (kept ?? item(stream.id));
      port.postMessage(kept.buffer, transfer ? [kept.buffer] : []);
      stream.items -= 1;
      stream.bytes -= body.length;
    }
    if (stream.left === 0 && stream.id !== 0) {
      port.postMessage(frame(16, 0, stream.id, 0).buffer);
      stream.id = 0;
      kept = undefined;
    }
  };
  port.onmessage = ({ data }) => {
    if (data === null) return;
    const view = new DataView(data);
    for (let at = 0; at < data.byteLength; at += view.getUint32(at, true)) {
      const [kind, binding, ordinal, id, budget] = [view.getUint8(at + 4), ...[8, 12, 16, 20].map((field) => view.getUint32(at + field, true))];
      if (kind === 1) port.postMessage(welcome().buffer);
      else if (kind === REQUEST && binding === 0) port.postMessage(bound(id).buffer);
      else if (kind === REQUEST) Object.assign(stream, { id, left: view.getUint32(at + 24, true), items: 16, bytes: 1 << 20 });
      else if (kind === CREDIT) Object.assign(stream, { items: stream.items + ordinal, bytes: stream.bytes + budget });
    }
    if (stream.id !== 0) send();
  };
}

/** The hub of the test kit, in TypeScript, and a server that is a client of the same kind. */
async function hub(port, copy) {
  const made = new TestHub();
  made.know(Echo, '', () => undefined);
  const server = connect(made.admit('main', 'main').transport, { callStacks: false });
  await serve(server, Echo, { call: answer });
  made.attach(messagePortTransport(port, { copy }), 'page', 'page');
}

function trpc(port) {
  const t = initTRPC.create();
  const isRequest = (value) => {
    if (typeof value?.number !== 'bigint' || typeof value.text !== 'string' || typeof value.value !== 'number') throw new TypeError('no request');
    return value;
  };
  const router = t.router({ echo: t.procedure.input(isRequest).mutation(({ input }) => answer(input)) });
  port.onmessage = async ({ data: { operation } }) => {
    const { id, type, path, input } = operation;
    const data = await callTRPCProcedure({ router, path, getRawInput: async () => input, ctx: {}, type, signal: undefined, batchIndex: 0 });
    port.postMessage(transformTRPCResponse(router._def._config, { id, result: { type: 'data', data } }));
  };
}

const systems = { bare, bareFrames, frameEcho, frameSource, hub, trpc };

/** Serves one system on a port. */
export const begin = ({ system, port, args }) => systems[system](port, ...args);
