/** The adapter with the real hub between main, pages and utility processes: what crosses it, and what is left when somebody goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationError, type CallContext, type InterfaceDescriptor, serve } from '@portcullis/client';
import { afterEach, expect, test } from 'vitest';
import { Echo, type EchoError, type EchoHandlers, Flows, type FlowsHandlers, Topics } from '../../client/test/generated/index.js';
import { Application, createPortcullis, Windows } from '../src/main/index.js';
import { withMain } from '../src/main/roles.js';
import { fakeElectron, FakePort, FakeUtility } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { contract, handlers, realApplication, sampleContract } from './support/real.js';

/** How long a peer has for its hello once the hub has admitted it, in milliseconds (protocol, section 3). */
const HELLO_MS = 5_000;

type App = ReturnType<typeof realApplication>;
const open: App[] = [];

function application(...given: Parameters<typeof realApplication>): App {
  const made = realApplication(...given);
  open.push(made);
  return made;
}

afterEach(() => {
  for (const made of open.splice(0)) made.portcullis.close();
});

const echo = handlers<EchoHandlers>({
  call: ({ number, text, value }) => ({ number: number + 1n, text, value }),
  fail: (number) => {
    throw new ApplicationError<EchoError>({ type: 'odd', number });
  },
  bytes: (bytes) => bytes,
});

/** A handler that lasts until its caller gives up, and notes how. */
function lasting() {
  const seen = { started: 0, aborted: 0 };
  const never = (cx: CallContext) => {
    seen.started += 1;
    return new Promise<void>((_resolve, reject) => {
      cx.signal.addEventListener('abort', () => {
        seen.aborted += 1;
        reject(new Error('given up'));
      });
    });
  };
  return { seen, never };
}

test('a page calls a service of main, typed and checked', async () => {
  const app = application();
  await serve(app.portcullis.main, Echo, echo);
  const { portcullis } = app.open('viewer', { interfaces: [Echo] });
  const client = await portcullis.bind(Echo);
  expect(portcullis.state).toMatchObject({ status: 'connected', label: 'viewer', role: 'viewer' });
  expect(await client.call({ number: 41n, text: 'answer', value: 1 })).toEqual({ number: 42n, text: 'answer', value: 1 });
  await expect(client.fail(3n, [])).rejects.toMatchObject({ error: { type: 'odd', number: 3n } });
  const large = new Uint8Array(1_000_000).map((_, at) => at);
  expect(Buffer.compare(await client.bytes(large), large)).toBe(0);
});

test('calls, streams and topics go from window to window, and to a utility process', async () => {
  const app = application();
  const left = app.open('left').portcullis;
  const right = app.open('right').portcullis;
  const worker = app.fork('worker').portcullis;
  await serve(left, Echo, echo, { instance: 'left' });
  await serve(worker, Flows, handlers<FlowsHandlers>({
    async *count(count) {
      for (let number = 0; number < count; number++) yield number;
      return { items: count, sum: 0n };
    },
  }));
  const { publisher } = await serve(left, Topics, { emit: () => {} });

  const client = await right.bind(Echo, { label: 'left' });
  expect(await client.call({ number: 1n, text: '', value: 0 })).toMatchObject({ number: 2n });

  const flows = await right.bind(Flows, { label: 'worker' });
  const numbers: number[] = [];
  for await (const number of flows.count(500, null)) numbers.push(number);
  expect(numbers).toHaveLength(500);

  const topics = await right.bind(Topics);
  const heard: number[] = [];
  const off = topics.onTicked((number) => void heard.push(number));
  const levels: unknown[] = [];
  topics.onLevel((level) => void levels.push(level));
  await settle();
  const report = await publisher.tickedReported(7, 1_000);
  expect(report.delivered.map(({ label }) => label)).toEqual(['right']);
  expect(heard).toEqual([7]);
  off();
});

test('f33_a_page_does_what_its_role_grants_and_what_it_may_not_looks_like_nothing', async () => {
  const app = application();
  await serve(app.portcullis.main, Echo, echo);
  const { portcullis } = app.open('log', {}, { role: 'log' });
  const denied = await portcullis.bind(Echo).catch((error: unknown) => error);
  const unknown = await portcullis.bind({ ...Echo, name: 'sample.nobody' } as typeof Echo).catch((error: unknown) => error);
  expect(denied).toMatchObject({ status: 'permission_denied' });
  expect(String(denied)).toBe(String(unknown));
});

test('a page that breaks the protocol ends alone', async () => {
  const app = application();
  const good = app.open('good');
  const bad = app.open('bad');
  await until(() => app.labels().length === 3);
  bad.page.ports[1]?.postMessage(new Uint8Array(24));
  await until(() => bad.portcullis.state.status === 'closed');
  expect(app.labels()).toEqual(['good', 'main']);
  expect(app.lines.join()).toMatch(/ended webContents \d+ at app:\/\/studio \(malformed_frame\)/);
  expect(good.portcullis.state.status).toBe('connected');
  expect(app.hub.counters().violations).toBe(1);
});

test('f48_an_old_page_against_a_new_main_is_told_in_the_page_and_in_the_log', async () => {
  const app = application();
  const old: InterfaceDescriptor = { ...Echo, hash: '00'.repeat(16) };
  const { page, portcullis } = app.open('old', { interfaces: [old] });
  await until(() => portcullis.state.status === 'closed');
  expect(portcullis.state).toMatchObject({ reason: 'contract_mismatch' });
  await until(() => page.errors.length > 0);
  expect(page.errors.join()).toMatch(/contract_mismatch.*sample\.echo.*\[reload\]/s);
  expect(app.lines.join()).toMatch(/contract_mismatch.*sample\.echo.*\[reload\]/s);
});

test('f22_a_reload_in_mid_call_ends_the_call_on_both_sides', async () => {
  const app = application();
  const { seen, never } = lasting();
  await serve(app.portcullis.main, Echo, handlers<EchoHandlers>({ ...echo, never }));
  const { window, page, portcullis } = app.open('viewer');
  const client = await portcullis.bind(Echo);
  const call = client.never().result;
  await until(() => seen.started === 1);
  window.webContents.navigate();
  page.end();
  await until(() => seen.aborted === 1);
  expect(await call).toMatchObject({ ok: false, error: { status: 'unavailable' } });
  const again = new Page(app.electron, window.webContents).connect();
  expect(await (await again.bind(Echo)).call({ number: 1n, text: '', value: 0 })).toMatchObject({ number: 2n });
});

test('a call to a window that goes away fails at once', async () => {
  const app = application();
  const { seen, never } = lasting();
  const left = app.open('left');
  await serve(left.portcullis, Echo, handlers<EchoHandlers>({ ...echo, never }));
  const right = app.open('right').portcullis;
  const client = await right.bind(Echo);
  const call = client.never().result;
  await until(() => seen.started === 1);
  left.window.webContents.crash();
  expect(await call).toMatchObject({ ok: false, error: { status: 'unavailable' } });
});

test('a window that is closed with a stream open leaves nothing', async () => {
  const app = application();
  let ended = false;
  await serve(app.portcullis.main, Flows, handlers<FlowsHandlers>({
    async *stall(cx) {
      try {
        yield 1;
        await new Promise((_resolve, reject) => cx.signal.addEventListener('abort', () => reject(new Error('given up'))));
      } finally {
        ended = true;
      }
    },
  }));
  const { window, portcullis } = app.open('viewer');
  await settle();
  const base = app.hub.openWork();
  const flows = await portcullis.bind(Flows);
  const stream = flows.stall()[Symbol.asyncIterator]();
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  expect(app.hub.openWork()).toBeGreaterThan(base);
  window.close();
  await until(() => ended && app.hub.openWork() === base);
  expect(app.labels()).toEqual(['main']);
  await expect(stream.next()).rejects.toMatchObject({ status: 'unavailable' });
});

test('a hundred reloads with calls leave every counter where it was', async () => {
  const app = application();
  await serve(app.portcullis.main, Echo, echo);
  const { window, page, portcullis } = app.open('viewer');
  await portcullis.bind(Echo);
  let document = page;
  const base = { peers: app.labels(), work: app.hub.openWork(), ports: FakePort.opened - FakePort.closed };
  for (let loads = 0; loads < 100; loads++) {
    window.webContents.navigate();
    document.end();
    document = new Page(app.electron, window.webContents);
    const client = await document.connect().bind(Echo);
    await client.call({ number: 1n, text: '', value: 0 });
  }
  await until(() => FakePort.opened - FakePort.closed === base.ports);
  await until(() => app.hub.openWork() === base.work);
  expect(app.labels()).toEqual(base.peers);
  expect(app.hub.counters().violations).toBe(0);
});

test('the start of a navigation that is aborted loses no call', async () => {
  const app = application();
  await serve(app.portcullis.main, Echo, echo);
  const { window, portcullis } = app.open('viewer');
  const client = await portcullis.bind(Echo);
  window.webContents.emit('did-start-navigation', { isSameDocument: false, isMainFrame: true });
  const call = client.call({ number: 1n, text: '', value: 0 });
  window.webContents.emit('did-stop-loading');
  expect(await call).toMatchObject({ number: 2n });
});

test('a port that says nothing is no peer: a busy main cannot be too late for a hello', async () => {
  const app = application();
  const window = app.electron.window();
  app.portcullis.attachWindow(window, { label: 'late', role: 'viewer' });
  const { port1, port2 } = new MessageChannel();
  new Page(app.electron, window.webContents).send('portcullis:connect', { protocol: 1, hash: '' }, [port1]);
  await settle();
  expect(app.labels()).toEqual(['main']);
  expect(app.hub.counters().admitted).toBe(1);
  port2.close();
});

test('a main that is blocked for longer than a hello may take ends nobody', async () => {
  const app = application();
  await serve(app.portcullis.main, Echo, echo);
  const early = app.open('early').portcullis;
  const client = await early.bind(Echo);
  // Behind the adapter's own listener: between a page's request and its first message.
  app.electron.ipcMain.on('portcullis:connect', () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HELLO_MS + 600);
  });
  const call = client.call({ number: 1n, text: '', value: 0 }, { timeoutMs: 10 * HELLO_MS });
  const late = await app.open('late').portcullis.bind(Echo);
  expect(await late.call({ number: 2n, text: '', value: 0 })).toMatchObject({ number: 3n });
  expect(await call).toMatchObject({ number: 2n });
  expect(app.labels()).toEqual(['early', 'late', 'main']);
});

test('windows are opened and listed through the hub, by role', async () => {
  const app = application({
    kinds: { viewer: { role: 'viewer', create: () => app.electron.window(), load: (window) => void made.push(window) } },
  });
  const made: ReturnType<App['electron']['window']>[] = [];
  await app.portcullis.ready;
  const { portcullis } = app.open('first');
  const windows = await portcullis.bind(Windows);
  const opened: string[] = [];
  windows.onOpened(({ label }) => void opened.push(label));
  const states: number[] = [];
  windows.onWindows(({ windows: all }) => void states.push(all.length));
  expect(await windows.open('viewer', { argument: null, background: null })).toMatchObject({ label: 'viewer-1', phase: 'open' });
  await expect(windows.open('nobody', { argument: null, background: null })).rejects.toMatchObject({ error: { type: 'unknownKind' } });
  await until(() => opened.length === 1 && states.at(-1) === 1);
  await windows.close('viewer-1');
  await until(() => states.at(-1) === 0);
  expect(made[0]?.isDestroyed()).toBe(true);

  const log = await app.open('log', {}, { role: 'log' }).portcullis.bind(Windows);
  expect((await log.list()).kinds.map(({ name }) => name)).toEqual(['viewer']);
  await expect(log.open('viewer', { argument: null, background: null })).rejects.toMatchObject({ status: 'permission_denied' });
});

test('the end of the application is told before the connections end', async () => {
  const app = application({ quit: { graceMs: 5_000 } });
  await app.portcullis.ready;
  const { portcullis } = app.open('editor');
  const life = await portcullis.bind(Application);
  const phases: string[] = [];
  life.onPhase(({ type }) => void phases.push(type));
  await until(() => phases.includes('starting'));
  app.portcullis.setReady();
  await until(() => phases.includes('ready'));
  await life.hold('unsaved work');
  await life.quit();
  await until(() => phases.includes('quitting'));
  await sleep(20);
  expect(app.electron.app.exited).toBe(false);
  expect(portcullis.state.status).toBe('connected');
  await life.release();
  await until(() => app.electron.app.exited);
  await until(() => portcullis.state.status === 'closed');
  expect(portcullis.state).toMatchObject({ reason: 'going_away' });
  expect(phases).toEqual(['starting', 'ready', 'quitting']);
});

test('whoever holds the end and dies is not waited for, whoever else is there', async () => {
  const app = application({ quit: { graceMs: 60_000_000 } });
  await app.portcullis.ready;
  const { window, portcullis } = app.open('editor');
  const other = app.open('editor').portcullis;
  await other.bind(Application);
  await (await portcullis.bind(Application)).hold('unsaved work');
  void app.portcullis.quit();
  await settle();
  expect(app.electron.app.exited).toBe(false);
  window.webContents.crash();
  await until(() => app.electron.app.exited);
});

test('an old page reaches a service with the rights and checks of a role', async () => {
  const app = application();
  await serve(app.portcullis.main, Echo, echo);
  const old = app.hub.connect({ label: 'old pages', role: 'viewer' });
  const client = await old.bind(Echo);
  app.portcullis.legacyHandle('echo', { roles: ['viewer'], argumentCount: 1 }, (request) => client.call(request));
  const { window } = app.open('viewer');
  const invoke = (request: unknown) => app.electron.ipcMain.invoke(window.webContents, 'echo', request);
  expect(await invoke({ number: 1n, text: 'a', value: 0 })).toMatchObject({ number: 2n });
  await expect(invoke({ number: 'one', text: 'a', value: 0 })).rejects.toMatchObject({ status: 'invalid_argument' });
});

test('a utility process that exits is gone at once, and a new one takes its place', async () => {
  const app = application();
  const first = app.fork('worker');
  await serve(first.portcullis, Echo, echo);
  first.child.exit(1);
  expect(app.labels()).toEqual(['main']);
  const second = app.fork('worker');
  await serve(second.portcullis, Echo, echo);
  const client = await app.portcullis.main.bind(Echo);
  expect(await client.call({ number: 1n, text: '', value: 0 })).toMatchObject({ number: 2n });
});

test('a contract without the built-in interfaces works without them, and the log says so', async () => {
  const app = application({}, sampleContract());
  await app.portcullis.ready;
  expect(app.lines).toHaveLength(2);
  expect(app.lines[0]).toContain('portcullis_desktop::Windows');
  await serve(app.portcullis.main, Echo, echo);
});

test('main is granted what the contract has, unless it has a role of its own', () => {
  const own = { schema: '{}', roles: [{ name: 'main', call: ['sample.echo.call'] }] };
  expect(withMain(own)).toBe(own);
  expect(() => withMain({ roles: [] })).toThrow(/declare a role named main/);
  const { roles } = withMain({ schema: new TextEncoder().encode(contract()), roles: [] });
  expect(roles).toEqual([
    {
      name: 'main',
      call: ['portcullis.application.*', 'portcullis.windows.*', 'sample.blobs.*', 'sample.echo.*', 'sample.flows.*', 'sample.shared.*', 'sample.topics.*', 'sample.values.*'],
      publish: ['portcullis.application.*', 'portcullis.windows.*', 'sample.blobs.*', 'sample.shared.*', 'sample.topics.*'],
      subscribe: ['portcullis.application.*', 'portcullis.windows.*', 'sample.blobs.*', 'sample.shared.*', 'sample.topics.*'],
      serve: ['portcullis.application', 'portcullis.windows', 'sample.blobs', 'sample.echo', 'sample.flows', 'sample.shared', 'sample.topics', 'sample.values'],
      seesCallers: true,
    },
  ]);
});

test('createPortcullis makes the hub from its configuration', async () => {
  const portcullis = createPortcullis({ electron: fakeElectron(), hub: { schema: contract(), roles: [{ name: 'viewer' }] }, logger: { warn: () => {}, error: () => {} } });
  await portcullis.ready;
  expect(portcullis.hub.peers().map(({ label }) => label)).toEqual(['main']);
  const attachment = { label: 'viewer', role: 'viewr', origins: ['app://studio'] };
  expect(() => portcullis.attachWindow(fakeElectron().window(), attachment)).toThrow(/no role "viewr" is declared; there are: viewer/);
  expect(() => portcullis.attachUtility(new FakeUtility(), attachment)).toThrow(RangeError);
  portcullis.close();
});
