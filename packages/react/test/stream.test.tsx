/** A stream that a component reads: cancelled with it, and shown as often as there are pictures. */
import { ApplicationError, CallError, type Outcome, type Streaming } from '@portcullis/client';
import { act, useState } from 'react';
import { flushSync } from 'react-dom';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Flows } from '../../client/test/generated/sample-flows.js';
import type { FlowsError, Summary } from '../../client/test/generated/types.js';
import { type Bound, type StreamResult, useClient, useStream } from '../src/index.js';
import { bindings, doing, mock, page, settled } from './support.js';

/** Pictures that wait to be drawn. */
let frames = new Map<number, () => void>();
let lastFrame = 0;

beforeEach(() => {
  frames = new Map();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => (frames.set(++lastFrame, run), lastFrame));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => void frames.delete(frame));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const draw = () =>
  act(async () => {
    const due = [...frames.values()];
    frames.clear();
    for (const run of due) run();
  });

let last: StreamResult<number, Summary, FlowsError>;
let items: (number | undefined)[] = [];
function Count({ to, failAfter = null, onItem }: { readonly to: number; readonly failAfter?: number | null; readonly onItem?: (item: number) => void }) {
  last = useStream(useClient(Flows), (c, signal) => c.count(to, failAfter, { signal }), [to, failAfter], { onItem });
  items.push(last.item);
  return `${last.item ?? ''} ${last.error?.status ?? (last.open ? 'open' : 'ended')}`;
}

/** Numbers as the test gives them. */
function source() {
  let give = (_: number | Error | undefined) => {};
  const cancelled: string[] = [];
  const count = async function* (to: number, _: number | null, { signal }: { readonly signal: AbortSignal }) {
    signal.addEventListener('abort', () => cancelled.push(`to ${to}`));
    let items = 0;
    for (;;) {
      const given = await new Promise<number | Error | undefined>((resolve) => (give = resolve));
      if (given instanceof Error) throw given;
      if (given === undefined) return { items, sum: 0n };
      items++;
      yield given;
    }
  };
  return { count, cancelled, give: (given: number | Error | undefined) => doing(() => give(given)) };
}

test('fast items cost one render for each picture, of the latest', async () => {
  const { count, give } = source();
  const flows = await mock(Flows, { count });
  const shown = await page(flows.portcullis, <Count to={9} />, true);
  items = [];
  for (let item = 1; item <= 40; item++) await give(item);
  expect([items, frames.size]).toEqual([[], 1]);
  await draw();
  expect([shown.text, items, frames.size]).toEqual(['40 open', [40], 0]);
  await give(41);
  await draw();
  expect(items).toEqual([40, 41]);
});

test('its end shows the last item and the reply at once', async () => {
  const { count, give } = source();
  const flows = await mock(Flows, { count });
  const shown = await page(flows.portcullis, <Count to={9} />);
  await give(1);
  await give(2);
  await give(undefined);
  expect([shown.text, last.reply, frames.size]).toEqual(['2 ended', { items: 2, sum: 0n }, 0]);
});

test("its failure is the contract's own error, after the items before, and it is opened anew when told to", async () => {
  const { count, give } = source();
  const flows = await mock(Flows, { count });
  const shown = await page(flows.portcullis, <Count to={9} />);
  const { reopen } = last;
  await give(1);
  await give(new ApplicationError<FlowsError>({ type: 'broken', after: 1 }));
  expect(shown.text).toBe('1 application');
  expect(last.error?.status === 'application' && last.error.error.after).toBe(1);
  await doing(reopen);
  expect([shown.text, last.error, flows.callsOf('count').length]).toEqual(['1 open', undefined, 2]);
  await give(5);
  await draw();
  expect([shown.text, last.reopen === reopen]).toEqual(['5 open', true]);
});

test('StrictMode opens one; other dependencies, opening anew and unmounting cancel it', async () => {
  const { count, cancelled, give } = source();
  const flows = await mock(Flows, { count });
  const shown = await page(flows.portcullis, <Count to={1} />);
  await give(1);
  await shown.show(<Count to={2} />);
  expect([shown.text, flows.callsOf('count').length, cancelled, frames.size]).toEqual([' open', 2, ['to 1'], 0]);
  await doing(last.reopen);
  expect([flows.callsOf('count').length, cancelled]).toEqual([3, ['to 1', 'to 2']]);
  await give(2);
  items = [];
  await shown.leave();
  await doing(last.reopen);
  await draw();
  expect([flows.callsOf('count').length, cancelled, items, frames.size, bindings(flows)]).toEqual([3, ['to 1', 'to 2', 'to 2'], [], 0, 0]);
});

test('one whose function takes no signal is cancelled as well', async () => {
  const { count, cancelled, give } = source();
  const flows = await mock(Flows, { count });
  function Deaf() {
    return useStream(useClient(Flows), (c) => c.count(1, null), []).item;
  }
  const shown = await page(flows.portcullis, <Deaf />);
  await give(1);
  await shown.leave();
  expect([cancelled, flows.callsOf('count')[0]?.outcome?.ok]).toEqual([['to 1'], false]);
});

test('`onItem` takes each, without a render; that of the last render is called, and none after the component has left', async () => {
  const { count, give } = source();
  const logged = vi.spyOn(console, 'error').mockReturnValue(undefined);
  const flows = await mock(Flows, { count });
  const taken: string[] = [];
  const shown = await page(flows.portcullis, <Count to={9} onItem={(item) => taken.push(`a${item}`)} />);
  items = [];
  await give(1);
  await give(2);
  expect([taken, items, frames.size]).toEqual([['a1', 'a2'], [], 0]);
  const thrown = new Error('a mistake');
  await shown.show(
    <Count
      to={9}
      onItem={(item) => {
        taken.push(`b${item}`);
        throw thrown;
      }}
    />,
  );
  await give(3);
  await give(4);
  expect([taken, logged.mock.calls, shown.text]).toEqual([
    ['a1', 'a2', 'b3', 'b4'],
    [
      ['portcullis: `onItem` threw', thrown],
      ['portcullis: `onItem` threw', thrown],
    ],
    ' open',
  ]);
  await shown.leave();
  await give(5);
  expect(taken.length).toBe(4);
  logged.mockRestore();
});

test('where no pictures are drawn, what came in one turn is shown in the next', async () => {
  vi.stubGlobal('requestAnimationFrame', undefined);
  const flows = await mock(Flows, {
    count: async function* (to) {
      for (let item = 1; item <= to; item++) yield item;
      return new Promise<never>(() => undefined);
    },
  });
  const shown = await page(flows.portcullis, <Count to={3} />);
  await settled();
  expect(shown.text).toBe('3 open');
});

test('a bind that failed is told as its error, and opening anew binds again', async () => {
  const { count } = source();
  const flows = await mock(Flows, { count });
  await flows.withdraw();
  const shown = await page(flows.portcullis, <Count to={1} />);
  expect(shown.text).toBe(' unavailable');
  await mock(Flows, { count }, { beside: flows, instance: 'second' });
  await doing(last.reopen);
  expect(shown.text).toBe(' open');
});

describe('at the moment when the component leaves', () => {
  /** A client of the test's own. */
  function played(reply: Promise<Outcome<void>> = new Promise(() => undefined)) {
    let item = (_: number) => {};
    const next = () => new Promise<IteratorResult<number, void>>((resolve, reject) => {
      item = (value) => resolve({ value });
      void reply.then(reject);
    });
    const stream = { [Symbol.asyncIterator]: () => ({ next }), cancel: () => undefined, reply: { result: reply } };
    return { client: { open: () => stream as unknown as Streaming<number, void> }, give: (value: number) => item(value) };
  }
  type Client = ReturnType<typeof played>['client'];

  let hide = () => {};
  async function shownWith(bound: Bound<Client>, onItem?: (item: number) => void) {
    function Read() {
      useStream(bound, (c) => c.open(), [], { onItem });
      return null;
    }
    function Parent() {
      const [isShown, setShown] = useState(true);
      hide = () => flushSync(() => setShown(false));
      return isShown ? <Read /> : null;
    }
    const echo = await mock(Flows);
    return page(echo.portcullis, <Parent />);
  }

  test('an item that has come already is not taken', async () => {
    const { client, give } = played();
    const taken: number[] = [];
    await shownWith({ client, error: undefined, another: () => new Promise(() => undefined) }, (item) => taken.push(item));
    await doing(() => give(1));
    await doing(() => {
      give(2);
      hide();
    });
    expect(taken).toEqual([1]);
  });

  test('a client that was bound for its stream, and comes then, is given back', async () => {
    const error = new CallError('unavailable', { channel: '', message: '', sent: false });
    const { client } = played(Promise.resolve({ ok: false, error }));
    const giveBack = vi.fn();
    let come = () => {};
    const another = () => new Promise<readonly [Client, () => void]>((resolve) => (come = () => resolve([client, giveBack])));
    await shownWith({ client, error: undefined, another });
    await doing(hide);
    expect(giveBack).not.toHaveBeenCalled();
    await doing(come);
    expect(giveBack).toHaveBeenCalledOnce();
  });
});
