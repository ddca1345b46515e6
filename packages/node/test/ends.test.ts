/** How ends of peers are told: behind what the peers had asked for, and with whose words they are. */
import { REASON_CODES, type ReasonName, serve } from '@portcullis/client';
import { afterEach, expect, test } from 'vitest';
import type { Addon } from '../src/addon.js';
import { Pump } from '../src/pump.js';
import { Pages } from './generated/index.js';
import { closeHubs, exampleHub, main, MemoryLogger, page } from './support/example.js';

afterEach(closeHubs);

const GOODBYE = 3;
const REQUEST = 7;

function frame(kind: number, binding: number, ordinal: number, id: number, body = ''): number[] {
  const bytes = new Uint8Array(24 + body.length);
  const view = new DataView(bytes.buffer);
  [bytes.length, kind, binding, ordinal, id].forEach((field, at) => view.setUint32(4 * at, field, true));
  bytes.set(new TextEncoder().encode(body), 24);
  return [...bytes];
}

const goodbye = (reason: ReasonName, words: string) => frame(GOODBYE, 0, REASON_CODES[reason], 0, words);

test('f24_what_a_peer_has_asked_for_is_heard_before_its_end', async () => {
  const hub = exampleHub();
  const told: string[] = [];
  await serve(main(hub), Pages, { title: (prefix) => (told.push(prefix), prefix) });
  const { portcullis, attached } = page(hub, 'page', 'page', undefined, () => void told.push('ended'));
  await portcullis.bind(Pages);
  // What is refused gives the peer something to be sent, before main has anything.
  const refused = frame(REQUEST, 1, 99, 0x1_0201);
  const asked = frame(REQUEST, 1, 0, 0x1_0200, '\u0005first');
  attached.deliver(Uint8Array.from([...refused, ...asked, ...goodbye('closed', '')]));
  expect(told).toEqual(['first', 'ended']);
});

test('f34_whose_words_a_goodbye_is_made_of_is_told', async () => {
  const hub = exampleHub();
  const ends: unknown[] = [];
  const connected = () => page(hub, 'page', 'page', undefined, (end) => void ends.push(end));
  connected().attached.close('revoked', 'no longer');
  connected().attached.deliver(Uint8Array.from(frame(99, 0, 0, 0)));
  const liar = connected();
  await serve(liar.portcullis, Pages, { title: (prefix) => prefix });
  liar.attached.deliver(Uint8Array.from(goodbye('revoked', 'main says so')));
  connected();
  hub.close();
  expect(ends).toMatchObject([
    { reason: 'revoked', message: 'no longer', byPeer: false },
    { reason: 'unknown_kind', byPeer: false },
    { reason: 'revoked', message: 'main says so', byPeer: true },
    { reason: 'going_away', byPeer: false },
  ]);
});

test('what fails while waiting output is handed out is logged, and main goes on', async () => {
  const logger = new MemoryLogger();
  let fails = true;
  const drain = () => {
    if (fails) throw new Error('of the addon');
    return 0;
  };
  const pump = new Pump({ drain } as unknown as Addon, 1, { events: () => {}, shutDown: () => {} }, logger);
  pump.wake();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(logger.lines.join()).toContain('of the addon');
  fails = false;
  pump.drain();
  pump.stop();
});
