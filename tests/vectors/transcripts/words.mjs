// The words that transcripts are written with: bytes, frames and steps. `author.mjs` writes the files.
// Bytes.
export const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes.toString('hex');
};
export const varint = (value) => {
  let out = '';
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out += Buffer.from([(rest % 128) | 0x80]).toString('hex');
  return out + Buffer.from([rest]).toString('hex');
};
export const text = (value) => varint(Buffer.byteLength(value)) + Buffer.from(value).toString('hex');
export const KINDS = {
  hello: 1, welcome: 2, goodbye: 3, ping: 4, pong: 5, window: 6, request: 7, notify: 8, subscribe: 9,
  publish: 10, item: 11, ack: 12, credit: 13, finish: 14, cancel: 15, end: 16, unbound: 17, caller: 18, parcel: 19, lend: 20, pool: 21,
};
export const STATUS = { ok: 0, cancelled: 1, deadline_exceeded: 4, not_found: 5, resource_exhausted: 8, unavailable: 14, application: 16 };
export const REASON = {
  closed: 0, going_away: 1, version_mismatch: 16, malformed_frame: 32, frame_too_large: 33, unknown_kind: 34, unknown_flag: 35,
  unexpected_frame: 36, duplicate_id: 37, unknown_id: 38, credit_exceeded: 40, window_exceeded: 41, malformed_payload: 42, partial_message: 43,
  bad_parcel: 45, bad_pool: 46,
};
export const CALLEE = 1;
export const ACK = 2;
export const ABANDON = 4;
export const ROW = 8;

/** A frame that takes the `parcels` of these numbers; `length` and `attachments` override what is true. */
export function frame(kind, fields = {}) {
  const { flags = 0, parcels = [], attachments = parcels.length, binding = 0, ordinal = 0, id = 0, budget = 0, length } = fields;
  const body = (fields.body ?? '') + parcels.map(u32).join('');
  const code = (KINDS[kind] ?? kind).toString(16).padStart(2, '0');
  const bits = flags.toString(16).padStart(2, '0') + Buffer.from([attachments & 255, attachments >> 8]).toString('hex');
  return u32(length ?? 24 + body.length / 2) + code + bits + [binding, ordinal, id, budget].map(u32).join('') + body;
}
/** A frame whose text is free. */
export const free = (kind, fields) => `${frame(kind, fields)}*`;
export const LIMITS = { frame_bytes: 16 << 20, window_bytes: 4 << 20, calls: 1024, stream_items: 16, stream_bytes: 1 << 20, blob_bytes: 64 << 20, pools: 0 };
export const limitsBytes = (limits) => Object.keys(LIMITS).map((name) => varint({ ...LIMITS, ...limits }[name])).join('');
const list = (items, write) => varint(items.length) + items.map(write).join('');
const offer = ({ name, version, hash, earlier = [], channels }) =>
  text(name) + varint(version) + hash + list(earlier, (each) => each) + list(channels, varint);
export const hello = ({ client = 'test', limits = {}, interfaces = [] }) =>
  frame('hello', {
    body: varint(1) + varint(1) + text(client) + limitsBytes(limits) + list(interfaces, offer),
  });
export const welcomeBody = (limits = {}) => varint(1) + limitsBytes(limits) + varint(7) + text('viewer-1') + text('viewer');
export const failure = (message, { channel = '', path = '', retry = '00', correlation = 0 } = {}) =>
  text(channel) + text(path) + text(message) + retry + varint(correlation);

// Steps.
export const receive = (...frames) => ({ receive: frames });
export const send = (...frames) => ({ send: frames });
export const id = (generation, slot = 0) => generation * 0x10000 + slot;
/** The handshake; `hub` are the hub's limits. */
export const open = (options = {}, hub = {}) => [
  send(hello(options)),
  receive(frame('welcome', { body: welcomeBody(hub) })),
  { event: 'welcome', peer: 7, label: 'viewer-1', role: 'viewer' },
];
/** The end of the connection because of what the hub did. */
export const killed = (reason, calls = [], served = [], before = []) => [
  { closed: reason, calls, served },
  send(...before, free('goodbye', { ordinal: REASON[reason] })),
];
export const call = (as, more = {}) => ({ do: 'call', as, binding: 3, ordinal: 1, args: 'aa', timeoutMs: 1000, up: false, down: false, ...more });
export const request = (generation, slot = 0, more = {}) =>
  frame('request', { binding: 3, ordinal: 1, id: id(generation, slot), budget: 1000, body: 'aa', ...more });
export const asked = (as, more = {}) => ({ event: 'request', as, binding: 9, ordinal: 2, budgetMs: 500, args: 'bb', ...more });
export const ask = (more = {}) => frame('request', { binding: 9, ordinal: 2, id: id(1), budget: 500, body: 'bb', ...more });
export const down = (generation, value, more = {}) => frame('item', { flags: CALLEE, id: id(generation), body: value, ...more });
export const up = (generation, value, more = {}) => frame('item', { id: id(generation), body: value, ...more });
export const ended = (generation, status, body = '', slot = 0) => frame('end', { id: id(generation, slot), ordinal: STATUS[status], body });
/** The body of a row of these items. */
export const row = (...items) => items.map((item) => u32(item.length / 2).slice(0, 4) + item).join('');
export const zeros = (count) => '00'.repeat(count);
/** `count` bytes that tell their place. */
export const ramp = (count, first = 0) => Buffer.from(Array.from({ length: count }, (_, at) => (first + at) & 255)).toString('hex');
/** A part of a parcel of `length` bytes; the whole of it when that is not said. */
export const parcel = (number, part, length = part.length / 2, more = {}) => frame('parcel', { id: number, budget: length, body: part, ...more });
