/** Frames inside a page: whose they are, when they are over, and what of theirs is not the page's. */
import { serve } from '@portcullis/client';
import { afterEach, expect, test } from 'vitest';
import { Echo, type EchoHandlers } from '../../client/test/generated/index.js';
import { FakeFrame, type FakeWindow } from './support/electron.js';
import { Page, settle, until } from './support/page.js';
import { handlers, realApplication } from './support/real.js';
import { application } from './support/setup.js';

const MAPS = 'https://maps.example';
const open: { close(): void }[] = [];
afterEach(() => {
  for (const made of open.splice(0)) made.close();
});

const REQUEST = { number: 1n, text: 'x', value: 1 };

/** A window with a connected page whose frames may connect, over the real hub; main answers and notes who calls. */
async function framed() {
  const app = realApplication();
  open.push(app.portcullis);
  const callers: (string | undefined)[] = [];
  const call: EchoHandlers['call'] = (request, cx) => (callers.push(cx.caller?.label), request);
  await serve(app.portcullis.main, Echo, handlers<EchoHandlers>({ call }));
  const origins = [MAPS, 'https://pay.example', 'https://chat.example'];
  const childFrames = origins.map((origin, at) => ({ origins: [origin], role: 'viewer', ...(at === 2 && { label: 'chat' }) }));
  const window = app.electron.window();
  app.portcullis.attachWindow(window, { label: 'viewer', role: 'viewer', childFrames });
  const inside = (origin: string) => {
    const frame = new FakeFrame(`${origin}/`, origin, window.webContents.frame);
    return { frame, portcullis: new Page(app.electron, window.webContents, frame, true).connect({ logger: { error: () => {} } }) };
  };
  return { ...app, callers, window, inside, origins };
}

test('f43_frames_of_different_origins_have_labels_of_their_own', async () => {
  const { origins, inside, callers } = await framed();
  for (const origin of origins) await (await inside(origin).portcullis.bind(Echo)).call(REQUEST);
  expect(callers).toEqual(['viewer/frame', 'viewer/frame-2', 'chat']);
});

test.each(['destroyed', 'detached'] as const)('f43_a_frame_that_was_taken_out_calls_nobody_any_more (%s)', async (how) => {
  const { inside, callers, labels, events } = await framed();
  const { frame, portcullis } = inside(MAPS);
  const echo = await portcullis.bind(Echo);
  await echo.call(REQUEST);
  frame[how] = true;
  expect(await echo.call(REQUEST).result).toMatchObject({ ok: false, error: { status: 'unavailable' } });
  expect(callers).toHaveLength(1);
  expect(labels()).toEqual(['main']);
  expect(events).toContainEqual(expect.objectContaining({ type: 'ended', end: expect.objectContaining({ by: 'navigation' }) }));
});

test('f43_a_frame_that_was_taken_out_hears_nothing_any_more', async () => {
  const { electron, attach, hub, page } = application();
  const { contents } = attach({ childFrames: [{ origins: [MAPS], role: 'maps' }] });
  page(contents).connect();
  const frame = new FakeFrame(`${MAPS}/`, MAPS, contents.frame);
  const inner = new Page(electron, contents, frame, true);
  inner.connect();
  await until(() => hub.noted.length === 2);
  const maps = hub.noted.find(({ admission }) => admission.role === 'maps');
  const viewer = hub.noted.find(({ admission }) => admission.role === 'viewer');
  frame.routingId = -1;
  let heard = 0;
  inner.ports[1]?.on('message', (data: unknown) => void (data instanceof Uint8Array && (heard += 1)));
  maps?.port.send(Uint8Array.of(1));
  await settle();
  expect(heard).toBe(0);
  expect([maps?.losses, viewer?.losses]).toEqual([['the frame was taken out of its page'], []]);
});

test('a load that is aborted ends no frames of a page that has no connection, and an error page does', async () => {
  const { inside, labels, window } = await framed();
  const gone = inside(MAPS);
  await gone.portcullis.bind(Echo);
  await inside('https://chat.example').portcullis.bind(Echo);
  const failed = (processId: number, routingId: number) => {
    window.webContents.emit('did-fail-provisional-load', {}, -3, 'ERR_ABORTED', 'app://studio/a', true, processId, routingId);
  };
  failed(-1, -1);
  expect(labels()).toEqual(['chat', 'main', 'viewer/frame']);
  // What is gone is found by itself.
  gone.frame.destroyed = true;
  failed(-1, -1);
  expect(labels()).toEqual(['chat', 'main']);
  failed(7, 4_711);
  expect(labels()).toEqual(['main']);
});

test('f43_the_root_of_a_fenced_frame_is_not_the_page', async () => {
  const { electron, attach, refusals, hub } = application();
  const { contents } = attach();
  // It has no parent, and the page's own origin.
  new Page(electron, contents, new FakeFrame(contents.frame.url, contents.frame.origin)).connect();
  await until(() => refusals().length === 1);
  expect(refusals()[0]?.code).toBe('sub_frame');
  expect(hub.noted).toEqual([]);
});

test('redirects of frames inside a page are not held to the origins of the page', () => {
  const { attach, events } = application();
  const { window } = attach({ childFrames: [{ origins: [MAPS], role: 'maps' }] });
  const redirected = (of: FakeWindow, isMainFrame: boolean | undefined) => {
    let prevented = false;
    of.webContents.emit('will-redirect', { url: `${MAPS}/login`, isMainFrame, preventDefault: () => void (prevented = true) });
    return prevented;
  };
  expect(redirected(window, false)).toBe(false);
  expect(events).toEqual([]);
  expect([redirected(window, true), redirected(window, undefined)]).toEqual([true, true]);
});
