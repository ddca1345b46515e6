/**
 * Pages of one version with a main of the other (f48), over a Unix socket. Needs the hub's program:
 * `cargo build -p evolution --example evolution-hub`, and its path in `PORTCULLIS_EVOLUTION_HUB`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, type InterfaceDescriptor, type Portcullis, serve } from '../src/index.js';
import { unixTransport } from '../src/node/index.js';
import * as newer from './evolution/new/index.js';
import * as older from './evolution/old/index.js';
import { rejection } from './support/hub.js';

const program = process.env['PORTCULLIS_EVOLUTION_HUB'] ?? '';

describe.skipIf(program === '').each(['old', 'new'] as const)('with a main that is %s', (version) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-'));
  const path = join(folder, 'socket', 'hub');
  const peers: Portcullis[] = [];
  let hub: ChildProcess;

  beforeAll(async () => {
    hub = spawn(program, [version, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(hub.stdout as NonNullable<typeof hub.stdout>, 'data');
  });

  afterEach(() => {
    for (const peer of peers.splice(0)) peer.close();
  });

  afterAll(async () => {
    hub.stdin?.end();
    if (hub.exitCode === null) await once(hub, 'exit');
    rmSync(folder, { recursive: true });
  });

  function peer(descriptor: InterfaceDescriptor): Portcullis {
    const made = connect(unixTransport({ path }), { interfaces: [descriptor] });
    peers.push(made);
    return made;
  }

  test('f48 an old page gets what it knows, and keeps what it does not', async () => {
    const catalog = await peer(older.Catalog).bind(older.Catalog);
    const wild = { type: 'unknown', tag: 1, bytes: new Uint8Array([7]) };
    // Variants without data are words, as long as a build knows no other.
    const mood = version === 'old' ? 'calm' : wild;
    expect(await catalog.find({ name: 'lamp' })).toEqual({ name: 'lamp', mood });
    expect(await rejection(catalog.find({ name: null }))).toMatchObject({ status: 'application', error: 'missing' });
    const { error: ladder } = await rejection(catalog.find({ name: 'ladder' }));
    expect(version === 'old' ? ladder : ladder.type).toBe(version === 'old' ? 'missing' : 'unknown');
    const names: (string | null)[] = [];
    for await (const item of catalog.all()) names.push(item.name ?? null);
    expect(names).toEqual(['lamp', 'chair']);
    expect(await new Promise((resolve) => catalog.onLatest(resolve))).toEqual({ name: 'lamp', mood });
  });

  test('f48 a new page does without what an old main does not know', async () => {
    const catalog = await peer(newer.Catalog).bind(newer.Catalog);
    const mood = version === 'old' ? { type: 'calm' } : { type: 'wild', value: 7 };
    const lamp = await catalog.find({ name: 'lamp', attic: true });
    expect(lamp.mood).toEqual(mood);
    expect(lamp.tags ?? null).toEqual(version === 'old' ? null : ['new']);
    const trunk = await catalog.find({ name: 'trunk', attic: true }).result;
    expect(trunk.ok).toBe(version === 'new');
    const count = await catalog.count().result;
    expect(count.ok ? count.value : count.error.status).toBe(version === 'old' ? 'permission_denied' : 2);
  });

  test('f48 a page of one version is served by a page of the other', async () => {
    const server = peer(newer.Catalog);
    const item = { name: 'lamp', mood: { type: 'wild' as const, value: 7 }, tags: ['new'] };
    const { withdraw } = await serve(
      server,
      newer.Catalog,
      {
        find: () => item,
        all: async function* () {
          yield item;
          return 1;
        },
        count: () => 1,
      },
      { instance: 'mine' },
    );
    const catalog = await peer(older.Catalog).bind(older.Catalog, { instance: 'mine' });
    const found = await catalog.find({ name: 'lamp' });
    expect(found).toEqual({ name: 'lamp', mood: { type: 'unknown', tag: 1, bytes: new Uint8Array([7]) } });
    await withdraw();
  });
});
