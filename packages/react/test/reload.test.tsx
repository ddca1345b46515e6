/** Hot reload, by React's own Fast Refresh: the component is another function, its state stays, and nothing is left behind. */
import * as refresh from 'react-refresh/runtime';
import { type Dispatch, type SetStateAction, useState } from 'react';
import { expect, test, vi } from 'vitest';
import { Flows } from '../../client/test/generated/sample-flows.js';
import { Topics } from '../../client/test/generated/sample-topics.js';
import { useCall, useClient, useStateTopic, useStream } from '../src/index.js';
import { bindings, doing, mock, page, subscribers } from './support.js';


let setCount: Dispatch<SetStateAction<number>>;
let mounts = 0;

/** What a bundler makes of one version of a module. */
function version(name: string) {
  function Reloaded() {
    const [count, set] = useState(() => ++mounts);
    setCount = set;
    const topics = useClient(Topics);
    const flows = useClient(Flows);
    const { value } = useStateTopic(topics, 'onLevel');
    const { pending } = useCall(topics, (c, signal) => c.emit(1, 1, { signal }), []);
    useStream(flows, (c, signal) => c.stall({ signal }), [], { onItem: () => undefined });
    return `${name} ${count} ${value} ${pending}`;
  }
  refresh.register(Reloaded, 'reloaded');
  refresh.setSignature(Reloaded, 'the same hooks');
  return Reloaded;
}

test('keeps the state, one binding each, one subscription and one stream', async () => {
  const topics = await mock(Topics, { emit: () => undefined });
  const flows = await mock(
    Flows,
    {
      stall: async function* () {
        yield 1;
        await new Promise(() => undefined);
      },
    },
    { beside: topics },
  );
  const bind = vi.spyOn(topics.portcullis, 'bind');
  const First = version('first');
  const shown = await page(topics.portcullis, <First />);
  await doing(() => topics.publisher.level(1n));
  await doing(() => setCount(100));
  expect(shown.text).toBe('first 100 1 false');
  const mountsBefore = mounts;
  for (const name of ['second', 'third']) {
    version(name);
    await doing(() => refresh.performReactRefresh());
    expect([shown.text, await subscribers(topics)]).toEqual([`${name} 100 ${name === 'second' ? 1 : 9} false`, 1]);
  }
  expect([mounts, bind.mock.calls.length, bindings(topics, 2)]).toEqual([mountsBefore, 2, 2]);
  const streams = flows.callsOf('stall');
  expect(streams.filter(({ outcome }) => outcome === undefined).length).toBe(1);
  await shown.leave();
  expect([await subscribers(topics), bindings(topics, 2), flows.callsOf('stall').filter(({ outcome }) => outcome === undefined)]).toEqual([0, 0, []]);
});
