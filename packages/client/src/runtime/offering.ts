/** What the hub is asked by those that serve: to offer an instance, and to withdraw it (protocol, section 4). */
import { unitCodec } from '../codec/index.js';
import type { CallOptions, InterfaceDescriptor } from '../interface.js';
import { encodeServe, u32Codec } from '../session/wire.js';
import { Handle } from './binding.js';
import { encodeNumber, type Hub, hubChannel } from './hub.js';

const SERVE = /* @__PURE__ */ hubChannel('serve', 2, encodeServe, u32Codec);
const WITHDRAW = /* @__PURE__ */ hubChannel('withdraw', 3, encodeNumber, unitCodec);

/** Offers an instance. `given` is told of its number before any request for it is looked at. */
export async function offer(
  { self, connection }: Hub,
  descriptor: InterfaceDescriptor,
  instance: string,
  options: CallOptions,
  given: (id: number) => void,
): Promise<Handle> {
  const args = [descriptor.name, descriptor, instance] as const;
  const id = await self.request(SERVE, args, options, connection.trace(offer), (id, wanted) => {
    if (wanted) given(id);
    // Nobody else knows of it.
    else void self.call(WITHDRAW, [id]);
  });
  return new Handle(connection, id);
}

/** Takes an offer back. */
export function withdraw({ self }: Hub, id: number): Promise<void> {
  return self.call(WITHDRAW, [id]);
}
