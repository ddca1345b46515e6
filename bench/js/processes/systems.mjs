// The calling end of every system: each opens what it needs and gives `call`, the CPU microseconds of its other end, and `close`.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import { bundle } from '../port/bundle.mjs';
import { lines } from './lines.mjs';

const FAR = fileURLToPath(new URL('./far.mjs', import.meta.url));

/** Matches replies to calls by their ids. */
function matched(post) {
  const waiting = new Map();
  let last = 0;
  return {
    take({ id, body }) {
      waiting.get(id)(body);
      waiting.delete(id);
    },
    call: (body) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        post({ id: last, body });
      }),
  };
}

/** Starts the other process; resolves when it is ready, with what it said. */
async function far(system, ...args) {
  const child = fork(FAR, [system, ...args], { serialization: 'advanced' });
  const said = (wanted) =>
    new Promise((resolve) => {
      const take = (message) => {
        if (!(wanted in message)) return;
        child.off('message', take);
        resolve(message);
      };
      child.on('message', take);
    });
  const { port } = await said('ready');
  return {
    child,
    port,
    async cpu() {
      child.send({ cpu: true });
      return (await said('cpu')).cpu;
    },
    end: () => child.kill(),
  };
}

async function overSocket(system, use) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const path = join(folder, 'socket');
  const other = await far(system, path);
  const socket = connect(path);
  await new Promise((resolve) => socket.on('connect', resolve));
  const close = () => {
    socket.destroy();
    other.end();
    rmSync(folder, { recursive: true, force: true });
  };
  return { call: use(socket), cpu: other.cpu, close };
}

/** The client of Portcullis, and the hub of its test kit in a worker: `port.mjs` measures the page's side of the same alone. */
async function portcullis() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const file = async (name, contents) => {
    writeFileSync(join(folder, name), await bundle(contents, 'node'));
    return pathToFileURL(join(folder, name));
  };
  const page = await import((await file('page.mjs', `export * from './page.js';`)).href);
  const begin = `import { begin } from './far.js'; import { parentPort } from 'node:worker_threads'; parentPort.on('message', begin);`;
  const worker = new Worker(await file('far.mjs', begin));
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ system: 'hub', port: port2, args: [false] }, [port2]);
  const { call } = await page.portcullis(port1, { copy: false }, true);
  const close = async () => {
    port1.close();
    await worker.terminate();
    rmSync(folder, { recursive: true });
  };
  // It checks its replies itself.
  return { checked: ({ number }) => call(number), cpu: async () => 0, close };
}

export const open = {
  'portcullis, worker': portcullis,
  async 'worker MessageChannel'() {
    const worker = new Worker(FAR, { workerData: ['worker'] });
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ port: port2 }, [port2]);
    const { take, call } = matched((message) => port1.postMessage(message));
    port1.on('message', take);
    const close = async () => {
      port1.close();
      await worker.terminate();
    };
    return { call, cpu: async () => 0, close };
  },
  async 'fork, advanced'() {
    const other = await far('fork');
    const { take, call } = matched((message) => other.child.send(message));
    other.child.on('message', (message) => 'id' in message && take(message));
    return { call, cpu: other.cpu, close: other.end };
  },
  'JSON lines': () =>
    overSocket('lines', (socket) => {
      const { take, call } = matched((message) => socket.write(`${JSON.stringify(message)}\n`));
      lines(socket, take);
      return call;
    }),
  async ws() {
    const other = await far('ws');
    const socket = new WebSocket(`ws://127.0.0.1:${other.port}`, { perMessageDeflate: false });
    await new Promise((resolve) => socket.on('open', resolve));
    const { take, call } = matched((message) => socket.send(JSON.stringify(message)));
    socket.on('message', (text) => take(JSON.parse(text)));
    const close = () => {
      socket.terminate();
      other.end();
    };
    return { call, cpu: other.cpu, close };
  },
  'vscode-jsonrpc': () =>
    overSocket('jsonrpc', (socket) => {
      const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
      connection.listen();
      return (body) => connection.sendRequest('answer', body);
    }),
};
