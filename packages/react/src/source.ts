/** What the hooks need of a connection, by structure: `connect` and `reconnecting` both give it, and so does a double. */
import type { CallOptions, InterfaceDescriptor, ReconnectState, State, Target } from '@portcullis/client';

/** How a connection is: `Reconnecting` has the state `waiting` and counts attempts, `Portcullis` does not. */
export type ConnectionState = State | ReconnectState;

/** A connection, or one after the other. */
export interface Source {
  readonly state: ConnectionState;
  /** Tells of every change of `state` from now on, until what it returns is called. */
  onState(listener: (state: ConnectionState) => void): () => void;
  bind<Client extends object>(descriptor: InterfaceDescriptor<Client>, target?: Target, options?: CallOptions): Promise<Client>;
  release(client: object): Promise<void>;
}
