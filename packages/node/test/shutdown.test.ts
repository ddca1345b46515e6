/** Quitting: calls end within the grace period, every peer is told, and what is closed stays closed. */
import { afterEach, describe, expect, test } from 'vitest';
import { AdmitError, HubError } from '../src/index.js';
import { Pictures } from './generated/index.js';
import { closeHubs, exampleHub, main, page, rejection } from './support/example.js';

afterEach(closeHubs);

describe('shutdown', () => {
  test('waits for calls under way, refuses new ones, and tells every peer', async () => {
    const hub = exampleHub();
    const portcullis = main(hub);
    const pictures = await portcullis.bind(Pictures);
    const other = page(hub, 'other');
    await other.portcullis.bind(Pictures);
    const [later, blocked] = [pictures.later(150), pictures.block(150)];
    // Their requests have not left yet.
    const shutdown = hub.shutdown(20_000);
    expect(hub.shutdown(1)).toBe(shutdown);
    expect(() => hub.connect({ label: 'late', role: 'main' })).toThrow(AdmitError);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect((await rejection(pictures.later(1))).status).toBe('unavailable');
    expect(await Promise.all([later, blocked])).toEqual([150, 150]);
    await shutdown;
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'going_away' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(other.portcullis.state).toMatchObject({ status: 'closed', reason: 'going_away' });
    expect(hub.peers()).toEqual([]);
    expect(hub.openWork()).toBe(0);
    expect(hub.counters().ended).toEqual({ going_away: 2 });
  });

  test('does not wait beyond the grace period', async () => {
    const hub = exampleHub();
    const pictures = await main(hub).bind(Pictures);
    const call = rejection(pictures.later(9_000));
    await hub.shutdown(10);
    expect((await call).status).toBe('unavailable');
    await hub.shutdown(10);
  });
});

describe('close', () => {
  test('ends calls, and everything after it is refused or nothing', async () => {
    const hub = exampleHub();
    const portcullis = main(hub);
    const pictures = await portcullis.bind(Pictures);
    const { attached } = page(hub);
    const call = rejection(pictures.later(9_000));
    await Promise.resolve();
    hub.close();
    hub.close();
    expect((await call).status).toBe('unavailable');
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'going_away' });
    attached.deliver(new Uint8Array(24));
    attached.lost('late');
    attached.close('revoked');
    expect(() => hub.connect({ label: 'late', role: 'main' })).toThrow(HubError);
    expect([hub.peers(), hub.openWork(), hub.counters().admitted]).toEqual([[], 0, 2]);
    await hub.shutdown(1000);
  });

  test('from inside of a callback', async () => {
    const hub = exampleHub();
    const goodbyes: string[] = [];
    const attached = hub.attach(
      { send: () => hub.close(), closed: ({ reason }) => void goodbyes.push(reason) },
      { label: 'page', role: 'page' },
    );
    attached.deliver(new Uint8Array(24));
    await Promise.resolve();
    await Promise.resolve();
    expect(goodbyes).toEqual(['malformed_frame']);
    expect(() => hub.connect({ label: 'late', role: 'main' })).toThrow('the hub is closed');
  });

  test('one peer, told why', async () => {
    const hub = exampleHub();
    const { portcullis, attached } = page(hub);
    await portcullis.bind(Pictures);
    const closed = new Promise((resolve) => portcullis.onState(resolve));
    attached.close('revoked', 'the window shows something else now');
    expect(await closed).toEqual({ status: 'closed', reason: 'revoked', message: 'the window shows something else now' });
    expect(hub.peers()).toEqual([]);
  });
});
