/** One page, its frames and its next documents together: what they take of main's handlers, they take as one user. */
import { type CallContext, serve } from '@portcullis/client';
import { afterEach, expect, test } from 'vitest';
import { Echo, type EchoClient, type EchoHandlers } from '../../client/test/generated/index.js';
import { Windows } from '../src/main/index.js';
import { FakeFrame, FakeUtility } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { handlers, realApplication } from './support/real.js';
import { application } from './support/setup.js';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const made of open.splice(0)) made.close();
});

/** Calls that main takes at once, and what of them one user may have. */
const SHARE = 1_024 / 2;

/** An application with a handler in main that heeds nothing until it is let go. */
async function stubborn() {
  const app = realApplication();
  open.push(app.portcullis);
  const letGo: (() => void)[] = [];
  const block = (_ms: number, _cx: CallContext) => new Promise<void>((resolve) => void letGo.push(resolve));
  await serve(app.portcullis.main, Echo, handlers<EchoHandlers>({ call: (request) => request, block: block as never }));
  await app.portcullis.ready;
  const good = app.open('good').portcullis;
  const [echo, windows] = [await good.bind(Echo), await good.bind(Windows)];
  const window = app.electron.window();
  app.portcullis.attachWindow(window, { label: 'bad', role: 'viewer', childFrames: [{ origins: ['https://ads.example'], role: 'viewer' }] });
  const page = (frame?: FakeFrame) => new Page(app.electron, window.webContents, frame, frame !== undefined);
  const others = async () => [(await echo.call({ number: 1n, text: 'x', value: 1 }).result).ok, (await windows.list().result).ok];
  return { ...app, letGo, window, page, others };
}

/** Calls again and again, and gives each up once it is at work; what the first call got that was not begun. */
async function giveUp(client: EchoClient, times: number, atWork: readonly unknown[]): Promise<string | undefined> {
  for (let n = 0; n < times; n++) {
    const before = atWork.length;
    const stop = new AbortController();
    let refused: string | undefined;
    void client.block(60_000, { signal: stop.signal }).result.then((outcome) => {
      if (!outcome.ok && !stop.signal.aborted) refused = outcome.error.message;
    });
    await until(() => refused !== undefined || atWork.length > before);
    if (refused !== undefined) return refused;
    stop.abort();
  }
  return undefined;
}

test('f15_a_page_that_calls_and_gives_up_takes_its_share_of_mains_handlers_and_no_more', async () => {
  const app = await stubborn();
  const bad = app.page().connect({ logger: { error: () => {} } });
  const refused = await giveUp(await bad.bind(Echo), SHARE + 50, app.letGo);
  expect(refused).toContain('budget `callee_share`');
  expect(app.letGo).toHaveLength(SHARE);
  expect(await app.others()).toEqual([true, true]);
  // A new connection of the same page is the same user, and so is a frame inside it.
  bad.close();
  await until(() => !app.labels().includes('bad'));
  expect(await giveUp(await app.page().connect().bind(Echo), 3, app.letGo)).toContain('budget `callee_share`');
  const frame = new FakeFrame('https://ads.example/', 'https://ads.example', app.window.webContents.frame);
  expect(await giveUp(await app.page(frame).connect().bind(Echo), 3, app.letGo)).toContain('budget `callee_share`');
  expect(app.letGo).toHaveLength(SHARE);
  // When its handlers have ended, its places are free again.
  for (const letGo of app.letGo) letGo();
  await settle();
  const another = new FakeFrame('https://ads.example/', 'https://ads.example', app.window.webContents.frame);
  expect(await giveUp(await app.page(another).connect().bind(Echo), 3, app.letGo)).toBeUndefined();
});

test('f15_windows_and_processes_without_a_user_are_users_of_their_own', async () => {
  const { attach, page, hub, electron, portcullis } = application();
  const { contents } = attach();
  page(contents).connect();
  await until(() => hub.noted.length === 1);
  contents.navigate();
  page(contents).connect();
  await until(() => hub.noted.length === 2);
  const users = () => hub.noted.map(({ admission }) => admission.user);
  expect(users()).toEqual([`electron:webContents ${contents.id}`, `electron:webContents ${contents.id}`]);
  const connected = async (child: FakeUtility, before: number) => {
    const { connectUtility } = await import('../src/utility/index.js');
    connectUtility({ parentPort: child.parentPort as never, logger: { error: () => {} } });
    await until(() => hub.noted.length > before);
  };
  const children = [new FakeUtility(), new FakeUtility()];
  for (const child of children) {
    const at = hub.noted.length;
    portcullis.attachUtility(child, { label: 'worker', role: 'worker' });
    await connected(child, at);
  }
  expect(new Set(users().slice(2)).size).toBe(2);
  // All runs of one that is kept running are one user; the user that was said is that of each.
  for (const user of [undefined, 'workers']) {
    const at = hub.noted.length;
    const forks: FakeUtility[] = [];
    const kept = portcullis.superviseUtility({
      label: 'kept', role: 'worker', user, policy: { initialMs: 1 },
      fork: () => (forks.push(new FakeUtility()), forks.at(-1) as FakeUtility),
    });
    await connected(forks[0] as FakeUtility, at);
    forks[0]?.exit(1);
    await until(() => forks.length === 2);
    await connected(forks[1] as FakeUtility, at + 1);
    expect(new Set(users().slice(at)).size).toBe(1);
    if (user !== undefined) expect(users()[at]).toBe(user);
    void kept.stop();
    forks[1]?.exit(0);
  }
  expect(electron.app.quits).toBe(0);
});
