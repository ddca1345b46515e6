/** What the addon exports (`crates/portcullis-node/src/exports.rs`). Only this package calls it. */

/** The version of this interface. An addon of another is refused when it is loaded. */
export const INTERFACE_VERSION = 1;

/** The exports of an addon. */
export interface Addon {
  interfaceVersion(): number;
  /** The schema of the application that the addon was built for, as text; `null` in the prebuilt one. */
  contract(): string | null;
  /**
   * A hub. `config` is JSON; `wake` is called from the event loop, once for anything from one to very many things that
   * wait to be drained. It does not keep the process alive.
   */
  readonly NativeHub: new (config: string, wake: () => void) => NativeHub;
}

/** One hub. Errors have a `code` that begins with `ERR_PORTCULLIS_`. */
export interface NativeHub {
  /** Admits a peer, and returns its number. */
  attach(label: string, role: string, kind: 'page' | 'native' | 'main'): number;
  /** Takes in a message. Whoever calls it drains before it returns to the event loop. */
  deliver(peer: number, message: Uint8Array): void;
  /** `deliver` and `drain` in one. */
  exchange(peer: number, message: Uint8Array, buffer: Uint8Array): number;
  /** Fills the buffer with records (`records.ts`) from its start; returns how many bytes were written. */
  drain(buffer: Uint8Array): number;
  /** The transport of a peer is gone. */
  lost(peer: number, why: string): void;
  /** Ends a peer; `reason` is a code. */
  close(peer: number, reason: number, message: string | undefined): void;
  /** Ends every peer as `going_away`. */
  closeAll(): void;
  /** Begins to shut down; a record says when that is done. */
  shutdown(graceMs: number): void;
  /** Some events, as a JSON array. */
  takeEvents(): string;
  /** Every peer, as a JSON array. */
  peers(): string;
  /** What was counted, as a JSON object. */
  counters(): string;
  openWork(): number;
  /** Ends the hub, its threads and timers. */
  dispose(): void;
}
