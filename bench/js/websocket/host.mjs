// The page in Chromium, and the hub that it is a peer of: a Rust program (tests/conformance/examples/page-hub.rs), whose
// gate gives out the page's script and lets its sockets in.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { launch } from '../../../examples/camera-studio/pages/scripts/browser.mjs';
import { meterOf } from '../meter.mjs';
import { bundle } from '../port/bundle.mjs';

const SCRIPT = `import { makeCases } from '../websocket/page.js';
  globalThis.ready = makeCases();
  globalThis.measure = async (at) => (await ready)[at].run();`;

/** The document that runs it. Isolated, a page's clock counts in steps of 5 microseconds and not of 100. */
const DOCUMENT = '<!doctype html><title>Page</title><script type="module" src="/page.js"></script>';
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** A document that came from no address passes for a public one, which may not reach this machine. */
const LOCAL = '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets';

/** Starts the hub; gives its process, the page's address and the file that lets a browser in. */
async function startHub(program, script) {
  const child = spawn(program, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`the hub has ended with ${code ?? signal}`)));
    const read = async () => [(await lines.next()).value, (await lines.next()).value];
    read().then(resolve, reject);
  });
  const [address, launcher] = await said;
  return { child, address, launcher };
}

/** Microseconds that all threads of a process have worked; the kernel counts them. */
function cpuUs(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1000, 0);
}

/** How long the page may take to be there. */
const START_MS_MAX = 60_000;

const until = async (ask, what) => {
  const end = performance.now() + START_MS_MAX;
  while (!(await ask())) {
    if (performance.now() > end) throw new Error(`${what} is not there after ${START_MS_MAX / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

export async function host(program) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  const script = join(folder, 'page.js');
  writeFileSync(script, await bundle(SCRIPT, 'browser'));
  const { child, address, launcher } = await startHub(program, script);
  const browser = await launch({ flags: [LOCAL] });
  const page = await browser.page();
  // As a user opens it: the launcher gets the cookie, and leads to the gate's page.
  await page.goto(pathToFileURL(launcher).href);
  await until(() => page.evaluate(`location.href === ${JSON.stringify(address)}`).catch(() => false), 'the page of the gate');
  await page.answerOnce(DOCUMENT, ISOLATED);
  await page.goto(address);
  await until(() => page.evaluate('globalThis.ready !== undefined').catch(() => false), 'the page that measures');
  const cases = await page.evaluate('ready.then((cases) => cases.map(({ name, system, count, bytes }) => ({ name, system, count, bytes })))');
  const meter = await meterOf(page);
  return {
    variant: meter.browser,
    cases,
    /** Runs one case once; microseconds: those that it timed, and the CPU of page and hub in all. */
    async measure(at) {
      await meter.collect();
      await page.evaluate(`measure(${at})`);
      const before = [await meter.cpuUs(), cpuUs(child.pid)];
      const times = await page.evaluate(`measure(${at})`);
      return { times, page: (await meter.cpuUs()) - before[0], hub: cpuUs(child.pid) - before[1] };
    },
    async close() {
      await browser.close();
      child.removeAllListeners('exit');
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
