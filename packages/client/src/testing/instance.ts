/** What a peer serves, as the hub keeps it: the interface, its topics, and who is to be told when it leaves. */
import type { Blobs } from '../codec/blob.js';
import type { ChannelDescriptor, InterfaceDescriptor } from '../interface.js';
import type { Leg } from './leg.js';
import { Topic } from './topics.js';

/** Told of a call as it passes the hub; what it returns is told of its end: the code of a status, and the body. */
export type Observer = (channel: ChannelDescriptor, caller: string, body: Uint8Array, blobs: Blobs) => Ended | undefined;

/** See `Observer`. */
export type Ended = (code: number, body: Uint8Array, blobs: Blobs) => void;

/** One served instance of an interface. */
export class Instance {
  /** Peers with a binding on it, by the number of that, which is the hub's only one. */
  readonly bindings = new Map<number, Leg>();
  isServed = true;
  readonly #topics = new Map<number, Topic>();

  constructor(
    readonly descriptor: InterfaceDescriptor,
    readonly name: string,
    readonly server: Leg,
    readonly exportId: number,
    readonly observe: Observer | undefined,
  ) {}

  /** The topic with that ordinal; undefined when there is none. */
  topic(ordinal: number): Topic | undefined {
    const channel = this.descriptor.channels[ordinal];
    if (channel === undefined || (channel.kind !== 'event' && channel.kind !== 'state')) return undefined;
    let topic = this.#topics.get(ordinal);
    if (topic === undefined) this.#topics.set(ordinal, (topic = new Topic(channel)));
    return topic;
  }

  /** It has left: its subscriptions end. */
  left(): void {
    this.isServed = false;
    for (const topic of this.#topics.values()) topic.close();
  }
}
