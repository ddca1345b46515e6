/** What moves bytes between the two ends of a connection. Frames and calls are not known to a transport. */
export interface Transport {
  /**
   * Sends one message, which holds whole frames; the bytes belong to the transport from here on. Before the transport
   * stands it keeps them in order. After its end it drops them. Never throws.
   */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * Set by the connection; it says how many of the bytes it has used. A stream must show it the rest again, with what
   * comes behind it.
   */
  onMessage: ((bytes: Uint8Array) => number) | undefined;
  /** Set by the connection; called once when the other end is gone, never after `close`. */
  onClose: ((why: string) => void) | undefined;
  /** Set by the connection, where `bufferedAmount` exists: may be called when that has fallen. */
  onDrain?: (() => void) | undefined;
  /** Ends the transport, after what was sent has left. May be called twice. */
  close(): void;
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount?: number;
  /** Whether each message comes in memory of its own, which nobody writes to again: windows into it can be given away. */
  readonly ownsMessages?: boolean;
  /** Whether messages may be cut and joined on the way. */
  readonly isStream?: boolean;
}
