/** Utility processes: one end of a pair is handed over, and their exit is their end. */
import { expect, test } from 'vitest';
import { connectUtility, type ParentPortParts } from '../src/utility/index.js';
import { FakePort, FakeUtility } from './support/electron.js';
import { settle, until } from './support/page.js';
import { application } from './support/setup.js';

const quiet = { error: () => {} };

function forked() {
  const made = application();
  const child = new FakeUtility();
  const parentPort = child.parentPort as unknown as ParentPortParts;
  return { ...made, child, parentPort };
}

test('a utility process becomes a peer that its silence never ends', async () => {
  const { portcullis, hub, child, parentPort, events } = forked();
  const attachment = portcullis.attachUtility(child, { label: 'worker', role: 'worker', user: 'workers' });
  connectUtility({ parentPort, logger: quiet });
  await until(() => hub.noted.length === 1);
  expect(hub.noted[0]?.admission).toEqual({ label: 'worker', role: 'worker', user: 'workers', kind: 'page' });
  expect(attachment.peer).toBe(1);
  child.exit(1);
  child.exit(1);
  expect(hub.noted[0]?.losses).toEqual(['the process exited with 1']);
  expect(attachment.peer).toBeUndefined();
  expect(events.filter(({ type }) => type === 'ended')).toHaveLength(1);
  expect(child.listenerCount('exit')).toBe(0);
});

test('one attachment at a time; a process may be attached anew when that has ended', async () => {
  const { portcullis, child } = forked();
  const first = portcullis.attachUtility(child, { label: 'worker', role: 'worker' });
  expect(() => portcullis.attachUtility(child, { label: 'worker', role: 'worker' })).toThrow(/attached already/);
  first.revoke();
  await settle();
  portcullis.attachUtility(child, { label: 'worker', role: 'worker' });
});

test('other messages of the parent port are left to the application', async () => {
  const { portcullis, child, parentPort, hub } = forked();
  const heard: unknown[] = [];
  child.parentPort.on('message', ({ data }) => heard.push(data));
  connectUtility({ parentPort, logger: quiet });
  child.postMessage({ type: 'settings' });
  child.postMessage(null);
  portcullis.attachUtility(child, { label: 'worker', role: 'worker' });
  await until(() => hub.noted.length === 1);
  expect(heard.slice(0, 2)).toEqual([{ type: 'settings' }, null]);
});

test('main of another version is a typed end', async () => {
  const { child, parentPort } = forked();
  const errors: string[] = [];
  const portcullis = connectUtility({ parentPort, logger: { error: (message) => void errors.push(message) } });
  const { port1, port2 } = new MessageChannel();
  child.postMessage({ portcullis: 'utility', protocol: 2 }, [new FakePort(port2 as never)]);
  await until(() => portcullis.state.status === 'closed');
  expect(errors.join()).toMatch(/version_mismatch.*restart/);
  port1.close();
});

test('outside of a utility process the error says where it belongs', () => {
  expect(() => connectUtility()).toThrow(/utilityProcess.fork/);
});
