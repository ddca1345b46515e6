/** A connection that is lost, and the one after it. */
import { connect, type Reconnecting, reconnecting } from '@portcullis/client';
import { act } from 'react';
import { expect, test, vi } from 'vitest';
import { Echo } from '../../client/test/generated/sample-echo.js';
import { Flows } from '../../client/test/generated/sample-flows.js';
import { Topics } from '../../client/test/generated/sample-topics.js';
import { type CallResult, useCall, useClient, useConnection, useStateTopic, useStream } from '../src/index.js';
import { closing, doing, logger, mock, page, settled, subscribers } from './support.js';

const waits = { initialMs: 1, maxMs: 1 };

/** Until a client of `reconnecting` is so. */
function until(main: Reconnecting, status: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (main.state.status !== status) return;
      off();
      resolve();
    };
    const off = main.onState(look);
    look();
  });
}

function State() {
  return useConnection().status;
}

function Level() {
  const { value, error } = useStateTopic(useClient(Topics), 'onLevel');
  return ` ${value} ${error?.status ?? ''}`;
}

test('on a client that reconnects binding, topic and calls go on by themselves', async () => {
  const topics = await mock(Topics);
  const main = reconnecting(() => topics.transport(), { logger, waits });
  closing(() => main.close());
  const bind = vi.spyOn(main, 'bind');
  const shown = await page(main, [<State key="state" />, <Level key="level" />]);
  await doing(() => topics.publisher.level(1n));
  expect(shown.text).toBe('connected 1 ');
  await doing(() => topics.disconnect());
  expect(shown.text).toMatch(/^(waiting|connecting) 1 $/);
  await doing(() => Promise.all([topics.reconnect(), until(main, 'connected')]));
  await doing(() => topics.publisher.level(2n));
  expect([shown.text, bind.mock.calls.length, await subscribers(topics)]).toEqual(['connected 2 ', 1, 1]);
  await shown.leave();
  expect([await subscribers(topics), main.current?.hub.bindings.size]).toEqual([0, 0]);
});

test('a bind that failed is made again when the connection stands anew', async () => {
  // Nobody serves the interface, and nobody will wait for it.
  const other = await mock(Topics);
  const main = reconnecting(() => other.transport(), { logger, waits });
  closing(() => main.close());
  let last: CallResult<number> | undefined;
  function Later() {
    last = useCall(useClient(Echo), (c, signal) => c.later(5, { signal }), []);
    return last.error?.status ?? last.data;
  }
  const shown = await page(main, <Later />);
  expect(shown.text).toBe('permission_denied');
  await mock(Echo, { later: (ms) => ms }, { beside: other });
  await settled();
  expect(shown.text).toBe('permission_denied');
  await doing(() => other.disconnect());
  await doing(() => Promise.all([other.reconnect(), until(main, 'connected')]));
  expect(shown.text).toBe('5');
});

/** Numbers its streams, each of which sends one item. */
async function stalling() {
  let opened = 0;
  const stall = async function* () {
    yield ++opened;
    await new Promise(() => undefined);
  };
  const flows = await mock(Flows, { stall });
  const main = reconnecting(() => flows.transport(), { logger, waits });
  closing(() => main.close());
  return { flows, main, stall };
}

let reopen = () => {};
function Stall({ anew = false }: { readonly anew?: boolean }) {
  const { status } = useConnection();
  const stalled = useStream(useClient(Flows), (c, signal) => c.stall({ signal }), [anew && status]);
  reopen = stalled.reopen;
  return stalled.error?.status ?? stalled.item ?? '…';
}

test('a stream ends with its connection; the next, told for before there is one, waits for connection and instance', async () => {
  const { flows, main, stall } = await stalling();
  const shown = await page(main, <Stall />);
  await nextPicture();
  expect(shown.text).toBe('1');
  await flows.withdraw();
  await doing(() => flows.disconnect());
  expect(shown.text).toBe('unavailable');
  await doing(reopen);
  expect(shown.text).toBe('1');
  // The connection comes before the instance.
  await doing(() => Promise.all([flows.reconnect().catch(() => undefined), until(main, 'connected')]));
  await settled();
  const again = await mock(Flows, { stall }, { beside: flows, instance: 'again' });
  await doing(() => vi.waitFor(() => expect(again.callsOf('stall').length).toBe(1)));
  await nextPicture();
  expect([shown.text, main.current?.hub.bindings.size]).toEqual(['2', 1]);
  await shown.leave();
  expect([again.callsOf('stall')[0]?.outcome?.ok, main.current?.hub.bindings.size]).toEqual([false, 0]);
});

test('the state of the connection as a dependency opens the next stream', async () => {
  const { flows, main } = await stalling();
  const shown = await page(main, <Stall anew />);
  await nextPicture();
  expect(shown.text).toBe('1');
  await doing(() => flows.disconnect());
  expect(shown.text).toBe('…');
  await doing(() => Promise.all([flows.reconnect(), until(main, 'connected')]));
  await nextPicture();
  expect(shown.text).toBe('2');
  await shown.leave();
  expect([flows.callsOf('stall').length, main.current?.hub.bindings.size]).toEqual([2, 0]);
});

test('a stream whose instance has left for good says so', async () => {
  const { flows } = await stalling();
  const shown = await page(flows.portcullis, <Stall />);
  await doing(() => flows.withdraw());
  expect(shown.text).toBe('unavailable');
  await doing(reopen);
  expect(shown.text).toBe('unavailable');
});

/** Pictures are drawn here by a timer of the page in memory. */
const nextPicture = () => act(() => new Promise<void>((resolve) => void requestAnimationFrame(() => resolve())));

test('a connection that does not come back says so: state, topic and calls', async () => {
  const topics = await mock(Topics, { emit: () => undefined });
  const main = connect(topics.transport(), { logger });
  let last: CallResult<void> | undefined;
  function Emit() {
    last = useCall(useClient(Topics), (c, signal) => c.emit(1, 1, { signal }), []);
    return ` ${last.error?.status ?? 'well'}`;
  }
  const shown = await page(main, [<State key="state" />, <Level key="level" />, <Emit key="emit" />]);
  await doing(() => topics.publisher.level(1n));
  expect(shown.text).toBe('connected 1  well');
  await doing(() => topics.disconnect('going_away'));
  expect(shown.text).toBe('closed 1 unavailable well');
  await doing(() => last?.refetch());
  expect(shown.text).toBe('closed 1 unavailable unavailable');
});
