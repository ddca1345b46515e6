// What the page does: the same work over a bare WebSocket and over a connection to the hub. Runs in a browser.
import { connect, connectWithTicket, SUBPROTOCOL, TICKET_PREFIX } from '../../../packages/client/src/index.ts';
import { Blobs, Echo, Flows } from '../../../packages/client/test/generated/index.ts';
import { bare, run, typed } from '../port/page.js';

/** Calls of one round, by how many are in flight. */
const CALLS = { 1: 400, 64: 4_000 };
/** Frames that are asked for at once: as many as a channel keeps for a page, so that none is dropped. */
const FRAMES = 4;
const MIB = 1 << 20;
/** The sizes of frames, and how often they are asked for in one round. */
const SIZES = { frames1m: { bytes: MIB, times: 8 }, frames8m: { bytes: 8 * MIB, times: 2 } };

/** A WebSocket without anything on it, which looks like a port. The gate lets it in as it does the client's. */
async function open() {
  const ticket = await (await fetch('/ticket', { method: 'POST', body: new URLSearchParams({ window: 'bare' }) })).text();
  const socket = new WebSocket(`ws://${location.host}/connect`, [SUBPROTOCOL, TICKET_PREFIX + ticket.trim()]);
  socket.binaryType = 'arraybuffer';
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('no WebSocket'));
  });
  return {
    postMessage: (bytes) => socket.send(bytes),
    set onmessage(take) {
      socket.onmessage = take;
    },
  };
}

function look(frame, number, bytes) {
  if (frame.length !== bytes || frame[bytes - 1] !== number) throw new Error('another frame');
}

/** Frames as they come, one message for each. */
const bareFrames = (port) => (bytes) =>
  new Promise((resolve, reject) => {
    let got = 0;
    port.onmessage = ({ data }) => {
      try {
        look(new Uint8Array(data), got, bytes);
      } catch (error) {
        return reject(error);
      }
      got += 1;
      if (got === FRAMES) resolve();
    };
    port.postMessage(Uint32Array.of(FRAMES, bytes).buffer);
  });

/** Blobs of a stream. */
const blobFrames = (client) => async (bytes) => {
  let got = 0;
  for await (const blob of client.frames(FRAMES, bytes)) look(blob, got++, bytes);
  if (got !== FRAMES) throw new Error(`${got} frames of ${FRAMES}`);
};

/** Bytes in the items of a stream, looked at where they are. */
const bodyFrames = (client) => async (bytes) => {
  let got = 0;
  for await (const { pixels } of client.pictures(FRAMES, bytes, { bytes: 'view' })) look(pixels, got++, bytes);
  if (got !== FRAMES) throw new Error(`${got} frames of ${FRAMES}`);
};

/** How long it takes, in microseconds. */
async function timed(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) * 1000;
}

/** Cases: each does its work once, and gives the microseconds of everything that it timed by itself. */
export async function makeCases() {
  // Of a page that is not isolated the clock has a tenth of a millisecond.
  if (!crossOriginIsolated) throw new Error('the page is not isolated, and its clock is coarse');
  const connection = connect(await connectWithTicket({ window: 'portcullis' }), { interfaces: [Blobs, Echo, Flows] });
  const systems = {
    bare: { calls: bare(await open(), false), frames: bareFrames(await open()) },
    portcullis: { calls: typed(await connection.bind(Echo), true), frames: blobFrames(await connection.bind(Blobs)) },
    'portcullis, in the body': { frames: bodyFrames(await connection.bind(Flows)) },
  };
  const cases = [];
  for (const [system, { calls, frames }] of Object.entries(systems)) {
    if (calls !== undefined) {
      const each = async () => {
        const times = [];
        for (let made = 0; made < CALLS[1]; made += 1) times.push(await timed(() => calls.call(made)));
        return times;
      };
      cases.push({ name: 'call', system, count: CALLS[1], run: each });
      cases.push({ name: 'inflight64', system, count: CALLS[64], run: async () => [await timed(() => run(calls, CALLS[64], 64))] });
    }
    for (const [name, { bytes, times }] of Object.entries(SIZES)) {
      const all = async () => {
        for (let time = 0; time < times; time += 1) await frames(bytes);
      };
      cases.push({ name, system, count: FRAMES * times, bytes, run: async () => [await timed(all)] });
    }
  }
  return cases;
}
