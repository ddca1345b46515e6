/** Moving over from `ipcMain.handle`. */
import { expect, test } from 'vitest';
import { fromIpcHandler } from '../src/main/index.js';
import { FakeFrame } from './support/electron.js';
import { application } from './support/setup.js';

const cx = { channel: 'studio.cameras.rename', signal: new AbortController().signal, remainingMs: () => 1_000 };

test('an old handler serves a contract, and is told of its channel and signal', async () => {
  const old = async (event: any, id: number, name: string) => `${event.channel} ${id} ${name} ${event.signal === cx.signal}`;
  const handler: (id: number, name: string, context: typeof cx) => Promise<string> = fromIpcHandler(old);
  expect(await handler(3, 'left', cx)).toBe('studio.cameras.rename 3 left true');
});

test('an old handler that looks at its sender fails in so many words', () => {
  const handler = fromIpcHandler((event: any) => event.sender.id);
  expect(() => handler(cx)).toThrow(/not told which window calls/);
  expect(() => fromIpcHandler((event: any) => event.senderFrame.url)(cx)).toThrow(TypeError);
});

function legacy() {
  const all = application();
  const calls: unknown[][] = [];
  const off = all.portcullis.legacyHandle('cameras:rename', { roles: ['viewer'], argumentCount: 2 }, (...args) => {
    calls.push(args);
    return `renamed ${args.join(' ')}`;
  });
  const { contents } = all.attach();
  const invoke = (...args: unknown[]) => all.electron.ipcMain.invoke(contents, 'cameras:rename', ...args);
  return { ...all, calls, off, contents, invoke };
}

test('an old page reaches a method of a contract', async () => {
  const { invoke, off } = legacy();
  expect(await invoke(3, 'left')).toBe('renamed 3 left');
  off();
  await expect(invoke(3, 'left')).rejects.toThrow(/no handler/);
});

test('arguments too many, among them options of a call, reach nobody', async () => {
  const { invoke, calls } = legacy();
  await expect(invoke(3, 'left', { timeoutMs: 1e9 })).rejects.toThrow(/takes 2 arguments/);
  await expect(invoke(3)).rejects.toThrow(/takes 2 arguments/);
  expect(calls).toEqual([]);
});

test('f43_the_sender_of_an_old_call_is_checked_as_if_it_connected', async () => {
  const { invoke, contents, calls, attach, electron, refusals } = legacy();
  contents.frame = new FakeFrame('https://evil.example/', 'https://evil.example');
  await expect(invoke(3, 'left')).rejects.toThrow(/origin_not_allowed/);
  contents.frame = new FakeFrame('app://studio/', 'app://studio', contents.frame);
  await expect(invoke(3, 'left')).rejects.toThrow(/sub_frame/);
  contents.frame.detached = true;
  await expect(invoke(3, 'left')).rejects.toThrow(/frame_gone/);
  const { contents: other } = attach({ role: 'log' });
  await expect(electron.ipcMain.invoke(other, 'cameras:rename', 3, 'left')).rejects.toThrow(/permission_denied/);
  await expect(electron.ipcMain.invoke(electron.window().webContents, 'cameras:rename', 3, 'left')).rejects.toThrow(/not_attached/);
  expect(calls).toEqual([]);
  expect(refusals()).toHaveLength(4);
});
