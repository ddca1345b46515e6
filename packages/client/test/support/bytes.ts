/** Bytes and frames for tests, written from the protocol text and not from the code that is tested. */

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  if (hex.length % 2 !== 0) throw new Error('half a byte');
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));
}

/** How many of these bytes are whole frames. */
export function wholeBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at + 24 <= bytes.length && at + view.getUint32(at, true) <= bytes.length) at += view.getUint32(at, true);
  return at;
}

/** The frames of a message, which must be whole. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < 24 || at + length > bytes.length) throw new Error('a message holds half a frame');
    frames.push(bytes.slice(at, at + length));
    at += length;
  }
  return frames;
}

export const KINDS = [
  '', 'hello', 'welcome', 'goodbye', 'ping', 'pong', 'window', 'request', 'notify', 'subscribe', 'publish', 'item', 'ack',
  'credit', 'finish', 'cancel', 'end', 'unbound', 'caller', 'parcel', 'lend', 'pool',
] as const;
export type Kind = Exclude<(typeof KINDS)[number], ''>;

/** A frame, taken apart. */
export interface Frame {
  readonly kind: Kind;
  readonly flags: number;
  readonly binding: number;
  readonly ordinal: number;
  readonly id: number;
  readonly budget: number;
  /** Numbers of the parcels that it takes. */
  readonly parcels: readonly number[];
  readonly body: Uint8Array;
}

export function parseFrame(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bodyEnd = bytes.length - view.getUint16(6, true) * 4;
  return {
    kind: KINDS[view.getUint8(4)] as Kind,
    flags: view.getUint8(5),
    binding: view.getUint32(8, true),
    ordinal: view.getUint32(12, true),
    id: view.getUint32(16, true),
    budget: view.getUint32(20, true),
    parcels: Array.from({ length: view.getUint16(6, true) }, (_, at) => view.getUint32(bodyEnd + at * 4, true)),
    body: bytes.slice(24, bodyEnd),
  };
}

export function buildFrame(kind: Kind | number, fields: Partial<Omit<Frame, 'kind'>> = {}): Uint8Array<ArrayBuffer> {
  const { flags = 0, binding = 0, ordinal = 0, id = 0, budget = 0, body = new Uint8Array(0), parcels = [] } = fields;
  const bytes = new Uint8Array(24 + body.length + parcels.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint8(4, typeof kind === 'number' ? kind : KINDS.indexOf(kind));
  view.setUint8(5, flags);
  view.setUint16(6, parcels.length, true);
  view.setUint32(8, binding, true);
  view.setUint32(12, ordinal, true);
  view.setUint32(16, id, true);
  view.setUint32(20, budget, true);
  bytes.set(body, 24);
  for (const [at, number] of parcels.entries()) view.setUint32(24 + body.length + at * 4, number, true);
  return bytes;
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
