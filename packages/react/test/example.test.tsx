/** The example: it works, and the README shows it as it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationError } from '@portcullis/client';
import { expect, test } from 'vitest';
import { type Camera, type CameraError, CameraId, Cameras, type LogRecord, MessageLog } from '../../../examples/camera-studio/pages/src/generated/index.js';
import { CameraList, Recorded, Selected } from './example/cameras.js';
import { bindings, doing, mock, page } from './support.js';

const [left, right] = ['left', 'right'].map((name, index): Camera => {
  return { id: CameraId(index), name, source: `${name}.y4m`, width: 640, height: 480, framesPerSecond: 30, status: { type: 'live' }, restarts: 0 };
}) as [Camera, Camera];

test('shows cameras, their number, and the last message', async () => {
  const record: LogRecord = { at: 0, channel: 'studio.cameras.list', kind: 'call', from: 'viewer', to: 'main', bytes: 1, duration: 0, outcome: 'ok' };
  const cameras = await mock(Cameras, {
    list: () => ({ cameras: [left, right], selected: right.id }),
    unplug: (camera) => {
      throw new ApplicationError<CameraError>({ type: 'unplugged', camera });
    },
  });
  let go = () => {};
  await mock(
    MessageLog,
    {
      history: async function* () {
        yield { records: [record], omitted: 0 };
        await new Promise<void>((resolve) => (go = resolve));
        return 1;
      },
    },
    { beside: cameras },
  );
  const shown = await page(cameras.portcullis, [<CameraList key="list" />, <Selected key="selected" />, <Recorded key="recorded" />]);
  await doing(() => cameras.publisher.cameras({ cameras: [left, right], selected: right.id }));
  await doing(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  expect(shown.text).toBe('leftright2 cameras, 1 selectedstudio.cameras.list');
  expect(bindings(cameras, 2)).toBe(2);
  await doing(() => shown.element.querySelector('li')?.click());
  expect(shown.element.querySelector('ul')?.title).toBe('unplugged');
  await doing(go);
  expect(shown.text).toBe('leftright2 cameras, 1 selected1 messages');
  await doing(() => cameras.publisher.cameras({ cameras: [left], selected: null }));
  expect(shown.text).toBe('left2 cameras, 1 selected1 messages');
});

test('offers to try again', async () => {
  const cameras = await mock(Cameras, { list: () => ({ cameras: [], selected: null }) });
  cameras.fail('list', { status: 'resource_exhausted' });
  const shown = await page(cameras.portcullis, <Selected />);
  expect(shown.text).toBe('resource_exhausted, try again');
  await doing(() => shown.element.querySelector('button')?.click());
  expect(shown.text).toBe('0 cameras, none selected');
});

test('stands in the README', () => {
  const here = import.meta.dirname;
  const [, code] = readFileSync(join(here, 'example/cameras.tsx'), 'utf8').split(/^(?=export function CameraList)/m);
  const [, shown] = /```tsx\n(export function CameraList[^]*?)```/.exec(readFileSync(join(here, '../README.md'), 'utf8')) ?? [];
  expect(shown).toBe(code);
});
