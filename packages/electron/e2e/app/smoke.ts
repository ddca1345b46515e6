/**
 * A whole application for Electron itself: a window and a utility process that call main and are called, a page that is loaded anew.
 * Runs in the stand-in as well. Prints one line with what it did, or why it could not, and ends.
 *
 * In its environment: `SMOKE_FOLDER` with the bundles, `SMOKE_SCHEMA`.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve } from '@portcullis/client';
import { createPortcullis } from '@portcullis/electron/main';
import * as electron from 'electron';
import { Echo } from '../../../client/test/generated/sample-echo.js';
import { echo, nothingYet } from './services.js';

const { SMOKE_FOLDER: folder = '', SMOKE_SCHEMA: schema = '' } = process.env;
const { app, BrowserWindow, utilityProcess } = electron;
const steps: string[] = [];

/** Says how it went, and ends. */
function finish(problem?: unknown): void {
  const why = problem instanceof Error ? problem.stack : problem;
  console.log(`SMOKE ${JSON.stringify({ electron: process.versions['electron'], steps, ...(why !== undefined && { why }) })}`);
  app.exit(why === undefined ? 0 : 1);
}

/** Asks until the answer is yes; whoever started this has a watchdog. */
async function until(ask: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function run(): Promise<void> {
  const page = readFileSync(join(folder, 'smoke-page.js'));
  const server = createServer((request, response) => {
    const script = request.url === '/smoke-page.js';
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' });
    response.end(script ? page : '<!doctype html><title>smoke</title><script type="module" src="/smoke-page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const all = { call: ['sample.echo.*'], serve: ['sample.echo'] };
  const portcullis = createPortcullis({
    electron,
    hub: { schema: readFileSync(schema), roles: ['main', 'window', 'worker'].map((name) => ({ name, ...all })) },
    origins: [origin],
    preload: join(folder, 'preload.cjs'),
    onEvent: (event) => {
      if (event.type === 'refused' || event.type === 'preload_failed') finish(JSON.stringify(event));
    },
  });
  const noted = nothingYet();
  await serve(portcullis.main, Echo, echo('main', noted), { instance: 'main' });
  await app.whenReady();

  const window = new BrowserWindow({ show: false, webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false } });
  portcullis.attachWindow(window, { label: 'smoke', role: 'window' });
  await window.loadURL(origin);
  await until(() => noted.told.length === 1);
  steps.push(`the page ${noted.told[0]}`);
  const inPage = await portcullis.main.bind(Echo, { label: 'smoke' });
  const { text } = await inPage.call({ number: 1n, text: 'main', value: 1 });
  steps.push(`main was answered by ${text}`);
  const peers = () => portcullis.hub.peers().map(({ label }) => label);
  if (peers().join() !== 'main,smoke') throw new Error(`the peers are ${peers().join()}`);

  const lasts = inPage.never({ timeoutMs: 60_000 }).result;
  window.webContents.reload();
  const ended = await lasts;
  if (ended.ok || ended.error.status !== 'unavailable') throw new Error('a call to the page before the reload was answered');
  await until(() => noted.told.length === 2);
  if (peers().join() !== 'main,smoke') throw new Error(`after the reload the peers are ${peers().join()}`);
  steps.push('the page was loaded anew and is a new peer');

  const child = utilityProcess.fork(join(folder, 'smoke-worker.mjs'));
  portcullis.attachUtility(child, { label: 'worker', role: 'worker' });
  await until(() => portcullis.main.bind(Echo, { label: 'worker' }).then(async (worker) => (await worker.inline(5)) === 5, () => false));
  steps.push('the utility process has answered');
  const exited = new Promise((resolve) => child.on('exit', resolve));
  child.kill();
  await exited;
  await until(() => !peers().includes('worker'));

  const closed = new Promise<void>((resolve) => window.on('closed', () => resolve()));
  window.destroy();
  await closed;
  await until(() => peers().join() === 'main');
  await until(() => portcullis.hub.openWork() === 0);
  steps.push('nothing is left');
  portcullis.close();
  server.close();
}

// A window that is closed shall not end it.
app.on('window-all-closed', () => undefined);
run().then(() => finish(), finish);
