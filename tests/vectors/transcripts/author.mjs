// Writes the transcripts beside it, or with `--check` says which of them differ. No dependencies; see README.md.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { blobTranscripts } from './blobs.mjs';
import { rowTranscripts } from './rows.mjs';
import { windowTranscripts } from './windows.mjs';
import {
  u32, text, STATUS, REASON, CALLEE, ACK, frame, free, hello, welcomeBody, failure, receive, send, id, open,
  killed, call, request, asked, ask, down, up, ended, zeros,
} from './words.mjs';

const here = new URL('./', import.meta.url);

const transcripts = [];
function transcript(name, about, steps, { faults, options = {}, ...more } = {}) {
  transcripts.push({ name, about, ...(faults === undefined ? {} : { faults }), client: 'test', interfaces: [], ...options, ...more, steps: steps.flat() });
}

// Handshake.
const cameras = {
  interfaces: [{ name: 'studio.cameras', version: 2, hash: '000102030405060708090a0b0c0d0e0f', earlier: ['f0'.repeat(16), '0f'.repeat(16)], channels: [1, 300, 0xffffffff] }],
  limits: { frame_bytes: 65536, window_bytes: 8192, calls: 5, stream_items: 2, stream_bytes: 100 },
};
transcript('handshake', 'The hello of a client with limits and one interface, and its welcome.', open(cameras), { options: cameras });
transcript('handshake-refused', 'A goodbye in the place of the welcome.', [
  send(hello({})),
  receive(frame('goodbye', { ordinal: REASON.version_mismatch, body: Buffer.from('1 to 1, not 2 to 3').toString('hex') })),
  { closed: 'version_mismatch', calls: [], served: [] },
]);
transcript('handshake-held', 'A call before the welcome waits for it.', [
  send(hello({})),
  call('a'),
  receive(frame('welcome', { body: welcomeBody() })),
  { event: 'welcome', peer: 7, label: 'viewer-1', role: 'viewer' },
  send(request(1)),
  receive(ended(1, 'ok', '0102')),
  { event: 'end', as: 'a', status: 'ok', body: '0102' },
]);
const large = { binding: 3, ordinal: 2, args: 'cc'.repeat(4096 - 24 + 1) };
transcript('handshake-held-larger', 'What was written before the welcome and is larger than the hub takes never leaves, nor what belongs to it; the call is refused.', [
  send(hello({})),
  call('a'),
  call('b', { ...large, up: true }),
  { do: 'finish', as: 'b' },
  { do: 'notify', ...large },
  call('c', { args: 'dd'.repeat(4096 - 24) }),
  receive(frame('welcome', { body: welcomeBody({ frame_bytes: 4096 }) })),
  { event: 'welcome', peer: 7, label: 'viewer-1', role: 'viewer' },
  { event: 'refused', as: 'b', bytes: 4096 - 24 + 1, room: 4096 - 24 },
  send(request(1), request(1, 2, { body: 'dd'.repeat(4096 - 24) })),
  // Its place is free, under an id that was never used.
  call('d'),
  send(request(2, 1)),
  call('e', { ...large, refused: true }),
  receive(ended(1, 'ok'), ended(1, 'ok', '', 2), ended(2, 'ok', '', 1)),
  ...['a', 'c', 'd'].map((as) => ({ event: 'end', as, status: 'ok', body: '' })),
]);
transcript('handshake-held-stream', 'A stream that was opened before the welcome has no credit before it, and what the welcome says from then on.', [
  send(hello({})),
  call('a', { up: true }),
  { do: 'item', as: 'a', value: '01', refused: true },
  receive(frame('welcome', { body: welcomeBody({ stream_items: 1 }) })),
  { event: 'welcome', peer: 7, label: 'viewer-1', role: 'viewer' },
  { event: 'credit', as: 'a' },
  send(request(1)),
  { do: 'item', as: 'a', value: '01' },
  send(up(1, '01')),
  { do: 'item', as: 'a', value: '02', refused: true },
  receive(ended(1, 'ok')),
  { event: 'end', as: 'a', status: 'ok', body: '' },
]);
transcript('f08-request-before-welcome', 'Only a welcome or a goodbye may come first.', [send(hello({})), receive(ask()), killed('unexpected_frame')], { faults: [8] });
for (const [what, early] of Object.entries({ ping: frame('ping', { id: 5 }), optional: frame(200) })) transcript(`f08-${what}-before-welcome`, 'Nothing else may come before the welcome: no ping, and no frame that may be passed over later.', [send(hello({})), receive(early), killed('unexpected_frame')], { faults: [8] });
transcript('f09-second-welcome', 'A connection is welcomed once.', [open(), receive(frame('welcome', { body: welcomeBody() })), killed('unexpected_frame')], { faults: [9] });
transcript('f09-after-goodbye', 'What comes behind a goodbye is not looked at.', [
  open(),
  receive(frame('goodbye', { ordinal: REASON.going_away, body: '62796521' }), frame('welcome', { body: welcomeBody() }), frame(99)),
  { closed: 'going_away', calls: [], served: [] },
  receive(frame(99)),
], { faults: [9] });
for (const [name, body] of [
  ['truncated', welcomeBody().slice(0, -2)],
  ['trailing', `${welcomeBody()}00`],
  ['overlong', `8100${welcomeBody().slice(2)}`],
  ['utf8', `${welcomeBody().slice(0, -2)}ff`],
  ['frame-floor', welcomeBody({ frame_bytes: 4095 })],
  ['window-floor', welcomeBody({ window_bytes: 4095 })],
  ['no-calls', welcomeBody({ calls: 0 })],
]) {
  transcript(`f05-welcome-${name}`, 'A welcome whose body breaks the protocol.', [send(hello({})), receive(frame('welcome', { body })), killed('malformed_payload')], { faults: [5] });
}

// Calls.
transcript('call-ok', 'A call and its reply; the next one has the slot again, with the next generation.', [
  open(),
  call('a'),
  send(request(1)),
  receive(ended(1, 'ok', 'c0ffee')),
  { event: 'end', as: 'a', status: 'ok', body: 'c0ffee' },
  call('b', { timeoutMs: 250 }),
  send(request(2, 0, { budget: 250 })),
  receive(ended(2, 'ok')),
  { event: 'end', as: 'b', status: 'ok', body: '' },
]);
transcript('call-errors', 'A failure, and an error of the application\'s.', [
  open(),
  call('a'),
  send(request(1)),
  call('b'),
  send(request(1, 1)),
  receive(ended(1, 'application', '2a', 1), ended(1, 'not_found', failure('no camera 4', { channel: 'studio.cameras.open', path: 'id', correlation: 77 }))),
  { event: 'end', as: 'b', status: 'application', body: '2a' },
  { event: 'end', as: 'a', status: 'not_found', body: failure('no camera 4', { channel: 'studio.cameras.open', path: 'id', correlation: 77 }) },
]);
transcript('ids-lowest-free-slot', 'Slots are used from below; each has generations of its own.', [
  open(),
  call('a'), send(request(1)),
  call('b'), send(request(1, 1)),
  call('c'), send(request(1, 2)),
  receive(ended(1, 'ok', '', 1)), { event: 'end', as: 'b', status: 'ok', body: '' },
  call('d'), send(request(2, 1)),
  call('e'), send(request(1, 3)),
  receive(ended(1, 'ok'), ended(2, 'ok', '', 1)),
  { event: 'end', as: 'a', status: 'ok', body: '' },
  { event: 'end', as: 'd', status: 'ok', body: '' },
  call('f'), send(request(2, 0)),
  call('g'), send(request(3, 1)),
]);
transcript('f11-calls-of-the-hub-used-up', 'No more calls are opened than the hub allows; an ended one makes room, a cancelled one only when it has ended.', [
  open({}, { calls: 2 }),
  call('a'), send(request(1)),
  call('b'), send(request(1, 1)),
  { ...call('c'), refused: true },
  { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
  { ...call('c'), refused: true },
  receive(ended(1, 'cancelled', failure('the caller cancelled'))),
  call('c'), send(request(2)),
], { faults: [11] });
transcript('f13-cancel-races-reply', 'The reply that was on its way is discarded; there is one outcome, and it is the caller\'s own.', [
  open(),
  call('a'), send(request(1)),
  { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
  receive(ended(1, 'ok', '01')),
  call('b'), send(request(2)),
], { faults: [13] });
transcript('f13-cancel-twice', 'A second cancel sends nothing, nor does one after the end.', [
  open(),
  call('a'), send(request(1)),
  { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
  { do: 'cancel', as: 'a', refused: true },
  receive(ended(1, 'cancelled', failure('the caller cancelled'))),
  { do: 'cancel', as: 'a', refused: true },
  call('b'), send(request(2)),
  receive(ended(2, 'ok')), { event: 'end', as: 'b', status: 'ok', body: '' },
  { do: 'cancel', as: 'b', refused: true },
], { faults: [13] });
transcript('cancel-discards', 'Items, credit and the end that come after a cancel are discarded, also beyond the credit.', [
  open({ limits: { stream_items: 1 } }),
  call('a', { up: true, down: true }), send(request(1)),
  { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
  receive(down(1, '01'), down(1, '02'), frame('credit', { flags: CALLEE, id: id(1), ordinal: 1, budget: 9 })),
  { do: 'item', as: 'a', value: '05', refused: true },
  { do: 'finish', as: 'a', refused: true },
  { do: 'credit', as: 'a', items: 1, bytes: 1, refused: true },
  receive(ended(1, 'cancelled', failure('the caller cancelled'))),
], { options: { limits: { stream_items: 1 } } });
transcript('deadline-of-the-caller', 'When the time is used up the caller is told and the callee asked to stop; its end frees the id.', [
  open(),
  call('a'), send(request(1)),
  { advance: 999 },
  { advance: 1 },
  { event: 'expired', as: 'a' }, send(frame('cancel', { id: id(1) })),
  { do: 'cancel', as: 'a', refused: true },
  receive(ended(1, 'deadline_exceeded', failure('too late'))),
  call('b'), send(request(2)),
]);
for (const [name, frames] of [
  ['end-never-opened', [ended(1, 'ok', '', 5)]],
  ['end-generation-0', [frame('end', {})]],
  ['end-twice', [ended(1, 'ok'), ended(1, 'ok')]],
  ['end-of-another-generation', [ended(2, 'ok')]],
  ['item-after-end', [ended(1, 'ok'), down(1, '01')]],
  ['credit-after-end', [ended(1, 'ok'), frame('credit', { flags: CALLEE, id: id(1), ordinal: 1, budget: 1 })]],
  ['item-never-opened', [down(7, '01')]],
  ['item-up-never-opened', [up(1, '01')]],
  ['credit-never-opened', [frame('credit', { id: id(1), ordinal: 1, budget: 1 })]],
  ['finish-never-opened', [frame('finish', { id: id(1) })]],
  ['cancel-never-opened', [frame('cancel', { id: id(1) })]],
]) {
  const over = frames.length > 1;
  transcript(`f10-${name}`, 'A frame for a call that is not there.', [
    open(),
    call('a', { down: true }), send(request(1)),
    receive(...frames),
    over ? { event: 'end', as: 'a', status: 'ok', body: '' } : [],
    killed('unknown_id', over ? [] : ['a']),
  ], { faults: [10] });
}
transcript('f03-unknown-status', 'An end whose status nobody knows; its caller is told like all others.', [
  open(), call('a'), send(request(1)), receive(frame('end', { id: id(1), ordinal: 999 })), killed('malformed_payload', ['a']),
], { faults: [3] });

// Streams.
const small = { limits: { stream_items: 2, stream_bytes: 10 } };
transcript('stream-down', 'Items come under the credit that the caller gives; the end carries the reply.', [
  open(small),
  call('a', { down: true }), send(request(1)),
  receive(down(1, '01', { ordinal: 3 }), down(1, '0203')),
  { event: 'item', as: 'a', missed: 3, value: '01' },
  { event: 'item', as: 'a', missed: 0, value: '0203' },
  { do: 'credit', as: 'a', items: 2, bytes: 3 }, send(frame('credit', { id: id(1), ordinal: 2, budget: 3 })),
  receive(down(1, '04'), ended(1, 'ok', '99')),
  { event: 'item', as: 'a', missed: 0, value: '04' },
  { event: 'end', as: 'a', status: 'ok', body: '99' },
  { do: 'credit', as: 'a', items: 1, bytes: 1, refused: true },
], { options: small });
transcript('stream-down-bytes-overdrawn', 'An item may overdraw the bytes, once.', [
  open(small),
  call('a', { down: true }), send(request(1)),
  receive(down(1, zeros(11))), { event: 'item', as: 'a', missed: 0, value: zeros(11) },
  { do: 'credit', as: 'a', items: 1, bytes: 2 }, send(frame('credit', { id: id(1), ordinal: 1, budget: 2 })),
  receive(down(1, '01')), { event: 'item', as: 'a', missed: 0, value: '01' },
  receive(down(1, '02')), killed('credit_exceeded', ['a']),
], { options: small });
transcript('f12-items-beyond-credit', 'The third item of two.', [
  open(small), call('a', { down: true }), send(request(1)),
  receive(down(1, '01'), down(1, '02'), down(1, '03')),
  { event: 'item', as: 'a', missed: 0, value: '01' },
  { event: 'item', as: 'a', missed: 0, value: '02' },
  killed('credit_exceeded', ['a']),
], { options: small, faults: [12] });
transcript('f12-item-on-a-call', 'A call without a flow down gets an item.', [
  open(), call('a'), send(request(1)), receive(down(1, '01')), killed('credit_exceeded', ['a']),
], { faults: [12] });
transcript('stream-up', 'The caller sends under the hub\'s credit, and finishes.', [
  open({}, { stream_items: 2, stream_bytes: 10 }),
  call('a', { up: true }), send(request(1)),
  { do: 'item', as: 'a', value: '01', missed: 0 }, send(up(1, '01')),
  { do: 'item', as: 'a', value: zeros(10), missed: 4 }, send(up(1, zeros(10), { ordinal: 4 })),
  { do: 'item', as: 'a', value: '03', missed: 0, refused: true },
  receive(frame('credit', { flags: CALLEE, id: id(1), ordinal: 1, budget: 1 })), { event: 'credit', as: 'a' },
  { do: 'item', as: 'a', value: '03', missed: 0, refused: true },
  receive(frame('credit', { flags: CALLEE, id: id(1), ordinal: 0, budget: 1 })), { event: 'credit', as: 'a' },
  { do: 'item', as: 'a', value: '03', missed: 0 }, send(up(1, '03')),
  { do: 'finish', as: 'a' }, send(frame('finish', { id: id(1) })),
  { do: 'finish', as: 'a', refused: true },
  { do: 'item', as: 'a', value: '04', missed: 0, refused: true },
  receive(frame('credit', { flags: CALLEE, id: id(1), ordinal: 9, budget: 9 })),
  receive(ended(1, 'ok', '02')), { event: 'end', as: 'a', status: 'ok', body: '02' },
]);

// Topics.
transcript('topic', 'Values with what was missed, one with an acknowledgement; the subscriber leaves.', [
  open(small),
  { do: 'subscribe', as: 's', binding: 3, ordinal: 6 }, send(frame('subscribe', { binding: 3, ordinal: 6, id: id(1) })),
  receive(down(1, '01')), { event: 'item', as: 's', missed: 0, value: '01' },
  receive(down(1, '02', { ordinal: 5, flags: CALLEE | ACK, budget: 41 })),
  { event: 'item', as: 's', missed: 5, token: 41, value: '02' },
  { do: 'ack', as: 's', token: 41 }, send(frame('ack', { id: id(1), budget: 41 })),
  { do: 'credit', as: 's', items: 2, bytes: 2 }, send(frame('credit', { id: id(1), ordinal: 2, budget: 2 })),
  { advance: 3_600_000 },
  { do: 'cancel', as: 's' }, send(frame('cancel', { id: id(1) })),
  receive(ended(1, 'cancelled', failure('the caller cancelled'))),
], { options: small });
transcript('topic-ends', 'The instance leaves: its subscriptions end, and the binding is told.', [
  open(),
  { do: 'subscribe', as: 's', binding: 3, ordinal: 6 }, send(frame('subscribe', { binding: 3, ordinal: 6, id: id(1) })),
  receive(ended(1, 'unavailable', failure('its server has left')), frame('unbound', { binding: 3 })),
  { event: 'end', as: 's', status: 'unavailable', body: failure('its server has left') },
  { event: 'unbound', binding: 3 },
]);
transcript('publish', 'One-way, and with a report.', [
  open(),
  { do: 'publish', binding: 4, ordinal: 6, value: '0506' }, send(frame('publish', { binding: 4, ordinal: 6, body: '0506' })),
  { do: 'publish', as: 'p', binding: 4, ordinal: 6, value: '07', timeoutMs: 300 },
  send(frame('publish', { binding: 4, ordinal: 6, id: id(1), budget: 300, body: '07' })),
  receive(ended(1, 'ok', '0000')), { event: 'end', as: 'p', status: 'ok', body: '0000' },
]);
transcript('notify', 'Notifications out and in.', [
  open(),
  { do: 'notify', binding: 4, ordinal: 2, args: 'abcd' }, send(frame('notify', { binding: 4, ordinal: 2, body: 'abcd' })),
  receive(frame('notify', { binding: 9, ordinal: 3, body: '11' })), { event: 'notify', binding: 9, ordinal: 3, args: '11' },
]);

// The peer as callee.
transcript('serve', 'A call of the hub\'s is ended exactly once.', [
  open(),
  receive(ask()), asked('x'),
  { do: 'end', as: 'x', status: 'ok', body: 'dd' }, send(frame('end', { id: id(1), body: 'dd' })),
  { do: 'end', as: 'x', status: 'ok', body: 'dd', refused: true },
  receive(ask({ id: id(2), budget: 0 })), asked('y', { budgetMs: 0 }),
  { do: 'end', as: 'y', status: 'application', body: '01' }, send(frame('end', { id: id(2), ordinal: STATUS.application, body: '01' })), receive(frame('caller', { binding: 5, body: text('viewer-1') + text('viewer') })), { event: 'caller', peer: 5, label: 'viewer-1', role: 'viewer' }, receive(frame('caller', { binding: 6, body: text('late') })), killed('malformed_payload'),
]);
transcript('f10-late-frames-of-the-caller', 'What a caller sends for an id whose end it has not seen yet is ignored while it is the last of its slot.', [
  open(),
  receive(ask()), asked('x'),
  { do: 'end', as: 'x', status: 'ok', body: '' }, send(frame('end', { id: id(1) })),
  receive(frame('cancel', { id: id(1) }), frame('finish', { id: id(1) }), up(1, '01'), frame('credit', { id: id(1), ordinal: 1, budget: 1 })),
  receive(ask({ id: id(2) })), asked('y'),
  receive(frame('cancel', { id: id(1) })), killed('unknown_id', [], ['y']),
], { faults: [10] });
transcript('f13-caller-cancels', 'The callee is told once more than once; it ends the call all the same.', [
  open(),
  receive(ask()), asked('x'),
  receive(frame('cancel', { id: id(1) })), { event: 'cancel', as: 'x' },
  { do: 'end', as: 'x', status: 'cancelled', body: failure('stopped') },
  send(frame('end', { id: id(1), ordinal: STATUS.cancelled, body: failure('stopped') })),
  receive(frame('cancel', { id: id(1) })),
], { faults: [13] });
transcript('deadline-of-the-callee', 'When the time of a call of the hub\'s is used up its owner is told, and ends it.', [
  open(),
  receive(ask()), asked('x'),
  { advance: 499 },
  { advance: 1 }, { event: 'expired', as: 'x' },
  { do: 'end', as: 'x', status: 'deadline_exceeded', body: failure('too late') },
  send(frame('end', { id: id(1), ordinal: STATUS.deadline_exceeded, body: failure('too late') })),
  { advance: 5000 },
]);
transcript('serve-stream', 'Items up under our credit, items down under the hub\'s.', [
  open(small, { stream_items: 1, stream_bytes: 50 }),
  receive(ask()), asked('x'),
  { do: 'item', as: 'x', value: '01', missed: 0, refused: true },
  { do: 'accept', as: 'x', up: true, down: true },
  receive(up(1, '0a'), up(1, '0b')),
  { event: 'item', as: 'x', value: '0a' },
  { event: 'item', as: 'x', value: '0b' },
  { do: 'credit', as: 'x', items: 2, bytes: 2 }, send(frame('credit', { flags: CALLEE, id: id(1), ordinal: 2, budget: 2 })),
  { do: 'item', as: 'x', value: '0c', missed: 2 }, send(down(1, '0c', { ordinal: 2 })),
  { do: 'item', as: 'x', value: '0d', missed: 0, refused: true },
  receive(frame('credit', { id: id(1), ordinal: 1, budget: 1 })), { event: 'credit', as: 'x' },
  { do: 'item', as: 'x', value: '0d', missed: 0 }, send(down(1, '0d')),
  receive(frame('finish', { id: id(1) })), { event: 'finish', as: 'x' },
  { do: 'end', as: 'x', status: 'ok', body: '' }, send(frame('end', { id: id(1) })),
], { options: small });
for (const [name, accept, frames, told] of [
  ['item-before-accept', [], [up(1, '01')], []],
  ['item-on-a-call', [{ do: 'accept', as: 'x', up: false, down: true }], [up(1, '01')], []],
  ['item-after-finish', [{ do: 'accept', as: 'x', up: true, down: false }], [frame('finish', { id: id(1) }), up(1, '01')], [{ event: 'finish', as: 'x' }]],
  ['finish-twice', [{ do: 'accept', as: 'x', up: true, down: false }], [frame('finish', { id: id(1) }), frame('finish', { id: id(1) })], [{ event: 'finish', as: 'x' }]],
  ['up-beyond-credit', [{ do: 'accept', as: 'x', up: true, down: false }], [up(1, zeros(10)), up(1, '01')], [{ event: 'item', as: 'x', value: zeros(10) }]],
]) {
  transcript(`f12-served-${name}`, 'An item or its end on a flow that is not open, or without credit.', [
    open(small), receive(ask()), asked('x'), accept, receive(...frames), told, killed('credit_exceeded', [], ['x']),
  ], { options: small, faults: [12] });
}
const few = { limits: { calls: 2 } };
transcript('f11-beyond-the-limit', 'A slot at the limit is refused, and what else comes for that id is ignored.', [
  open(few),
  receive(ask({ id: id(1, 2) })), send(free('end', { id: id(1, 2), ordinal: STATUS.resource_exhausted })),
  receive(frame('cancel', { id: id(1, 2) }), frame('finish', { id: id(1, 2) }), frame('item', { id: id(1, 2), body: '01' })),
  receive(ask({ id: id(4, 1) })), asked('x'),
], { options: few, faults: [11] });
for (const [name, first, second] of [
  ['in-flight', id(1), id(1)],
  ['slot-taken', id(1), id(2)],
  ['generation-0', id(1), 1],
]) {
  transcript(`f11-duplicate-${name}`, 'An id that is not free.', [
    open(), receive(ask({ id: first })), asked('x'), receive(ask({ id: second })), killed('duplicate_id', [], ['x']),
  ], { faults: [11] });
}
transcript('f11-generation-used-last', 'The generation must differ from the last one of the slot.', [
  open(), receive(ask()), asked('x'), { do: 'end', as: 'x', status: 'ok', body: '' }, send(frame('end', { id: id(1) })),
  receive(ask()), killed('duplicate_id'),
], { faults: [11] });
transcript('both-directions', 'Ids of the two sides do not meet.', [
  open(),
  call('a', { down: true }), send(request(1)),
  receive(ask()), asked('x'),
  { do: 'accept', as: 'x', up: true, down: false },
  receive(up(1, '01'), down(1, '02')),
  { event: 'item', as: 'x', value: '01' },
  { event: 'item', as: 'a', missed: 0, value: '02' },
  { do: 'end', as: 'x', status: 'ok', body: '' }, send(frame('end', { id: id(1) })),
  receive(ended(1, 'ok')), { event: 'end', as: 'a', status: 'ok', body: '' },
]);

// Window and liveness.
windowTranscripts(transcript);
rowTranscripts(transcript);
transcript('ping', 'A ping is answered with its token at once.', [open(), receive(frame('ping', { id: 0xdeadbeef })), send(frame('pong', { id: 0xdeadbeef }))]);
transcript('keepalive', 'A hub that is silent while it is awaited is pinged, and found silent.', [
  open(),
  { advance: 60_000 },
  receive(frame('ping', { id: 2 })), send(frame('pong', { id: 2 })),
  call('a', { timeoutMs: 600_000 }), send(request(1, 0, { budget: 600_000 })),
  { advance: 9_999 },
  { advance: 1 }, send(frame('ping', { id: 1 })),
  { advance: 5_000 },
  receive(frame('pong', { id: 1 })),
  { advance: 9_999 },
  { advance: 1 }, send(frame('ping', { id: 1 })),
  { advance: 19_999 },
  { advance: 1 }, { event: 'silent' },
], { keepalive: true });

blobTranscripts(transcript);
// Ends.
transcript('close', 'The application closes; open calls are told.', [
  open(),
  call('a'), send(request(1)),
  call('b'), send(request(1, 1)),
  { do: 'cancel', as: 'b' }, send(frame('cancel', { id: id(1, 1) })),
  receive(ask()), asked('x'),
  { do: 'close', reason: 'closed', message: 'done' },
  { closed: 'closed', calls: ['a'], served: ['x'] },
  send(frame('goodbye', { ordinal: REASON.closed, body: '646f6e65' })),
  { ...call('c'), refused: true },
  { do: 'end', as: 'x', status: 'ok', body: '', refused: true },
  receive(ended(1, 'ok')),
  { advance: 100_000 },
]);
transcript('goodbye', 'The hub goes; open calls are told, and nothing more is sent.', [
  open(),
  call('a'), send(request(1)),
  { do: 'subscribe', as: 's', binding: 3, ordinal: 6 }, send(frame('subscribe', { binding: 3, ordinal: 6, id: id(1, 1) })),
  receive(ask()), asked('x'),
  receive(frame('ping', { id: 1 }), frame('goodbye', { ordinal: REASON.going_away })),
  { closed: 'going_away', calls: ['a', 's'], served: ['x'] },
  { ...call('b'), refused: true },
]);

// Frames.
const header = (fields) => frame('ping', { id: 3, ...fields });
for (const [name, reason, bytes, faults] of [
  ['f02-length-0', 'malformed_frame', header({ length: 0 }), [2]],
  ['f02-length-23', 'malformed_frame', header({ length: 23 }), [2]],
  ['f02-length-over-limit', 'frame_too_large', u32(65537), [2]],
  ['f02-length-u32-max', 'frame_too_large', u32(0xffffffff), [2]],
  ['f03-kind-0', 'unknown_kind', frame(0), [3]],
  ['f03-kind-22', 'unknown_kind', frame(22), [3]],
  ['f03-kind-127', 'unknown_kind', frame(127), [3]],
  ['f03-flag-on-ping', 'unknown_flag', header({ flags: 1 }), [3]],
  ['f03-flag-4-on-item', 'unknown_flag', down(1, '', { flags: 4 }), [3]],
  ['f03-ack-on-credit', 'unknown_flag', frame('credit', { flags: 2, id: id(1) }), [3]],
  ...['ping', 'pong', 'window', 'credit', 'finish', 'cancel', 'unbound'].map((kind) => [`f05-body-on-${kind}`, 'malformed_frame', frame(kind, { id: id(1), body: '00' }), [5]]),
  ...['hello', 'subscribe', 'publish', 'ack'].map((kind) => [`f09-${kind}-from-the-hub`, 'unexpected_frame', frame(kind, { id: id(1) }), [9]]),
]) {
  const limits = { limits: { frame_bytes: 65536 } };
  const asks = ['f05-body-on-credit', 'f05-body-on-finish', 'f05-body-on-cancel'].includes(name);
  transcript(name, 'A frame that may not be.', [
    open(limits), asks ? [receive(ask()), asked('x')] : [], receive(bytes), killed(reason, [], asks ? ['x'] : []),
  ], { options: limits, faults });
}
transcript('f03-optional-kinds', 'Kinds from 128 are passed over when they are not known, whatever their fields say; their length still counts.', [
  open({ limits: { frame_bytes: 65536 } }),
  receive(frame(128, { flags: 255, attachments: 9, body: zeros(100) }), frame(255), frame('ping', { id: 1 })), send(frame('pong', { id: 1 })),
  receive(frame(200, { length: 65537 })), killed('frame_too_large'),
], { options: { limits: { frame_bytes: 65536 } }, faults: [3] });
transcript('f03-unused-fields', 'Fields that a kind does not use are ignored.', [
  open(),
  receive(frame('ping', { binding: 1, ordinal: 2, id: 3, budget: 4 })), send(frame('pong', { id: 3 })),
  receive(frame('notify', { binding: 9, ordinal: 3, id: 8, budget: 7, body: '11' })), { event: 'notify', binding: 9, ordinal: 3, args: '11' },
], { faults: [3] });
transcript('f01-message-cut', 'A message must end where a frame ends.', [
  open(), receive(frame('ping', { id: 1 }), frame('ping', { id: 2 }).slice(0, -2)), killed('partial_message', [], [], [frame('pong', { id: 1 })]),
], { messages: true, faults: [1] });
transcript('f01-message-cut-in-length', 'Not even within its first field.', [open(), receive('180000'), killed('partial_message')], { messages: true, faults: [1] });
transcript('f01-stream-cut', 'A stream waits for the rest.', [
  open(),
  receive(frame('ping', { id: 1 }), frame('ping', { id: 2 }).slice(0, 10)), send(frame('pong', { id: 1 })),
  { advance: 100_000 },
  receive(frame('ping', { id: 2 }).slice(10)), send(frame('pong', { id: 2 })),
], { faults: [1] });

// Files.
const check = process.argv.includes('--check');
const names = new Set(transcripts.map(({ name }) => `${name}.json`));
if (names.size !== transcripts.length) throw new Error('two transcripts have one name');
const old = readdirSync(here).filter((name) => name.endsWith('.json'));
const wrong = old.filter((name) => !names.has(name));
if (!check) for (const name of wrong) rmSync(new URL(name, here));
for (const one of transcripts) {
  const { steps, ...head } = one;
  const lines = [
    ...Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`),
    '  "steps": [',
    steps.map((step) => `    ${JSON.stringify(step)}`).join(',\n'),
    '  ]',
  ];
  const name = `${one.name}.json`;
  const wanted = `{\n${lines.join('\n')}\n}\n`;
  const have = old.includes(name) ? readFileSync(new URL(name, here), 'utf8') : '';
  if (have === wanted) continue;
  if (check) wrong.push(name);
  else writeFileSync(new URL(name, here), wanted);
}
if (check && wrong.length > 0) {
  console.error(`These transcripts are not what author.mjs writes: ${wrong.join(', ')}`);
  process.exit(1);
}
console.log(`${transcripts.length} transcripts`);
