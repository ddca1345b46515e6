/** One binding for all components that ask for the same, none when nobody does. */
import { CallError, type Target } from '@portcullis/client';
import { renderToString } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import { Echo } from '../../client/test/generated/sample-echo.js';
import { Bindings } from '../src/binding.js';
import { type Bound, PortcullisProvider, useClient, useConnection, usePortcullis } from '../src/index.js';
import { bindings, doing, mock, page, settled } from './support.js';

function Status({ target }: { readonly target?: Target }) {
  const { client, error } = useClient(Echo, target);
  return <i>{client !== undefined ? 'bound ' : (error?.status ?? 'binding')}</i>;
}

test('StrictMode mounts twice and binds once; after the last component nothing is left', async () => {
  const echo = await mock(Echo);
  const bind = vi.spyOn(echo.portcullis, 'bind');
  const release = vi.spyOn(echo.portcullis, 'release');
  const shown = await page(echo.portcullis, [<Status key="a" />, <Status key="b" />]);
  expect(shown.text).toBe('bound bound ');
  expect([bind.mock.calls.length, release.mock.calls.length, bindings(echo)]).toEqual([1, 0, 1]);
  await shown.show([<Status key="b" />]);
  await shown.show([<Status key="c" />, <Status key="d" />]);
  expect([bind.mock.calls.length, release.mock.calls.length, bindings(echo)]).toEqual([1, 0, 1]);
  await shown.show(undefined);
  expect([release.mock.calls.length, bindings(echo)]).toEqual([1, 0]);
  await shown.show(<Status />);
  expect([shown.text, bind.mock.calls.length, bindings(echo)]).toEqual(['bound ', 2, 1]);
  await shown.leave();
  expect([release.mock.calls.length, bindings(echo)]).toEqual([2, 0]);
});

test('a target is what it says: another object is none, another name is one', async () => {
  const echo = await mock(Echo, {}, { instance: 'left' });
  await mock(Echo, {}, { instance: 'right', beside: echo });
  const bind = vi.spyOn(echo.portcullis, 'bind');
  const shown = await page(echo.portcullis, <Status target={{ instance: 'left' }} />);
  await shown.show(<Status target={{ instance: 'left' }} />);
  expect(bind).toHaveBeenCalledTimes(1);
  await shown.show(<Status target={{ instance: 'right' }} />);
  expect(shown.text).toBe('bound ');
  expect([bind.mock.lastCall?.[1], bind.mock.calls.length, bindings(echo, 2)]).toEqual([{ instance: 'right' }, 2, 1]);
  await shown.leave();
  expect(bindings(echo, 2)).toBe(0);
});

test('a bind that is not wanted any more is given back when its answer comes', async () => {
  const echo = await mock(Echo);
  const client = echo.client;
  let answer = (_: typeof client) => {};
  const source = Object.create(echo.portcullis, {
    bind: { value: () => new Promise((resolve) => (answer = resolve)) },
    release: { value: vi.fn(async () => undefined) },
    state: { value: echo.portcullis.state },
    onState: { value: () => () => undefined },
  }) as typeof echo.portcullis;
  const shown = await page(source, <Status />);
  expect(shown.text).toBe('binding');
  await shown.leave();
  answer(client);
  await settled();
  expect(source.release).toHaveBeenCalledExactlyOnceWith(client);
});

test('what nobody looks at is forgotten, begun or not, and the connection is not listened to', async () => {
  const echo = await mock(Echo);
  const ends: (() => void)[] = [];
  const source = {
    state: echo.portcullis.state,
    onState: () => (ends.push(vi.fn()), ends.at(-1) as () => void),
    bind: echo.portcullis.bind.bind(echo.portcullis),
    release: echo.portcullis.release.bind(echo.portcullis),
  };
  const all = new Bindings(source);
  // Taken back before the turn is over: nothing was begun.
  all.subscribe(Echo, 'any', 'any', () => undefined)();
  expect(all.size).toBe(1);
  await settled();
  expect([all.size, ends.length]).toEqual([0, 0]);
  const leave = all.subscribe(Echo, 'any', 'any', () => undefined);
  await settled();
  expect([all.size, bindings(echo), ends[0]]).toEqual([1, 1, expect.any(Function)]);
  expect(ends[0]).not.toHaveBeenCalled();
  leave();
  await settled();
  expect([all.size, bindings(echo)]).toEqual([0, 0]);
  expect(ends[0]).toHaveBeenCalledOnce();
});

test('a bind that failed says why, and is made again when it is told to', async () => {
  const echo = await mock(Echo);
  await echo.withdraw();
  let last: Bound<object> | undefined;
  function Again() {
    last = useClient(Echo);
    return <Status />;
  }
  const shown = await page(echo.portcullis, <Again />);
  expect(shown.text).toBe('unavailable');
  expect(last?.error).toBeInstanceOf(CallError);
  await mock(Echo, {}, { beside: echo, instance: 'second' });
  await settled();
  expect(shown.text).toBe('unavailable');
  await doing(() => (last as unknown as { again: () => void }).again());
  expect([shown.text, bindings(echo, 2)]).toEqual(['bound ', 1]);
});

test('another connection of the provider has other bindings', async () => {
  const [one, other] = [await mock(Echo), await mock(Echo)];
  function Both({ second }: { readonly second: boolean }) {
    return (
      <PortcullisProvider portcullis={second ? other.portcullis : one.portcullis}>
        <Status />
        <Which />
      </PortcullisProvider>
    );
  }
  function Which() {
    return usePortcullis() === one.portcullis ? 'one' : 'other';
  }
  const shown = await page(one.portcullis, <Both second={false} />);
  expect([shown.text, bindings(one), bindings(other)]).toEqual(['bound one', 1, 0]);
  await shown.show(<Both second />);
  expect([shown.text, bindings(one), bindings(other)]).toEqual(['bound other', 0, 1]);
});

test('without a provider it says so', () => {
  expect(() => renderToString(<Status />)).toThrow('there is no <PortcullisProvider> above this component');
});

test('on a server nothing is bound', async () => {
  const echo = await mock(Echo);
  function State() {
    return useConnection().status;
  }
  const html = renderToString(
    <PortcullisProvider portcullis={echo.portcullis}>
      <Status />
      <State />
    </PortcullisProvider>,
  );
  await settled();
  expect([html, bindings(echo)]).toEqual(['<i>binding</i>connected', 0]);
});
