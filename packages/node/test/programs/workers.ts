/**
 * Worker threads that load the addon and end with calls pending, one after the other and at once, before and after main
 * has loaded it. Handlers that block go on after their worker's environment is gone.
 */
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Hub } from '../../src/index.js';
import { Pictures } from '../generated/index.js';
import { MAIN } from '../support/roles.js';

async function work(): Promise<void> {
  const hub = new Hub({ roles: [MAIN], onEvent: () => {}, observeCalls: true });
  const pictures = await hub.connect({ label: 'worker', role: 'main' }).bind(Pictures);
  await pictures.mirror({ x: 1, y: 1, name: '' });
  for (let number = 0; number < 20; number++) {
    pictures.later(60_000).catch(() => {});
    pictures.block(300).catch(() => {});
  }
  // A thread that publishes for long after its subscriber is gone.
  pictures.tick(500_000).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  parentPort?.postMessage('pending');
  if (workerData === 'exit') process.exit(3);
  if (workerData === 'throw') throw new Error('an exception of the worker');
  // Otherwise main terminates it.
  setInterval(() => {}, 1000);
}

async function end(how: string): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: how });
  worker.on('error', () => {});
  const ended = new Promise((resolve) => worker.on('exit', resolve));
  await new Promise((resolve) => worker.once('message', resolve));
  if (how === 'terminate') await worker.terminate();
  await ended;
}

if (isMainThread) {
  for (const how of ['exit', 'throw', 'terminate']) await end(how);
  // Long enough for the handlers that block to end.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const hub = new Hub({ roles: [MAIN] });
  const pictures = await hub.connect({ label: 'main', role: 'main' }).bind(Pictures);
  await Promise.all(['exit', 'terminate', 'throw', 'terminate'].map(end));
  const point = await pictures.mirror({ x: 5, y: 1, name: 'alive' });
  console.log(JSON.stringify([point, await pictures.later(1), hub.peers().length]));
  await hub.shutdown(1000);
  process.exit(0);
} else await work();
