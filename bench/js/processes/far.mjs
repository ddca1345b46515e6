// The other end of every system: `node far.mjs SYSTEM [SOCKET]`, or a worker with that data.
import { createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { WebSocketServer } from 'ws';
import { lines } from './lines.mjs';

const answer = ({ number, text, value }) => ({ number: number + 1, text: text.toUpperCase(), value: value * 2 });

const systems = {
  worker: () => parentPort.on('message', ({ port }) => port.on('message', ({ id, body }) => port.postMessage({ id, body: answer(body) }))),
  fork: () => process.on('message', ({ id, body }) => id !== undefined && process.send({ id, body: answer(body) })),
  lines: (path) =>
    createServer((socket) => lines(socket, ({ id, body }) => socket.write(`${JSON.stringify({ id, body: answer(body) })}\n`))).listen(path, ready),
  ws: () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false }, () => ready(server.address().port));
    server.on('connection', (socket) =>
      socket.on('message', (text) => {
        const { id, body } = JSON.parse(text);
        socket.send(JSON.stringify({ id, body: answer(body) }));
      }),
    );
  },
  jsonrpc: (path) =>
    createServer((socket) => {
      const connection = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
      connection.onRequest('answer', answer);
      connection.listen();
    }).listen(path, ready),
};

const ready = (port) => process.send({ ready: true, port });
const [system, path] = workerData ?? process.argv.slice(2);
systems[system](path);
// Over the channel of the process, which a system may use as well.
if (process.send !== undefined) {
  process.on('message', ({ cpu }) => {
    if (cpu === undefined) return;
    const { user, system: kernel } = process.cpuUsage();
    process.send({ cpu: user + kernel });
  });
  process.on('disconnect', () => process.exit(0));
  if (system === 'fork') ready();
}
