/** Publishing on an instance of somebody else's. A page that only calls and listens does not pay for it. */
import type { Portcullis } from './client.js';
import type { CallOptions, InterfaceDescriptor } from './interface.js';
import { publisherOn } from './runtime/publishing.js';
import type { Target } from './session/wire.js';

/**
 * A publisher for the topics of an instance that somebody else serves, for peers that are granted that. Whoever serves
 * an instance gets its publisher from `serve`.
 */
export async function publisherOf<Publisher extends object>(
  portcullis: Portcullis,
  descriptor: InterfaceDescriptor<unknown, unknown, Publisher>,
  target: Target = 'any',
  options?: CallOptions,
): Promise<Publisher> {
  const { hub } = portcullis;
  const handle = await hub.bind(descriptor, target, options);
  return hub.given(publisherOn(handle, descriptor), handle);
}
