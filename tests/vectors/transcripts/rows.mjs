// The transcripts of rows: items that share a frame (protocol, section 6).
import { ACK, CALLEE, ROW, call, down, ended, id, killed, open, ask, asked, receive, request, row, send, frame, zeros } from './words.mjs';

/** Writes each by `transcript`. */
export function rowTranscripts(transcript) {
  const credit = (items, bytes) => ({ limits: { stream_items: items, stream_bytes: bytes } });
  const opened = (options) => [...open(options), call('a', { down: true }), send(request(1))];
  const rowDown = (items, more) => down(1, row(...items), { flags: CALLEE | ROW, ...more });
  const item = (value, missed = 0) => ({ event: 'item', as: 'a', missed, value });
  const bad = (name, about, frames, reason, { options = credit(3, 100), before = [], ...more } = {}) =>
    transcript(name, about, [opened(options), receive(...frames), ...before, killed(reason, ['a'])], { options, faults: [5], ...more });

  const three = credit(3, 100);
  transcript('rows-down', 'Items of a row are told one by one; those that were missed were missed before the first.', [
    opened(three),
    receive(rowDown(['01', '', '0203'], { ordinal: 4 })), item('01', 4), item(''), item('0203'),
    { do: 'credit', as: 'a', items: 2, bytes: 10 }, send(frame('credit', { id: id(1), ordinal: 2, budget: 10 })),
    receive(rowDown(['04']), down(1, '05')), item('04'), item('05'),
    receive(ended(1, 'ok')), { event: 'end', as: 'a', status: 'ok', body: '' },
  ], { options: three });
  transcript('rows-up', 'A caller may send rows, too.', [
    open(three),
    receive(ask()), asked('x'),
    { do: 'accept', as: 'x', up: true, down: false },
    receive(frame('item', { id: id(1), flags: ROW, body: row('01', '02') })), { event: 'item', as: 'x', value: '01' }, { event: 'item', as: 'x', value: '02' },
    receive(frame('finish', { id: id(1) })), { event: 'finish', as: 'x' },
  ], { options: three });
  const ten = credit(3, 10);
  transcript('rows-overdrawn', 'The last item of a row may overdraw the bytes; lengths cost nothing.', [
    opened(ten),
    receive(rowDown([zeros(9), zeros(500)])), item(zeros(9)), item(zeros(500)),
    receive(down(1, '')),
    killed('credit_exceeded', ['a']),
  ], { options: ten });
  transcript('rows-for-nobody', 'Rows of a call that was given up are discarded, whatever credit they had needed.', [
    opened(three),
    { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
    receive(rowDown(['01', '02', '03', '04']), ended(1, 'ok')),
  ], { options: three });
  transcript('f05-row-for-nobody-cut-in-item', 'They must be rows all the same.', [
    opened(three),
    { do: 'cancel', as: 'a' }, send(frame('cancel', { id: id(1) })),
    receive(down(1, '0300aabb', { flags: CALLEE | ROW })), killed('malformed_frame'),
  ], { options: three, faults: [5] });
  bad('f05-row-without-items', 'A row has at least one item.', [rowDown([])], 'malformed_frame');
  bad('f05-row-cut-in-length', 'The length of an item has two bytes.', [down(1, `${row('01')}01`, { flags: CALLEE | ROW })], 'malformed_frame');
  bad('f05-row-cut-in-item', 'An item is not longer than its row. Nothing of the row is told.', [down(1, `${row('01')}0300aabb`, { flags: CALLEE | ROW })], 'malformed_frame');
  bad('f12-row-beyond-credit', 'Each item of a row needs credit. Nothing of the row is told.', [rowDown(['01', '02', '03', '04'])], 'credit_exceeded', { faults: [12] });
  bad('f12-row-beyond-credit-of-bytes', 'One item overdraws, and no second.', [rowDown([zeros(11), ''])], 'credit_exceeded', { options: ten, faults: [12] });
  bad('f12-row-beyond-credit-then-cut', 'The first fault of a row counts.', [down(1, `${row('01', '02', '03', '04')}09`, { flags: CALLEE | ROW })], 'credit_exceeded', { faults: [12] });
  bad('f03-row-asks-for-ack', 'Rows are of streams, and nobody waits for their reports.', [rowDown(['01'], { flags: CALLEE | ROW | ACK })], 'unknown_flag', { faults: [3] });
  bad('f03-row-with-attachments', 'A row has no blobs.', [rowDown(['01'], { parcels: [1] })], 'malformed_frame', { faults: [3] });
  for (const [name, items, reason] of [['row', ['01'], 'credit_exceeded'], ['empty-row', [], 'malformed_frame']])
    transcript(`f12-${name}-on-no-flow`, 'A flow that is not open has no credit; a row without items needs none, and is no row.', [
      open(), call('a'), send(request(1)), receive(rowDown(items)), killed(reason, ['a']),
    ], { faults: [12] });
}
