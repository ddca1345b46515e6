/** What JavaScript may hand the addon, and what happens to a peer whose bytes break the protocol. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Attached, HubError } from '../src/index.js';
import { Pictures } from './generated/index.js';
import { closeHubs, exampleHub, main, page } from './support/example.js';

afterEach(closeHubs);

interface Raw {
  readonly attached: Attached;
  readonly sent: Uint8Array[];
  readonly goodbyes: { reason: string; message: string }[];
}

function raw(hub = exampleHub()): Raw {
  const [sent, goodbyes]: [Uint8Array[], Raw['goodbyes']] = [[], []];
  const port = { send: (bytes: Uint8Array) => void sent.push(bytes), closed: (goodbye: any) => void goodbyes.push(goodbye) };
  return { attached: hub.attach(port, { label: 'raw', role: 'page' }), sent, goodbyes };
}

describe('memory', () => {
  test.each<[string, () => unknown, string]>([
    ['shared memory', () => new Uint8Array(new SharedArrayBuffer(64)), 'ERR_PORTCULLIS_SHARED_BUFFER'],
    ['a view of shared memory', () => new Uint8Array(new SharedArrayBuffer(64), 8, 0), 'ERR_PORTCULLIS_SHARED_BUFFER'],
    ['shared memory as a Buffer', () => Buffer.from(new SharedArrayBuffer(64)), 'ERR_PORTCULLIS_SHARED_BUFFER'],
    [
      'a transferred buffer',
      () => {
        const bytes = new Uint8Array(64);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        return bytes;
      },
      'ERR_PORTCULLIS_DETACHED_BUFFER',
    ],
    ['an array of other numbers', () => new Uint16Array(64), 'ERR_PORTCULLIS_NOT_BYTES'],
    ['a buffer itself', () => new ArrayBuffer(64), 'ERR_PORTCULLIS_NOT_BYTES'],
    ['a text', () => 'bytes', 'ERR_PORTCULLIS_NOT_BYTES'],
    ['nothing', () => undefined, 'ERR_PORTCULLIS_NOT_BYTES'],
  ])('%s is refused, and costs nobody anything', (_, make, code) => {
    const { attached, goodbyes } = raw();
    let thrown: unknown;
    try {
      attached.deliver(make() as Uint8Array);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HubError);
    expect((thrown as HubError).code).toBe(code);
    expect(goodbyes).toEqual([]);
  });

  test('an empty message is no message', () => {
    const { attached, goodbyes, sent } = raw();
    attached.deliver(new Uint8Array(0));
    expect([goodbyes, sent]).toEqual([[], []]);
  });
});

describe('a peer that breaks the protocol', () => {
  const frame = (length: number, kind: number) => {
    const bytes = new Uint8Array(24);
    new DataView(bytes.buffer).setUint32(0, length, true);
    bytes[4] = kind;
    return bytes;
  };

  test.each<[string, Uint8Array, string]>([
    ['no header', new Uint8Array([24, 0, 0, 0, 1]), 'partial_message'],
    ['a header of nothing', new Uint8Array(24), 'malformed_frame'],
    ['a frame that is cut', frame(100, 1), 'partial_message'],
    ['a frame that is too large', frame(0x7fff_ffff, 1), 'frame_too_large'],
    ['a kind that is not known', frame(24, 99), 'unknown_kind'],
    ['a call before the hello', frame(24, 7), 'unexpected_frame'],
    ['what only a hub says', frame(24, 2), 'unexpected_frame'],
  ])('%s: it ends, told why, and nobody else does', async (_, bytes, reason) => {
    const hub = exampleHub();
    const pictures = await main(hub).bind(Pictures);
    const other = page(hub, 'other');
    const [bad, worse] = [raw(hub), raw(hub)];
    bad.attached.deliver(bytes);
    expect(bad.goodbyes).toMatchObject([{ reason }]);
    expect(bad.sent).toHaveLength(1);
    // Late messages of a port are no error.
    bad.attached.deliver(bytes);
    bad.attached.lost('late');
    bad.attached.close('closed');
    expect(bad.goodbyes).toHaveLength(1);
    expect(worse.goodbyes).toEqual([]);
    expect(hub.counters().violations).toBe(1);
    expect(await pictures.mirror({ x: 1, y: 0, name: '' })).toMatchObject({ x: -1 });
    expect(await (await other.portcullis.bind(Pictures)).mirror({ x: 2, y: 0, name: '' })).toMatchObject({ x: -2 });
  });
});
