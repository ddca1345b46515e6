/** JavaScript in main, services in Rust and TypeScript, and peers over ports, through the real addon. */
import { afterEach, describe, expect, test } from 'vitest';
import { ApplicationError, serve } from '@portcullis/client';
import { AdmitError, Hub, HubError, type HubEvent } from '../src/index.js';
import { Pages, Pictures } from './generated/index.js';
import {
  closeHubs,
  eventsOf,
  exampleAddon,
  exampleHub,
  main,
  MemoryLogger,
  page,
  plainAddon,
  rejection,
  ROLES,
  schema,
  until,
} from './support/example.js';

afterEach(closeHubs);

describe('services in Rust', () => {
  test('an inline call is answered within the turn of the event loop', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    let turned = false;
    const immediate = setImmediate(() => (turned = true));
    expect(await pictures.mirror({ x: 3, y: 4, name: 'é' })).toEqual({ x: -3, y: 4, name: 'é' });
    expect(turned).toBe(false);
    clearImmediate(immediate);
  });

  test('async, blocking and failing calls', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    expect(await pictures.later(5)).toBe(5);
    expect(await pictures.block(5)).toBe(5);
    const grey = await pictures.thumbnail(16);
    expect(grey).toHaveLength(256);
    expect(grey[255]).toBeGreaterThan(200);
    const error: ApplicationError<unknown> = await rejection(pictures.thumbnail(0));
    expect(error).toBeInstanceOf(ApplicationError);
    expect(error.error).toEqual({ type: 'empty' });
    const large: ApplicationError<unknown> = await rejection(pictures.thumbnail(5000));
    expect(large.error).toEqual({ type: 'tooLarge', size: 5000 });
  });

  test('a handler that blocks does not hold up the event loop', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    expect(await pictures.block(300)).toBe(300);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test('a stream', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    const numbers: number[] = [];
    for await (const number of pictures.count(1000)) numbers.push(number);
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test('a state comes first, and follows', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    const chosen: number[] = [];
    const off = pictures.onChosen((picture) => void chosen.push(picture));
    await until(() => chosen.length === 1);
    await pictures.choose(7);
    await until(() => chosen.length === 2);
    expect(chosen).toEqual([0, 7]);
    off();
  });

  test('large messages pass, larger than the buffer that is drained into', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    for (const length of [0, 1, 256 * 1024 - 40, 256 * 1024, 3 * 1024 * 1024]) {
      const bytes = new Uint8Array(length).fill(length % 251);
      expect(Buffer.compare(await pictures.bytes(bytes), bytes)).toBe(0);
    }
  });

  test('panics are answered and take nothing down', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    for (const fault of [() => pictures.fault(), () => pictures.faultInline()]) {
      const error = await rejection(fault());
      expect(error.status).toBe('internal');
    }
    expect(await pictures.mirror({ x: 1, y: 1, name: '' })).toEqual({ x: -1, y: 1, name: '' });
  });

  test('many calls that wait for each other let others run', async () => {
    const pictures = await main(exampleHub()).bind(Pictures);
    let turns = 0;
    const count = (): NodeJS.Immediate => setImmediate(() => void (turns++, (immediate = count())));
    let immediate = count();
    for (let number = 0; number < 5000; number++) await pictures.mirror({ x: number, y: 0, name: '' });
    clearImmediate(immediate);
    expect(turns).toBeGreaterThan(2);
  });

  test('two hubs in one process know nothing of each other', async () => {
    const [one, two] = [exampleHub(), exampleHub()];
    const [first, second] = [await main(one).bind(Pictures), await main(two).bind(Pictures)];
    await first.choose(9);
    const chosen: number[] = [];
    second.onChosen((picture) => void chosen.push(picture));
    await until(() => chosen.length > 0);
    expect(chosen).toEqual([0]);
    expect(one.peers()).toHaveLength(1);
  });
});

describe('services in TypeScript', () => {
  test('main serves, a page calls, and the other way round', async () => {
    const hub = exampleHub();
    const portcullis = main(hub);
    const served = await serve(portcullis, Pages, { title: async (prefix) => `${prefix}: main` });
    const one = page(hub, 'one');
    expect(await (await one.portcullis.bind(Pages)).title('a')).toBe('a: main');
    await serve(one.portcullis, Pages, { title: async (prefix) => `${prefix}: one` });
    const two = page(hub, 'two');
    expect(await (await two.portcullis.bind(Pages, { label: 'one' })).title('b')).toBe('b: one');
    expect(await (await portcullis.bind(Pages, { label: 'one' })).title('c')).toBe('c: one');
    await served.withdraw();
    expect((await rejection(two.portcullis.bind(Pages, { label: 'main' }))).status).toBe('unavailable');
  });

  test('with an addon that has no application', async () => {
    const hub = exampleHub({ addon: plainAddon, schema: new TextEncoder().encode(schema) });
    const portcullis = main(hub);
    await serve(portcullis, Pages, { title: async (prefix) => prefix.toUpperCase() });
    expect(await (await portcullis.bind(Pages)).title('a')).toBe('A');
    expect((await rejection(portcullis.bind(Pictures))).status).toBe('unavailable');
  });
});

describe('policy', () => {
  test('what is not granted is denied, and told', async () => {
    const events: HubEvent[] = [];
    const hub = exampleHub({ onEvent: (event) => void events.push(event) });
    const { portcullis, attached } = page(hub, 'one');
    const pictures = await portcullis.bind(Pictures);
    expect((await rejection(pictures.later(1))).status).toBe('permission_denied');
    const guest = page(hub, 'two', 'guest');
    expect((await rejection(guest.portcullis.bind(Pictures))).status).toBe('permission_denied');
    await until(() => eventsOf(events, 'denied').length === 2);
    expect(eventsOf(events, 'denied')).toEqual([
      { type: 'denied', peer: attached.peer, label: 'one', role: 'page', channel: 'example.pictures.later', reason: 'not_granted', count: 1 },
      { type: 'denied', peer: guest.attached.peer, label: 'two', role: 'guest', channel: 'example.pictures', reason: 'not_granted', count: 1 },
    ]);
    expect(hub.counters().denied).toBe(2);
  });

  test('who is not known is not admitted', () => {
    const hub = exampleHub();
    const port = { send: () => {}, closed: () => {} };
    expect(() => hub.attach(port, { label: 'a', role: 'nobody' })).toThrow(AdmitError);
    expect(() => hub.connect({ label: 'a', role: 'nobody' })).toThrow('there is no role `nobody`');
    expect(() => hub.attach(port, { label: 'é'.repeat(65), role: 'page' })).toThrow(AdmitError);
    expect(hub.peers()).toEqual([]);
  });

  test('a hub that cannot be set up says why', () => {
    const made = (config: object) => () => new Hub({ addon: exampleAddon, roles: ROLES, ...config });
    const code = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        expect(error).toBeInstanceOf(HubError);
        return (error as HubError).code;
      }
      return 'none';
    };
    expect(code(made({ roles: [{ name: 'a', call: ['example.nothing.*'] }] }))).toBe('ERR_PORTCULLIS_CONFIG');
    expect(code(made({ roles: [{ name: 'a', calls: [] }] }))).toBe('ERR_PORTCULLIS_CONFIG');
    expect(code(made({ limits: { frames: 3 } }))).toBe('ERR_PORTCULLIS_CONFIG');
    expect(code(made({ schema: '{}' }))).toBe('ERR_PORTCULLIS_SCHEMA');
    expect(code(made({ addon: plainAddon }))).toBe('ERR_PORTCULLIS_SCHEMA');
    // Its own service does not fit a contract that lacks it.
    const other = JSON.parse(schema) as { interfaces: { name: string }[] };
    other.interfaces = other.interfaces.filter(({ name }) => name === 'example.pages');
    expect(code(made({ schema: JSON.stringify(other), roles: [] }))).toBe('ERR_PORTCULLIS_SERVICES');
  });
});

describe('what the hub tells', () => {
  test('peers, counters and events', async () => {
    const events: HubEvent[] = [];
    const hub = exampleHub({ observeCalls: true, onEvent: (event) => void events.push(event) });
    const portcullis = main(hub);
    const pictures = await portcullis.bind(Pictures);
    await pictures.mirror({ x: 1, y: 2, name: 'a' });
    await rejection(pictures.thumbnail(0));
    const blobs = { blobsIn: 0, blobsLent: 0, blobsPlaced: 0, blobsCopied: 0, blobCopies: 0 };
    const counters = { calls: 2, errors: 1, denied: 0, dropped: 0, refused: 0, paused: 0, pausedMs: 0, values: 0, missed: 0, ...blobs };
    expect(hub.peers()).toMatchObject([{ label: 'main', role: 'main', kind: 'main', counters }]);
    expect(hub.openWork()).toBe(0);
    expect(hub.counters()).toMatchObject({ admitted: 1, calls: 2, errors: 1, violations: 0 });
    portcullis.close();
    await until(() => eventsOf(events, 'left').length === 1);
    expect(eventsOf(events, 'joined')).toMatchObject([{ peer: { label: 'main' } }]);
    expect(eventsOf(events, 'left')).toMatchObject([{ reason: 'closed', peer: { label: 'main' } }]);
    expect(eventsOf(events, 'call')).toMatchObject([
      { channel: 'example.pictures.mirror', caller: 'main', callee: '', status: 'ok' },
      { channel: 'example.pictures.thumbnail', status: 'application' },
    ]);
    expect(hub.counters().ended).toEqual({ closed: 1 });
    expect(hub.peers()).toEqual([]);
  });

  test('more events than anybody takes are counted', async () => {
    const events: HubEvent[] = [];
    const hub = exampleHub({ observeCalls: true, onEvent: (event) => void events.push(event) });
    const pictures = await main(hub).bind(Pictures);
    // One turn of the event loop, in which nothing is taken: 6,000 publications from a thread of Rust's.
    const ticking = pictures.tick(6000);
    await Promise.resolve();
    const end = performance.now() + 1500;
    while (performance.now() < end);
    await ticking;
    const told = () => events.filter((event) => event.type === 'published').length;
    const lost = () => events.reduce((sum, event) => sum + (event.type === 'missed' ? event.count : 0), 0);
    // A busy machine takes its time to tell; what is never told is ended by the watchdog.
    await until(() => told() + lost() >= 5900);
    expect(lost()).toBeGreaterThan(0);
  });

  test('a listener and a port that throw cost nobody else anything', async () => {
    const logger = new MemoryLogger();
    const hub = exampleHub({
      logger,
      onEvent: () => {
        throw new Error('a bad listener');
      },
    });
    const pictures = await main(hub).bind(Pictures);
    let closed = '';
    const bad = hub.attach(
      {
        send: () => {
          throw new Error('a bad port');
        },
        closed: ({ message }) => {
          closed = message;
          throw new Error('and a bad end');
        },
      },
      { label: 'bad', role: 'page' },
    );
    // Anything that the hub answers: here a goodbye for what is no hello.
    bad.deliver(new Uint8Array(24));
    expect(closed).not.toBe('');
    expect(await pictures.later(1)).toBe(1);
    await until(() => logger.lines.some((line) => line.includes('a bad listener')));
    expect(logger.lines.some((line) => line.includes('a bad port'))).toBe(true);
    expect(logger.lines.some((line) => line.includes('and a bad end'))).toBe(true);
    expect(hub.peers().map(({ label }) => label)).toEqual(['main']);
  });
});
