/** Policy files, and grants that are given and taken while peers are connected, through the real addon (R20). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { serve } from '@portcullis/client';
import { AdmitError, Hub, HubError, type HubEvent } from '../src/index.js';
import { Pages, Pictures } from './generated/index.js';
import { closeHubs, exampleAddon, exampleHub, main, MemoryLogger, page, rejection, until } from './support/example.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-policy-'));
afterEach(closeHubs);
afterAll(() => rmSync(folder, { recursive: true }));

const POLICY = `
[role.main]
call = ["example.pictures.*", "example.pages.*"]
subscribe = ["example.pictures.*"]
serve = ["example.pages"]

[role.page]
call = ["example.pages.*", "example.pictures.mirror", { grant = "example.pictures.count", for = "10m" }]
deny = ["example.pictures.later"]
`;

function failure(policy: string): HubError {
  try {
    exampleHub({ roles: undefined, policy: { text: policy } });
  } catch (error) {
    return error as HubError;
  }
  throw new Error('it was taken');
}

describe('a policy file', () => {
  test('says what roles may do', async () => {
    const file = join(folder, 'policy.toml');
    writeFileSync(file, POLICY);
    for (const source of [{ file }, { file: pathToFileURL(file) }, { text: POLICY }]) {
      const hub = exampleHub({ roles: undefined, policy: source });
      expect(hub.roles()).toEqual(['main', 'page']);
      const pictures = await page(hub).portcullis.bind(Pictures);
      expect(await pictures.mirror({ x: 3, y: 4, name: '' })).toEqual({ x: -3, y: 4, name: '' });
      expect(await rejection(pictures.later(1))).toMatchObject({ status: 'permission_denied' });
      let count = 0;
      for await (const _ of pictures.count(3)) count++;
      expect(count).toBe(3);
    }
  });

  test('roles can stand beside it', () => {
    expect(exampleHub({ policy: { text: POLICY }, roles: [{ name: 'guest' }] }).roles()).toEqual(['main', 'page', 'guest']);
    expect(() => exampleHub({ policy: { text: POLICY }, roles: [{ name: 'page' }] })).toThrow('`page` cannot be a role');
  });

  test('all its mistakes are told at once, with file, line, column, key and the nearest name', () => {
    const wrong = POLICY.replace('pictures.mirror', 'pictures.miror').replace('deny', 'denies');
    const file = join(folder, 'wrong.toml');
    writeFileSync(file, wrong);
    expect(() => exampleHub({ roles: undefined, policy: { file } })).toThrow(HubError);
    const error = failure(wrong);
    expect(error.code).toBe('ERR_PORTCULLIS_POLICY');
    expect(error.message.split('\n')).toEqual([
      'the policy file has mistakes:',
      'policy.toml:8:28: role.page.call[1]: the contract does not have `example.pictures.miror`; did you mean `example.pictures.mirror`?',
      'policy.toml:9:1: role.page.denies: there is no such key here; there are call, publish, subscribe, serve, deny, addresses, sees-callers, budget; did you mean `deny`?',
    ]);
  });

  test('what it says in vain is logged', () => {
    const logger = new MemoryLogger();
    exampleHub({ roles: undefined, policy: { text: `${POLICY}[role.guest]\n`, name: 'app.toml' }, logger });
    expect(logger.lines).toEqual(['portcullis: app.toml:10:7: role.guest: this role grants nothing: whoever has it may only connect']);
  });

  test('one that cannot be read, and none at all', () => {
    const file = join(folder, 'nothing.toml');
    expect(() => exampleHub({ roles: undefined, policy: { file } })).toThrow(/the policy file cannot be read: .*nothing\.toml/);
    expect(() => new Hub({ addon: exampleAddon })).toThrow('give `roles` or `policy`');
  });
});

describe('peers of one user', () => {
  const port = { send: () => {}, closed: () => {} };
  /** Longer than the watchdog of tests waits, in milliseconds. */
  const LONG_MS = 120_000;

  test('f15_share_the_budget_of_the_policy_file_and_a_third_of_another_user_has_its_own', async () => {
    const text = `${POLICY.replace('deny = ["example.pictures.later"]', '')}\n[role.caller]\ncall = ["example.pictures.*"]\n[user.budget]\ncalls = 4\n`;
    const events: HubEvent[] = [];
    const hub = exampleHub({ roles: undefined, policy: { text }, onEvent: (event) => void events.push(event) });
    const pictures = (label: string, user?: string) => page(hub, label, 'caller', user).portcullis.bind(Pictures);
    const [one, two] = [await pictures('one', 'app://studio'), await pictures('two', 'app://studio')];
    const stop = new AbortController();
    const begun = [one, one, two, two].map((client) => rejection(client.later(LONG_MS, { signal: stop.signal })));
    await until(() => hub.openWork() === begun.length);
    for (const both of [one, two]) {
      const error = await rejection(both.later(1));
      expect(error).toMatchObject({ status: 'resource_exhausted', retry: { type: 'after' } });
      expect(error.message).toContain("budget `calls`: this peer's user has as much as it may");
    }
    // Another user, and whoever has none, do not notice.
    for (const other of [await pictures('three', 'app://maps'), await pictures('four')]) {
      expect(await Promise.all(Array.from({ length: 4 }, () => other.later(1)))).toEqual([1, 1, 1, 1]);
    }
    await until(() => events.some((event) => event.type === 'throttled' && event.label === 'two'));
    stop.abort();
    await Promise.all(begun);
    expect(await two.later(1)).toBe(1);
    expect(hub.openWork()).toBe(0);
  });

  test('main and its peers in this process can have one, too', async () => {
    const policy = { text: '[user.budget]\ncalls = 1\n' };
    const hub = exampleHub({ policy });
    const work = await hub.connect({ label: 'main', role: 'main', user: 'workers' }, { interfaces: [Pictures] }).bind(Pictures);
    const stop = new AbortController();
    const begun = rejection(work.later(LONG_MS, { signal: stop.signal }));
    expect(await rejection(work.later(1))).toMatchObject({ status: 'resource_exhausted' });
    stop.abort();
    await begun;
  });

  test('f15_are_not_admitted_beyond_the_connections_of_their_user', () => {
    const hub = exampleHub({ policy: { text: '[user.budget]\npeers = 2\n' } });
    const admit = (user?: string) => hub.attach(port, { label: 'a', role: 'page', user });
    const first = admit('ada');
    admit('ada');
    expect(() => admit('ada')).toThrow(AdmitError);
    expect(() => admit('ada')).toThrow(expect.objectContaining({ code: 'ERR_PORTCULLIS_USER_BUDGET', message: "the user's budget `peers` is used up" }));
    admit('bob');
    admit();
    first.close('closed');
    admit('ada');
    expect(() => admit('é'.repeat(65))).toThrow(expect.objectContaining({ code: 'ERR_PORTCULLIS_USER', message: 'a user has at most 128 bytes' }));
    expect(() => hub.attach(port, { label: 'a', role: 'page', user: 7 as never })).toThrow();
    expect(hub.peers()).toHaveLength(4);
  });

  test('a mistake in their budget is told with its place', () => {
    const { code, message } = failure(`${POLICY}[user.budget]\nconnections = 3\n`);
    expect(code).toBe('ERR_PORTCULLIS_POLICY');
    expect(message).toContain('policy.toml:11:1: user.budget.connections: there is no such key here; there are peers, half-open, calls');
  });
});

describe('grants of a connected peer', () => {
  test('are given for a time and end what was begun by them', async () => {
    const events: HubEvent[] = [];
    const hub = exampleHub({ onEvent: (event) => void events.push(event) });
    const { portcullis, attached } = page(hub, 'one');
    const pictures = await portcullis.bind(Pictures);
    expect(await rejection(pictures.later(1))).toMatchObject({ status: 'permission_denied' });
    hub.grant(attached.peer, { action: 'call', name: 'example.pictures.later', forMs: 300 });
    const begun = rejection(pictures.later(60_000));
    expect(await pictures.later(1)).toBe(1);
    // Nobody sends anything: the hub's own timer ends it.
    expect(await begun).toMatchObject({ status: 'permission_denied' });
    await until(() => events.some((event) => event.type === 'denied' && event.reason === 'expired'));
    const denied = events.filter((event) => event.type === 'denied');
    const about = { type: 'denied', peer: attached.peer, label: 'one', role: 'page', channel: 'example.pictures.later', count: 1 };
    expect(denied).toEqual([
      { ...about, reason: 'not_granted' },
      { ...about, reason: 'expired' },
    ]);
    expect(hub.openWork()).toBe(0);
  });

  test('are taken back, from a peer or from its role, and nobody else is disturbed', async () => {
    const hub = exampleHub();
    const pages = await main(hub).bind(Pictures);
    const { portcullis, attached } = page(hub, 'one');
    const pictures = await portcullis.bind(Pictures);
    const mirrored = { x: -1, y: 2, name: 'a' };
    expect(await pictures.mirror({ x: 1, y: 2, name: 'a' })).toEqual(mirrored);
    hub.revoke(attached.peer, { action: 'call', name: 'example.pictures.*' });
    expect(await rejection(pictures.mirror({ x: 1, y: 2, name: 'a' }))).toMatchObject({ status: 'permission_denied' });
    const other = await page(hub, 'two').portcullis.bind(Pictures);
    expect(await other.mirror({ x: 1, y: 2, name: 'a' })).toEqual(mirrored);
    hub.revoke({ role: 'page' }, { action: 'call', name: 'example.pictures.mirror' });
    expect(await rejection(other.mirror({ x: 1, y: 2, name: 'a' }))).toMatchObject({ status: 'permission_denied' });
    hub.grant({ role: 'page' }, { action: 'call', name: 'example.pictures.mirror' });
    expect(await other.mirror({ x: 1, y: 2, name: 'a' })).toEqual(mirrored);
    expect(await pages.mirror({ x: 1, y: 2, name: 'a' })).toEqual(mirrored);
  });

  test('what cannot be granted says why, and changes nothing', () => {
    const hub = exampleHub();
    const { attached } = page(hub);
    for (const [change, says] of [
      [() => hub.grant(attached.peer, { action: 'call', name: 'example.pictures.latr' }), 'did you mean `example.pictures.later`?'],
      [() => hub.grant(attached.peer, { action: 'calls' as 'call', name: 'example.pictures.later' }), 'a grant is to "call"'],
      [() => hub.grant(1, { action: 'call', name: 'example.pictures.later' }), 'no such peer is connected'],
      [() => hub.revoke({ role: 'pages' }, { action: 'call', name: 'example.pictures.later' }), 'there is no role `pages`'],
      [() => hub.grant(attached.peer, { action: 'call', name: 'example.pictures.later', forMs: -1 }), 'no time that a grant can last'],
    ] as const) {
      expect(change).toThrow(says);
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_PORTCULLIS_GRANT' }));
    }
    hub.close();
    expect(() => hub.grant(attached.peer, { action: 'call', name: 'example.pictures.later' })).toThrow('the hub is closed');
  });

  test('roles in JavaScript have denials, times and addresses, too', async () => {
    const call = ['example.pages.*', { grant: 'example.pictures.mirror', forMs: 60_000 }];
    const roles = [
      { name: 'server', serve: ['example.pages'] },
      { name: 'page', call, deny: ['example.pages.title'], addresses: { main: true } },
    ];
    const hub = exampleHub({ roles });
    await serve(hub.connect({ label: 'server', role: 'server' }, { interfaces: [Pages] }), Pages, {} as never);
    const { portcullis } = page(hub);
    expect(await rejection(portcullis.bind(Pages, { label: 'server' }))).toMatchObject({ status: 'permission_denied' });
    const pictures = await portcullis.bind(Pictures);
    expect(await pictures.mirror({ x: 1, y: 2, name: 'a' })).toMatchObject({ x: -1 });
  });
});
