/** Garbage is collected in every callback, and whenever else it can hurt; runs with `--expose-gc`. */
import process from 'node:process';
import { connect, messagePortTransport } from '@portcullis/client';
import { Hub } from '../../src/index.js';
import { Pictures } from '../generated/index.js';
import { MAIN } from '../support/roles.js';

const collect = (globalThis as { gc?: () => void }).gc as () => void;
let collected = 0;
const gc = () => {
  collected++;
  collect();
};
const hub = new Hub({ roles: [MAIN], observeCalls: true, onEvent: gc });
const { port1, port2 } = new MessageChannel();
const attached = hub.attach(
  {
    send: (bytes) => {
      gc();
      port1.postMessage(bytes.buffer, [bytes.buffer]);
    },
    closed: () => {
      gc();
      port1.close();
    },
  },
  { label: 'page', role: 'main' },
);
port1.onmessage = ({ data }: MessageEvent<ArrayBuffer | null>) => {
  if (data === null) return attached.lost('gone');
  attached.deliver(new Uint8Array(data));
  gc();
};
for (const portcullis of [connect(messagePortTransport(port2)), hub.connect({ label: 'main', role: 'main' })]) {
  const pictures = await portcullis.bind(Pictures);
  pictures.onTicked(gc);
  let sum = 0;
  for await (const number of pictures.count(100)) {
    gc();
    sum += number;
  }
  const bytes = new Uint8Array(300_000).fill(9);
  const [point, echoed] = await Promise.all([
    pictures.mirror({ x: sum, y: 0, name: 'é' }),
    pictures.bytes(bytes),
    pictures.tick(20),
  ]);
  console.log(point.x, Buffer.compare(bytes, echoed), collected > 100);
  portcullis.close();
}
await hub.shutdown(1000);
console.log('done', hub.counters().violations);
process.exit(0);
