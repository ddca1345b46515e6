// The transcripts of blobs (protocol, section 15).
import {
  u32, varint, STATUS, CALLEE, ABANDON, frame, free, hello, welcomeBody, receive, send, id, open, killed, call, request,
  asked, ask, down, up, ended, zeros, ramp, parcel,
} from './words.mjs';

const small = { limits: { stream_items: 2, stream_bytes: 10 } };

/** Writes each by `transcript`. */
export function blobTranscripts(transcript) {
  /** A body that refers to so many blobs. */
  const places = (count) => Array.from({ length: count }, (_, at) => varint(at)).join('');
  const blob = (as, blobs, more = {}) => call(as, { args: places(blobs.length), blobs, ...more });
  transcript('blobs-call', 'Parcels go ahead of their message, one without bytes too; what comes back has numbers of the other direction.', [
    open(),
    blob('a', ['010203', '']), send(parcel(1, '010203'), parcel(2, ''), request(1, 0, { body: '0001', parcels: [1, 2] })),
    receive(parcel(9, '04'), parcel(1, '0506'), frame('end', { id: id(1), body: '0001', parcels: [1, 9] })),
    { event: 'end', as: 'a', status: 'ok', body: '0001', blobs: ['0506', '04'] },
    blob('b', ['07']), send(parcel(3, '07'), request(2, 0, { body: '00', parcels: [3] })),
    receive(parcel(1, '08'), frame('end', { id: id(2), ordinal: STATUS.application, body: '00', parcels: [1] })),
    { event: 'end', as: 'b', status: 'application', body: '00', blobs: ['08'] },
  ]);
  transcript('blobs-one-way', 'Blobs of notifications and publications.', [
    open(),
    { do: 'notify', binding: 4, ordinal: 2, args: '00', blobs: ['ab'] }, send(parcel(1, 'ab'), frame('notify', { binding: 4, ordinal: 2, body: '00', parcels: [1] })),
    { do: 'publish', binding: 4, ordinal: 6, value: '00', blobs: ['cd'] }, send(parcel(2, 'cd'), frame('publish', { binding: 4, ordinal: 6, body: '00', parcels: [2] })),
    { do: 'publish', as: 'p', binding: 4, ordinal: 6, value: '00', blobs: ['ef'], timeoutMs: 300 },
    send(parcel(3, 'ef'), frame('publish', { binding: 4, ordinal: 6, id: id(1), budget: 300, body: '00', parcels: [3] })),
    receive(parcel(7, '11'), frame('notify', { binding: 9, ordinal: 3, body: '00', parcels: [7] })),
    { event: 'notify', binding: 9, ordinal: 3, args: '00', blobs: ['11'] },
  ]);
  transcript('blobs-serve', 'Blobs of a call of the hub\'s, and of its reply.', [
    open(),
    receive(parcel(3, '0102', 3)),
    receive(parcel(3, '03', 3), ask({ parcels: [3] })), asked('x', { blobs: ['010203'] }),
    { do: 'end', as: 'x', status: 'ok', body: '00dd', blobs: ['04'] }, send(parcel(1, '04'), frame('end', { id: id(1), body: '00dd', parcels: [1] })),
  ]);
  transcript('blobs-items', 'The bytes of blobs count against the credit of a stream, in both directions.', [
    open(small, { stream_items: 2, stream_bytes: 10 }),
    call('a', { up: true, down: true }), send(request(1)),
    receive(parcel(1, zeros(11)), down(1, '00', { parcels: [1] })),
    { event: 'item', as: 'a', missed: 0, value: '00', blobs: [zeros(11)] },
    { do: 'item', as: 'a', value: '00', missed: 0, blobs: [zeros(9)] }, send(parcel(1, zeros(9)), up(1, '00', { parcels: [1] })),
    { do: 'item', as: 'a', value: '00', missed: 0, blobs: ['01'], refused: true },
    receive(frame('credit', { flags: CALLEE, id: id(1), ordinal: 1, budget: 1 })), { event: 'credit', as: 'a' },
    { do: 'item', as: 'a', value: '00', missed: 0, blobs: ['01'] }, send(parcel(2, '01'), up(1, '00', { parcels: [2] })),
    receive(parcel(1, ''), down(1, '00', { parcels: [1] })), killed('credit_exceeded', ['a']),
  ], { options: small, faults: [12] });
  // A hub with the smallest frames, whose window takes `parts` of them into its half.
  const slow = (parts, more = {}) => ({ frame_bytes: 4096, window_bytes: 8192 * parts, ...more });
  const PART = 4096 - 24;
  const big = ramp(5000);
  const first = (number) => parcel(number, big.slice(0, PART * 2), 5000);
  const rest = (number) => parcel(number, big.slice(PART * 2), 5000);
  const bigRequest = (generation, slot, number, more = {}) => request(generation, slot, { body: '00', parcels: [number], ...more });
  transcript('blobs-by-turns', 'Parcels use half of the window and go by turns of their messages; a small call overtakes them.', [
    open({}, slow(2)),
    blob('a', [ramp(10000)]), send(parcel(1, ramp(PART), 10000), parcel(1, ramp(PART, PART), 10000)),
    blob('b', [big], { ordinal: 2 }),
    call('c', { ordinal: 3 }), send(request(1, 2, { ordinal: 3 })),
    receive(frame('ping', { id: 1 })), send(frame('pong', { id: 1 })),
    receive(ended(1, 'ok', '', 2)), { event: 'end', as: 'c', status: 'ok', body: '' },
    receive(frame('window', { budget: 8192 + 25 })),
    send(first(2), parcel(1, ramp(10000 - 2 * PART, 2 * PART), 10000), bigRequest(1, 0, 1), rest(2), bigRequest(1, 1, 2, { ordinal: 2 })),
  ]);
  transcript('blobs-keep-back', 'What opens something on the channel of a message whose blobs are on their way waits behind it, and so do calls of the hub itself; all else goes.', [
    open({}, slow(1)),
    blob('a', [big]), send(first(1)),
    call('b'),
    { do: 'notify', binding: 3, ordinal: 1, args: 'ab' },
    { do: 'subscribe', as: 's', binding: 3, ordinal: 1 },
    { do: 'publish', binding: 3, ordinal: 1, value: 'ac' },
    { do: 'notify', binding: 3, ordinal: 2, args: 'ad' }, send(frame('notify', { binding: 3, ordinal: 2, body: 'ad' })),
    call('c', { binding: 4 }), send(request(1, 3, { binding: 4 })),
    call('d', { binding: 0, ordinal: 0 }),
    receive(frame('window', { budget: 4096 })),
    send(
      rest(1), bigRequest(1, 0, 1), request(1, 1), frame('notify', { binding: 3, ordinal: 1, body: 'ab' }), frame('subscribe', { binding: 3, ordinal: 1, id: id(1, 2) }),
      frame('publish', { binding: 3, ordinal: 1, body: 'ac' }), request(1, 4, { binding: 0, ordinal: 0 }),
    ),
  ]);
  transcript('blobs-keep-back-the-call', 'What belongs to the call of a message whose blobs are on their way waits behind it, in order.', [
    open({}, slow(1)),
    call('a', { up: true }), send(request(1)),
    { do: 'item', as: 'a', value: '00', missed: 0, blobs: [big] }, send(first(1)),
    { do: 'item', as: 'a', value: '01', missed: 0 },
    { do: 'finish', as: 'a' },
    call('b'), send(request(1, 1)),
    receive(frame('window', { budget: 4096 })), send(rest(1), up(1, '00', { parcels: [1] }), up(1, '01'), frame('finish', { id: id(1) })),
    receive(ended(1, 'ok')), { event: 'end', as: 'a', status: 'ok', body: '' },
    receive(ask()), asked('x'),
    { do: 'accept', as: 'x', up: false, down: true },
    { do: 'item', as: 'x', value: '00', missed: 0, blobs: [big] }, send(first(2)),
    { do: 'end', as: 'x', status: 'ok', body: '' },
    receive(frame('window', { budget: 4096 })), send(rest(2), down(1, '00', { parcels: [2] }), ended(1, 'ok')),
  ]);
  transcript('blobs-abandon', 'A call that is cancelled while its blobs are on their way gives them up; nothing waits for it any more.', [
    open({}, slow(1)),
    blob('a', [big]), send(first(1)),
    call('b'),
    { do: 'cancel', as: 'a' }, send(frame('parcel', { flags: ABANDON, id: 1 }), request(1, 1)),
    { do: 'cancel', as: 'a', refused: true },
    receive(frame('window', { budget: 4096 })),
    blob('c', ['01']), send(parcel(2, '01'), bigRequest(2, 0, 2)),
  ], { faults: [13] });
  transcript('blobs-ended-while-an-item-waits', 'What waits for blobs of a call that its callee ends is given up, and does not come behind the next call of its slot.', [
    open({}, slow(1)),
    call('a', { up: true }), send(request(1)),
    { do: 'item', as: 'a', value: '00', missed: 0, blobs: [big] }, send(first(1)),
    receive(ended(1, 'ok')), { event: 'end', as: 'a', status: 'ok', body: '' }, send(frame('parcel', { flags: ABANDON, id: 1 })),
    call('b'), send(request(2)),
    receive(frame('window', { budget: 4096 })),
    receive(ended(2, 'ok')), { event: 'end', as: 'b', status: 'ok', body: '' },
  ], { faults: [10] });
  transcript('blobs-cancel-before-the-first-part', 'Of a parcel that has not begun to leave nobody is told anything.', [
    send(hello({})),
    blob('a', [big]),
    blob('b', [big], { ordinal: 2 }),
    receive(frame('welcome', { body: welcomeBody(slow(1)) })),
    { event: 'welcome', peer: 7, label: 'viewer-1', role: 'viewer' },
    send(first(1)),
    { do: 'cancel', as: 'b' },
    receive(frame('window', { budget: 4096 })), send(rest(1), bigRequest(1, 0, 1)),
  ], { faults: [13] });
  transcript('blobs-under-the-limit', 'Parcels wait while what is on its way is as much as the hub takes; a message that alone has more is refused.', [
    open({}, slow(1, { blob_bytes: 8000 })),
    { do: 'notify', binding: 4, ordinal: 2, args: '0001', blobs: [ramp(5000), ramp(3001)], refused: true },
    blob('a', [big]), send(first(1)),
    blob('b', [ramp(4000)], { ordinal: 2 }),
    receive(frame('window', { budget: 4096 })), send(rest(1), bigRequest(1, 0, 1), parcel(2, ramp(4000)), bigRequest(1, 1, 2, { ordinal: 2 })),
  ]);
  transcript('blobs-none-taken', 'A hub that takes no bytes of blobs takes those without any.', [
    open({}, { blob_bytes: 0 }),
    { do: 'notify', binding: 4, ordinal: 2, args: '00', blobs: ['01'], refused: true },
    blob('a', ['']), send(parcel(1, ''), bigRequest(1, 0, 1)),
  ]);
  transcript('blobs-taken-though-ignored', 'The parcels of a message are taken also where it is ignored: their numbers are free again.', [
    open({ limits: { calls: 2 } }),
    receive(parcel(1, '01'), ask({ id: id(1, 2), parcels: [1] })), send(free('end', { id: id(1, 2), ordinal: STATUS.resource_exhausted })),
    receive(parcel(1, '02'), frame('item', { id: id(1, 2), body: '00', parcels: [1] })),
    call('a', { down: true }), send(request(1)),
    { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
    receive(parcel(1, '03'), down(1, '00', { parcels: [1] })),
    receive(parcel(1, '04'), frame('end', { id: id(1), body: '00', parcels: [1] })),
    receive(parcel(1, '05'), frame('notify', { binding: 9, ordinal: 3, body: '00', parcels: [1] })), { event: 'notify', binding: 9, ordinal: 3, args: '00', blobs: ['05'] },
  ], { options: { limits: { calls: 2 } } });
  transcript('blobs-given-up-by-the-hub', 'The hub gives parcels up, begun and whole; they count no more, and their numbers are free.', [
    open({ limits: { blob_bytes: 10 } }),
    receive(parcel(1, zeros(4), 6), parcel(2, zeros(4)), frame('parcel', { flags: ABANDON, id: 1 }), frame('parcel', { flags: ABANDON, id: 2 })),
    receive(parcel(1, ramp(10)), frame('notify', { binding: 9, ordinal: 3, body: '00', parcels: [1] })), { event: 'notify', binding: 9, ordinal: 3, args: '00', blobs: [ramp(10)] },
  ], { options: { limits: { blob_bytes: 10 } } });
  const notifies = (...parcels) => frame('notify', { binding: 9, ordinal: 3, body: places(parcels.length), parcels });
  for (const [name, frames, more] of [
    ['f02-parcel-over-the-limit', [parcel(1, '00', 11)]],
    ['f02-parcel-u32-max', [parcel(1, '00', 0xffffffff)]],
    ['f02-parcels-over-the-limit', [parcel(1, zeros(6)), parcel(2, '00', 5)]],
    ['f02-parcel-65', Array.from({ length: 65 }, (_, at) => parcel(at + 1, ''))],
    ['f02-parcel-frame-too-long', [parcel(1, zeros(65537), 65537)], { blob_bytes: 1 << 20 }],
    ['f12-parcel-too-long', [parcel(1, zeros(3), 4), parcel(1, zeros(2), 4)]],
    ['f12-parcel-too-long-at-once', [parcel(1, zeros(5), 4)]],
    ['f12-parcel-empty-part', [parcel(1, '', 4)]],
    ['f12-parcel-other-length', [parcel(1, '00', 4), parcel(1, '00', 5)]],
    ['f12-parcel-more-of-a-whole-one', [parcel(1, '00'), parcel(1, '00', 1)]],
    ['f12-parcel-more-of-an-empty-one', [parcel(1, ''), parcel(1, '')]],
    ['f12-parcel-number-0', [parcel(0, '00')]],
    ['f12-parcel-abandoned-unknown', [frame('parcel', { flags: ABANDON, id: 1 })]],
    ['f12-parcel-abandoned-twice', [parcel(1, '00', 4), frame('parcel', { flags: ABANDON, id: 1 }), frame('parcel', { flags: ABANDON, id: 1 })]],
    ['f12-parcel-abandoned-with-bytes', [parcel(1, '00', 4), parcel(1, '00', 4, { flags: ABANDON })]],
    ['f12-message-with-an-unknown-parcel', [notifies(1)]],
    ['f12-message-with-parcel-0', [notifies(0)]],
    ['f12-message-with-half-a-parcel', [parcel(1, '00', 4), notifies(1)]],
    ['f12-message-with-a-parcel-given-up', [parcel(1, '00', 4), frame('parcel', { flags: ABANDON, id: 1 }), notifies(1)]],
    ['f12-message-with-a-parcel-twice', [parcel(1, '00'), notifies(1, 1)]],
  ]) {
    const limits = { limits: { blob_bytes: 10, ...more } };
    transcript(name, 'A parcel, or a message that names one, that may not be.', [open(limits), receive(...frames), killed('bad_parcel')], { options: limits, faults: [Number(name.slice(1, 3))], ...(more && { messages: true }) });
  }
  for (const [name, reason, bytes] of [
    ['f03-callee-on-parcel', 'unknown_flag', parcel(1, '00', 1, { flags: CALLEE })],
    ['f03-abandon-on-credit', 'unknown_flag', frame('credit', { flags: ABANDON, id: id(1) })],
    ['f03-attachments-without-numbers', 'malformed_frame', frame('notify', { attachments: 1, body: '000000' })],
    ['f03-attachments-17', 'malformed_frame', frame('notify', { parcels: Array.from({ length: 17 }, (_, at) => at + 1) })],
    ['f03-attachments-on-parcel', 'malformed_frame', frame('parcel', { id: 1, budget: 4, parcels: [2] })],
    ['f03-attachments-on-cancel', 'malformed_frame', frame('cancel', { id: id(1), parcels: [2] })],
    ['f03-attachments-256', 'malformed_frame', frame('notify', { attachments: 256 })],
  ]) {
    const limits = { limits: { frame_bytes: 65536 } };
    transcript(name, 'A frame that may not be.', [open(limits), receive(bytes), killed(reason)], { options: limits, faults: [3] });
  }
  transcript('f12-message-with-a-parcel-used-before', 'A parcel is used once.', [
    open(), receive(parcel(1, '0a'), notifies(1), notifies(1)), { event: 'notify', binding: 9, ordinal: 3, args: '00', blobs: ['0a'] }, killed('bad_parcel'),
  ], { faults: [12] });
  transcript('f02-parcel-where-none-is-taken', 'A peer that takes no bytes of blobs takes those without any.', [
    open({ limits: { blob_bytes: 0 } }), receive(parcel(1, ''), notifies(1)), { event: 'notify', binding: 9, ordinal: 3, args: '00', blobs: [''] }, receive(parcel(1, '00')), killed('bad_parcel'),
  ], { options: { limits: { blob_bytes: 0 } }, faults: [2] });
  transcript('f08-parcel-before-welcome', 'Nothing else may come before the welcome.', [send(hello({})), receive(parcel(1, '00')), killed('unexpected_frame')], { faults: [8] });
  for (const [kind, body] of [['lend', '01'], ['pool', '0480808001']]) {
    transcript(`f12-${kind}-without-pools`, 'A peer that maps no pools is offered one, or lent something of it.', [open(), receive(frame(kind, { id: kind === 'lend' ? 1 : 0, budget: kind === 'lend' ? 4 : 0, body })), killed('bad_pool')], { faults: [12] });
  }
}
