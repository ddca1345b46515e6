/** Who calls: told to what main itself serves, and to nobody else (protocol, section 4). */
import { expect, test } from 'vitest';
import { type CallContext, type Caller, type Codec, toBytes } from '../src/index.js';
import { serve } from '../src/serve.js';
import { Echo } from './generated/sample-echo.js';
import { connected } from './support/hub.js';

const named = (name: string) => Echo.channels.find((channel) => channel.method === name)!;

/** The body of a `caller` frame. */
const callerCodec: Pick<Codec<[string, string]>, 'encode'> = {
  encode: (out, [label, role]) => {
    out.string(label, 0, 128);
    out.string(role, 0, 128);
  },
};
const told = (label: string, role: string) => toBytes(callerCodec as Codec<[string, string]>, [label, role]);

test('a handler sees who calls, until the hub names another', async () => {
  const { hub, portcullis } = await connected();
  const seen: (Caller | undefined)[] = [];
  const note = (cx: CallContext) => void seen.push(cx.caller);
  const serving = serve(portcullis, Echo, { nothing: note, tell: (_text: string, cx: CallContext) => note(cx) } as never);
  await hub.served(3);
  await serving;
  const ask = (id: number) => hub.send('request', { binding: 3, ordinal: named('nothing').ordinal, id });
  ask(0x1_0000);
  hub.send('caller', { binding: 7, body: told('viewer-1', 'viewer') });
  ask(0x1_0001);
  hub.send('notify', { binding: 3, ordinal: named('tell').ordinal, body: toBytes(named('tell').args, ['hello']) });
  hub.send('caller', { binding: 8, body: told('controls-1', 'controls') });
  ask(0x1_0002);
  for (let ended = 0; ended < 3; ended++) await hub.next('end');
  const viewer = { peer: 7, label: 'viewer-1', role: 'viewer' };
  expect(seen).toEqual([undefined, viewer, viewer, { peer: 8, label: 'controls-1', role: 'controls' }]);
});

test('a body that does not say who ends the connection (f05)', async () => {
  const { hub, portcullis } = await connected();
  const serving = serve(portcullis, Echo, {} as never);
  await hub.served(3);
  await serving;
  hub.send('caller', { binding: 7, body: Uint8Array.of(200, 1) });
  const goodbye = await hub.next('goodbye');
  expect(goodbye.ordinal).toBe(42);
  expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'malformed_payload' });
});
