/** A shared state in a component: own changes at once, those of others when they come, and nothing when it has left. */
import { sharedState, type StateVersion, type Versioned } from '@portcullis/client';
import { expect, expectTypeOf, test } from 'vitest';
import { Echo } from '../../client/test/generated/sample-echo.js';
import { useSharedState } from '../src/index.js';
import { closing, doing, mock, page } from './support.js';

test('is shown with own changes, and listened to once', async () => {
  let tell = (_: Versioned<number>) => {};
  const shared = sharedState<number>({
    subscribe: (listener) => ((tell = listener), () => undefined),
    replace: () => new Promise<StateVersion>(() => undefined),
  });
  closing(() => shared.close());
  let listeners = 0;
  let begun = 0;
  const { onChange } = shared;
  shared.onChange = (listener: () => void) => {
    const off = onChange.call(shared, listener);
    begun++;
    listeners++;
    return () => {
      listeners--;
      off();
    };
  };
  function Gain() {
    const gain = useSharedState(shared);
    expectTypeOf(gain).toEqualTypeOf<number | undefined>();
    return `${gain}`;
  }
  const shown = await page((await mock(Echo)).portcullis, <Gain />);
  expect([shown.text, listeners]).toEqual(['undefined', 1]);
  const before = begun;
  await doing(() => tell([{ epoch: 1, number: 0 }, 5]));
  expect(shown.text).toBe('5');
  await doing(() => void shared.update((value) => value + 1).catch(() => undefined));
  expect([shown.text, shared.confirmed, listeners, begun]).toEqual(['6', 5, 1, before]);
  await shown.leave();
  expect(listeners).toBe(0);
});
