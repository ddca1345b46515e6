/** Frames as a page that was taken over writes them. */

const KINDS = { goodbye: 3, request: 7, notify: 8, cancel: 15 } as const;

interface Fields {
  readonly binding?: number;
  readonly ordinal?: number;
  readonly id?: number;
  readonly budget?: number;
}

/** The bytes of a frame. */
export function raw(kind: keyof typeof KINDS, { binding = 0, ordinal = 0, id = 0, budget = 0 }: Fields = {}, body: Uint8Array = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  bytes[4] = KINDS[kind];
  [binding, ordinal, id, budget].forEach((field, at) => view.setUint32(8 + 4 * at, field, true));
  bytes.set(body, 24);
  return bytes;
}

/** A short string, as a value. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return Uint8Array.of(bytes.length, ...bytes);
}

/** Frames of one message. */
export function message(...frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(frames.flatMap((frame) => [...frame]));
}
