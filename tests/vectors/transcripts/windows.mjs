// The transcripts of the connection window (protocol, section 8).
import { frame, receive, send, open, killed, call, request, zeros } from './words.mjs';

/** Writes each by `transcript`. */
export function windowTranscripts(transcript) {
  const narrow = { limits: { window_bytes: 4096 } };
  transcript('window-in', 'Data is acknowledged when half of the window is used, control frames do not count.', [
    open(narrow),
    receive(frame('notify', { binding: 9, body: zeros(2000) })), { event: 'notify', binding: 9, ordinal: 0, args: zeros(2000) },
    receive(frame('ping', { id: 1 })), send(frame('pong', { id: 1 })),
    receive(frame('notify', { binding: 9 })), { event: 'notify', binding: 9, ordinal: 0, args: '' }, send(frame('window', { budget: 2048 })),
    receive(frame('notify', { binding: 9, body: zeros(4000) })), { event: 'notify', binding: 9, ordinal: 0, args: zeros(4000) }, send(frame('window', { budget: 4024 })),
  ], { options: narrow });
  transcript('window-out', 'Data waits for the hub\'s window, and may overdraw it by one frame; a call that waits can be taken back.', [
    open({}, { window_bytes: 4096 }),
    call('a', { args: zeros(4071) }), send(request(1, 0, { body: zeros(4071) })),
    call('b', { args: zeros(50) }), send(request(1, 1, { body: zeros(50) })),
    call('c'),
    call('d'),
    { do: 'notify', binding: 4, ordinal: 2, args: 'ab' },
    receive(frame('ping', { id: 6 })), send(frame('pong', { id: 6 })),
    { do: 'cancel', as: 'c' },
    receive(frame('window', { budget: 73 })),
    receive(frame('window', { budget: 1 })), send(request(1, 3)),
    receive(frame('window', { budget: 4096 })), send(frame('notify', { binding: 4, ordinal: 2, body: 'ab' })),
    call('e'), send(request(2, 2)),
  ]);
  transcript('f12-window-opened-further', 'Nobody acknowledges more than is on its way.', [
    open({}, { window_bytes: 4096 }),
    { do: 'notify', binding: 4, ordinal: 2, args: zeros(100) }, send(frame('notify', { binding: 4, ordinal: 2, body: zeros(100) })),
    receive(frame('window', { budget: 124 })),
    receive(frame('window', { budget: 1 })),
    killed('window_exceeded'),
  ]);
  const tight = { limits: { window_bytes: 4096, frame_bytes: 4096 } };
  transcript('f12-window-exceeded', 'More in one message than the window and one frame.', [
    open(tight),
    receive(...[1, 2, 3, 4].map(() => frame('notify', { binding: 9, body: zeros(2476) }))),
    ...[1, 2, 3].map(() => ({ event: 'notify', binding: 9, ordinal: 0, args: zeros(2476) })),
    killed('window_exceeded', [], [], [1, 2, 3].map(() => frame('window', { budget: 2500 }))),
  ], { options: tight, messages: true, faults: [12] });
}
