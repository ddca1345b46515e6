/** A call whose reply a component shows: cancelled when nobody awaits it, and never mixed up with another. */
import { ApplicationError, type CallError } from '@portcullis/client';
import { Component, type ReactNode } from 'react';
import { expect, test, vi } from 'vitest';
import { Echo } from '../../client/test/generated/sample-echo.js';
import type { EchoError } from '../../client/test/generated/types.js';
import { type CallResult, useCall, useClient } from '../src/index.js';
import { bindings, doing, mock, page, settled } from './support.js';

const never = () => new Promise<never>(() => undefined);

let last: CallResult<number>;
let renders: (number | undefined)[] = [];
function Later({ ms }: { readonly ms: number }) {
  last = useCall(useClient(Echo), (c, signal) => c.later(ms, { signal }), [ms]);
  renders.push(last.data);
  return last.error?.status ?? (last.pending ? `${last.data ?? ''}…` : `${last.data}`);
}

test('StrictMode makes one call, and a render without other dependencies none', async () => {
  const echo = await mock(Echo, { later: (ms) => ms });
  const shown = await page(echo.portcullis, <Later ms={7} />);
  await shown.show(<Later ms={7} />);
  expect([shown.text, last.pending, echo.callsOf('later').length]).toEqual(['7', false, 1]);
});

test('other dependencies cancel the call before, and its late reply is dropped (R5)', async () => {
  const replies = new Map<number, (value: number) => void>();
  const cancelled: number[] = [];
  const echo = await mock(Echo, {
    later: (ms, cx) => {
      cx.signal.addEventListener('abort', () => cancelled.push(ms));
      return new Promise((resolve) => replies.set(ms, resolve));
    },
  });
  const shown = await page(echo.portcullis, <Later ms={1} />);
  await doing(() => replies.get(1)?.(10));
  expect(shown.text).toBe('10');
  renders = [];
  await shown.show(<Later ms={2} />);
  await shown.show(<Later ms={3} />);
  // The reply to other dependencies is no longer shown.
  expect([shown.text, cancelled]).toEqual(['…', [2]]);
  await doing(() => replies.get(3)?.(30));
  await doing(() => replies.get(2)?.(20));
  expect([shown.text, new Set(renders)]).toEqual(['30', new Set([undefined, 30])]);
});

test('a reply to old dependencies is dropped also when the call takes no signal', async () => {
  const replies = new Map<number, (value: number) => void>();
  const echo = await mock(Echo, { later: (ms) => new Promise((resolve) => replies.set(ms, resolve)) });
  function Deaf({ ms }: { readonly ms: number }) {
    const { data } = useCall(useClient(Echo), (c) => c.later(ms), [ms]);
    renders.push(data);
    return data ?? '…';
  }
  renders = [];
  const shown = await page(echo.portcullis, <Deaf ms={1} />);
  await shown.show(<Deaf ms={2} />);
  await doing(() => replies.get(2)?.(20));
  await doing(() => replies.get(1)?.(10));
  expect([shown.text, new Set(renders), echo.callsOf('later')[0]?.outcome?.ok]).toEqual(['20', new Set([undefined, 20]), true]);
});

test('unmounting cancels it, and gives its binding back', async () => {
  const echo = await mock(Echo, { later: never });
  const shown = await page(echo.portcullis, <Later ms={1} />);
  renders = [];
  await shown.leave();
  expect(echo.callsOf('later').map(({ outcome }) => outcome)).toMatchObject([{ ok: false, error: { status: 'cancelled' } }]);
  expect([bindings(echo), renders]).toEqual([0, []]);
});

test('fetching anew keeps the last reply until there is another, and cancels what is in flight', async () => {
  let count = 0;
  const echo = await mock(Echo, { later: () => (++count === 2 ? never() : count) });
  const shown = await page(echo.portcullis, <Later ms={1} />);
  const { refetch } = last;
  expect(shown.text).toBe('1');
  await doing(refetch);
  expect([shown.text, last.pending]).toEqual(['1…', true]);
  await doing(refetch);
  expect([shown.text, echo.callsOf('later')[1]?.outcome]).toMatchObject(['3', { ok: false, error: { status: 'cancelled' } }]);
  expect(last.refetch).toBe(refetch);
  await shown.leave();
  await doing(refetch);
  expect(echo.callsOf('later').length).toBe(3);
});

test('fetching anew drops the reply before also when the call takes no signal, and does nothing for a component that has left', async () => {
  const replies: ((value: number) => void)[] = [];
  const echo = await mock(Echo, { later: () => new Promise((resolve) => replies.push(resolve)) });
  function Deaf() {
    last = useCall(useClient(Echo), (c) => c.later(1), []);
    return last.data ?? '…';
  }
  // Holds the binding, whoever else leaves.
  function Holder() {
    return useClient(Echo).error?.status;
  }
  const shown = await page(echo.portcullis, [<Deaf key="deaf" />, <Holder key="holder" />]);
  await doing(last.refetch);
  await doing(() => replies[1]?.(2));
  await doing(() => replies[0]?.(1));
  expect([shown.text, replies.length]).toEqual(['2', 2]);
  await shown.show([<Holder key="holder" />]);
  await doing(last.refetch);
  expect([replies.length, bindings(echo)]).toEqual([2, 1]);
});

test("the contract's own error comes with its type and fields", async () => {
  const echo = await mock(Echo, {
    fail: (number) => {
      throw new ApplicationError<EchoError>({ type: 'odd', number });
    },
  });
  function Fail() {
    const { error } = useCall(useClient(Echo), (c, signal) => c.fail(3n, [], { signal }), []);
    if (error?.status === 'application' && error.error.type === 'odd') return `odd ${error.error.number}`;
    return error?.status;
  }
  expect((await page(echo.portcullis, <Fail />)).text).toBe('odd 3');
});

test('an error passes with the next reply; that of a bind is told as its own, and `refetch` binds again', async () => {
  const echo = await mock(Echo, { later: (ms) => ms });
  echo.fail('later', { status: 'resource_exhausted' });
  const shown = await page(echo.portcullis, <Later ms={1} />);
  expect(shown.text).toBe('resource_exhausted');
  await doing(last.refetch);
  expect([shown.text, last.error]).toEqual(['1', undefined]);
  await shown.leave();
  await echo.withdraw();
  const other = await page(echo.portcullis, <Later ms={2} />);
  expect([other.text, last.pending, (last.error as CallError).channel]).toEqual(['unavailable', false, 'portcullis.hub.bind']);
  await mock(Echo, { later: (ms) => ms + 1 }, { beside: echo, instance: 'second' });
  await doing(last.refetch);
  expect(other.text).toBe('3');
});

test('what the function itself throws is thrown by the component', async () => {
  const echo = await mock(Echo);
  const logged = vi.spyOn(console, 'error').mockReturnValue(undefined);
  class Boundary extends Component<{ readonly children: ReactNode }, { readonly caught?: string }> {
    static getDerivedStateFromError = (error: Error) => ({ caught: `caught ${error.message}` });
    override state: { readonly caught?: string } = {};
    override render() {
      return this.state.caught ?? this.props.children;
    }
  }
  function Broken() {
    useCall(
      useClient(Echo),
      () => {
        throw new RangeError('a mistake');
      },
      [],
    );
    return 'shown';
  }
  const shown = await page(echo.portcullis, <Boundary children={<Broken />} />);
  await settled();
  expect([shown.text, bindings(echo)]).toEqual(['caught a mistake', 0]);
  logged.mockRestore();
});
