// The host in Node: the page is the main thread, the other end a worker, the port a MessageChannel of worker_threads.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, Worker } from 'node:worker_threads';
import { bundle } from './bundle.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Nanoseconds that this thread has worked; the kernel counts them for each thread. */
const cpuNs = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]);

export async function nodeHost() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const file = async (name, contents) => {
    writeFileSync(join(folder, name), await bundle(contents, 'node'));
    return pathToFileURL(join(folder, name));
  };
  const { makeCases } = await import((await file('page.mjs', `export * from './cases.js';`)).href);
  const far = `import { begin } from './far.js'; import { parentPort } from 'node:worker_threads'; parentPort.on('message', begin);`;
  const worker = new Worker(await file('far.mjs', far));
  worker.on('error', (error) => {
    throw error;
  });
  const cases = await makeCases((system, ...args) => {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ system, port: port2, args }, [port2]);
    return port1;
  });
  return {
    variant: `node ${process.versions.node}`,
    cases,
    /** Runs one case once; microseconds in all. */
    async measure(at) {
      // What another case has left behind is not this one's. Collecting throws away what the engine has learnt as well.
      collectGarbage();
      await cases[at].run();
      const [cpu, wall] = [cpuNs(), performance.now()];
      await cases[at].run();
      return { wall: (performance.now() - wall) * 1000, cpu: (cpuNs() - cpu) / 1000 };
    },
    async close() {
      await worker.terminate();
      rmSync(folder, { recursive: true });
    },
  };
}
