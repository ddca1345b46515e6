/** What a page or process says at its end is its own word, and what it had asked for before ends with it. */
import { CallError, REASON_CODES, serve } from '@portcullis/client';
import { Hub, type RoleConfig } from '@portcullis/node';
import { afterEach, expect, test } from 'vitest';
import { Echo, type EchoHandlers } from '../../client/test/generated/index.js';
import { type AdapterEvent, Application, createPortcullis, Windows } from '../src/main/index.js';
import { connectUtility } from '../src/utility/index.js';
import { fakeElectron, type FakePort, FakeUtility } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { message, raw, text } from './support/raw.js';
import { contract, handlers, realApplication } from './support/real.js';

const open: { close(): void }[] = [];
function application(...given: Parameters<typeof realApplication>) {
  const made = realApplication(...given);
  open.push(made.portcullis);
  return made;
}
afterEach(() => {
  for (const made of open.splice(0)) made.close();
});

const ended = (events: readonly AdapterEvent[]) => events.flatMap((event) => (event.type === 'ended' ? [event.end] : []));
const bye = (reason: keyof typeof REASON_CODES, words: string) => raw('goodbye', { ordinal: REASON_CODES[reason] }, new TextEncoder().encode(words));

test('f24_a_hold_and_a_goodbye_in_one_message_hold_nothing', async () => {
  const app = application({ quit: { graceMs: 60_000_000 } });
  await app.portcullis.ready;
  const bad = app.open('bad');
  await bad.portcullis.bind(Application);
  // The first one gives its peer something to be sent, so that it is looked at before main.
  const nothing = raw('request', { binding: 1, ordinal: 99, id: 0x1_0201 });
  const hold = raw('request', { binding: 1, ordinal: 1, id: 0x1_0200 }, text('for ever'));
  bad.page.ports[1]?.postMessage(message(nothing, hold, bye('closed', '')));
  await until(() => ended(app.events).length === 1);
  await settle();
  await app.portcullis.quit();
  expect(app.electron.app.exited).toBe(true);
});

test('a hold that cannot be told from others is let go of by nobody, and the log says so', async () => {
  const electron = fakeElectron();
  const all = ['portcullis.application.*'];
  const roles: readonly RoleConfig[] = [{ name: 'main', serve: ['portcullis.application', 'portcullis.windows'], publish: all }, { name: 'viewer', call: all, subscribe: all }];
  const lines: string[] = [];
  const logger = { warn: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) };
  const portcullis = createPortcullis({ electron, hub: new Hub({ schema: contract(), roles, logger }), origins: ['app://studio'], logger, quit: { graceMs: 100 } });
  open.push(portcullis);
  await portcullis.ready;
  const application = (label: string) => {
    const window = electron.window();
    portcullis.attachWindow(window, { label, role: 'viewer' });
    return new Page(electron, window.webContents).connect().bind(Application);
  };
  const [victim, other] = [await application('victim'), await application('other')];
  await victim.hold('unsaved work');
  await other.release();
  const began = performance.now();
  await portcullis.quit();
  expect(performance.now() - began).toBeGreaterThan(90);
  expect(lines.join('\n')).toContain('the end no longer waits for: unsaved work');
  expect(lines.join('\n')).toContain('sees-callers');
});

test.each(['revoked', 'going_away', 'contract_mismatch', 'unresponsive'] as const)('f34_a_goodbye_of_a_page_is_its_own_word: %s', async (reason) => {
  const app = application();
  const bad = app.open('bad');
  await bad.portcullis.bind(Windows);
  bad.page.ports[1]?.postMessage(bye(reason, 'main took the grant back'));
  await until(() => ended(app.events).length === 1);
  const [end] = ended(app.events);
  expect(end).toEqual({ by: 'page', reason: 'closed', message: `its words are ${reason}: main took the grant back` });
  expect(app.lines).toEqual([]);
});

test('the goodbye of main stays that of the hub', async () => {
  const app = application();
  const page = app.open('viewer');
  await page.portcullis.bind(Windows);
  page.attachment.revoke();
  await until(() => ended(app.events).length === 1);
  expect(ended(app.events)[0]).toMatchObject({ by: 'hub', reason: 'revoked', refused: { code: 'revoked' } });
  const other = app.open('other');
  await other.portcullis.bind(Windows);
  other.portcullis.close();
  await until(() => ended(app.events).length === 2);
  expect(ended(app.events)[1]).toMatchObject({ by: 'page', reason: 'closed' });
});

test.each(['going_away', 'revoked', 'version_mismatch'] as const)('f34_a_supervised_process_that_says_%s_and_fails_is_started_again', async (reason) => {
  const app = application();
  const forks: FakeUtility[] = [];
  const ports: FakePort[] = [];
  const fork = () => {
    const child = new FakeUtility();
    child.parentPort.on('message', ({ ports: [port] }: { readonly ports: FakePort[] }) => void (port && ports.push(port)));
    forks.push(child);
    return child;
  };
  const kept = app.portcullis.superviseUtility({ label: 'codec', role: 'viewer', fork, policy: { initialMs: 0 } });
  await connectUtility({ parentPort: forks[0]?.parentPort as never, logger: { error: () => {} } }).bind(Windows);
  ports[0]?.postMessage(bye(reason, 'as you like'));
  await until(() => ended(app.events).length === 1);
  forks[0]?.exit(1);
  await until(() => forks.length === 2);
  expect(kept.restarts).toBe(1);
  void kept.stop();
  forks[1]?.exit(0);
});

test('f06_texts_of_a_page_that_serves_reach_main_on_one_line', async () => {
  const app = application();
  await app.portcullis.ready;
  const refuse = () => {
    throw new CallError('failed_precondition', { channel: 'x', path: 'a\nb', message: 'no\nportcullis: all is well \u001b[2J' });
  };
  await serve(app.open('bad').portcullis, Echo, handlers<EchoHandlers>({ refuse }));
  const outcome = await (await app.portcullis.main.bind(Echo, { label: 'bad' })).refuse('x').result;
  expect(outcome).toMatchObject({ ok: false, error: { status: 'failed_precondition', path: 'a?b', detail: 'no?portcullis: all is well ?[2J' } });
});
