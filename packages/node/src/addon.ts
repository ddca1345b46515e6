/** What the addon exports (`crates/portcullis-node/src/exports.rs`). Only this package calls it. */

import type { GrantAction } from './config.js';

/** The version of this interface. An addon of another is refused when it is loaded. */
export const INTERFACE_VERSION = 4;

/** The exports of an addon. A hub is a number. Errors have a `code` that begins with `ERR_PORTCULLIS_`. */
export interface Addon {
  interfaceVersion(): number;
  /** The schema of the application that the addon was built for, as text; `null` in the prebuilt one. */
  contract(): string | null;
  /**
   * Makes a hub. `config` is JSON; `wake` is called from the event loop, once for anything from one to very many things
   * that wait to be drained. It does not keep the process alive.
   */
  create(config: string, wake: () => void): number;
  /** What the policy file says in vain, a line for each; told once. */
  takeWarnings(hub: number): string[];
  /** The names of all roles. */
  roles(hub: number): string[];
  /** Gives something to a peer, or takes it. */
  changePeer(hub: number, peer: number, gives: boolean, action: GrantAction, name: string, forMs: number | undefined): void;
  /** Gives something to a role, or takes it. */
  changeRole(hub: number, role: string, gives: boolean, action: GrantAction, name: string, forMs: number | undefined): void;
  /** Admits a peer, and returns its number. */
  attach(hub: number, label: string, role: string, kind: 'page' | 'native' | 'main', user: string | undefined): number;
  /** Takes in a message. Whoever calls it drains before it returns to the event loop. */
  deliver(hub: number, peer: number, message: Uint8Array): void;
  /** Fills the buffer with records (`records.ts`) from its start; returns how many bytes were written. */
  drain(hub: number, buffer: Uint8Array): number;
  /** `deliver` of the message of `length` bytes at the start of the buffer, and then `drain` into it. */
  exchange(hub: number, peer: number, length: number, buffer: Uint8Array): number;
  /** The transport of a peer is gone. */
  lost(hub: number, peer: number, why: string): void;
  /** Ends a peer; `reason` is a code. */
  close(hub: number, peer: number, reason: number, message: string | undefined): void;
  /** Ends every peer as `going_away`. */
  closeAll(hub: number): void;
  /** Begins to shut down; a record says when that is done. */
  shutdown(hub: number, graceMs: number): void;
  /** Some events, as a JSON array. */
  takeEvents(hub: number): string;
  /** Every peer, as a JSON array. */
  peers(hub: number): string;
  /** What was counted, as a JSON object. */
  counters(hub: number): string;
  openWork(hub: number): number;
  /** Ends the hub, its threads and timers. */
  dispose(hub: number): void;
}
