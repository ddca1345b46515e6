/** What the hub tells of itself: peers, counters, events. Plain data, made by `crates/portcullis-node/src/report.rs`. */
import type { ReasonName, StatusName } from '@portcullis/client';

/** What is at the other end of a connection. */
export type PeerKind = 'page' | 'native' | 'main';

/** A peer, as it was admitted. */
export interface PeerInfo {
  /** The number by which logs and reports name it. */
  readonly peer: number;
  /** Which window or worker it is. */
  readonly label: string;
  /** What it may do. */
  readonly role: string;
  readonly kind: PeerKind;
  readonly counters: PeerCounters;
}

/** What one peer has done so far. */
export interface PeerCounters {
  /** Calls and streams that it has opened and that have ended. */
  readonly calls: number;
  /** Those of them that failed, the application's own errors included. */
  readonly errors: number;
  /** Requests and publications that were denied. */
  readonly denied: number;
  /** Notifications that were dropped because too much was under way. */
  readonly dropped: number;
  /** Requests that were refused and values that were dropped because a budget was used up. */
  readonly refused: number;
  /** How often it was told to wait because it sent faster than its budget allows. */
  readonly paused: number;
  /** How long it was told to wait, in milliseconds. */
  readonly pausedMs: number;
  /** Bytes that came from it. */
  readonly bytesIn: number;
  /** Bytes that left for it. */
  readonly bytesOut: number;
  /** Blobs that came from it. Main has copied each once, for all who get it. */
  readonly blobsIn: number;
  /** Blobs that were lent to it as they are: main has copied nothing for it. */
  readonly blobsLent: number;
  /** Blobs that were copied into memory shared with it alone, once, and lent from there. */
  readonly blobsPlaced: number;
  /** Blobs that were copied for it, as bytes of its connection. */
  readonly blobsCopied: number;
  /** How often main has copied blobs for it alone, as far as it knows of: what a port copies and the peer does is not in it. */
  readonly blobCopies: number;
  /** Values of topics that were sent to it. */
  readonly values: number;
  /** Values of topics that it missed because it was too slow. */
  readonly missed: number;
}

/** What the hub has counted since it was made. */
export interface HubCounters {
  /** Connections admitted. */
  readonly admitted: number;
  /** Connections ended, by reason. */
  readonly ended: Readonly<Partial<Record<ReasonName, number>>>;
  /** Calls and streams that have ended. */
  readonly calls: number;
  /** Those of them that failed. */
  readonly errors: number;
  /** Values published. */
  readonly published: number;
  /** Requests and publications that were denied. */
  readonly denied: number;
  /** Requests that were refused and values that were dropped because a budget was used up. */
  readonly refused: number;
  /** Connections that were not admitted because their user's budget was used up. */
  readonly turnedAway: number;
  /** Connections that ended because the peer broke the protocol. */
  readonly violations: number;
}

/**
 * Why something was denied: the contract does not have it; the role does not grant it; the role may not address who serves it;
 * main has taken it back; its time is over; the role denies it whatever is granted.
 */
export type DenyReason = 'unknown' | 'not_granted' | 'not_addressed' | 'revoked' | 'expired' | 'denied';

/** Something that happened. `call` and `published` are told only when the hub was made with `observeCalls`. */
export type HubEvent =
  | { readonly type: 'joined'; readonly peer: PeerInfo }
  | { readonly type: 'left'; readonly peer: PeerInfo; readonly reason: ReasonName; readonly message: string }
  /** A page does not answer while it is awaited; it is left alone. */
  | { readonly type: 'unresponsive'; readonly peer: PeerInfo }
  /** An interface is served now, or is served no more. `label` is the server's, empty for services in Rust. */
  | {
      readonly type: 'served' | 'withdrawn';
      readonly interface: string;
      readonly instance: string;
      readonly label: string;
    }
  /**
   * Requests or publications of a peer were denied, or ended because their grant did. The first of each channel and reason is
   * told at once, then whenever their number has doubled, and what is left when the peer leaves.
   */
  | {
      readonly type: 'denied';
      readonly peer: number;
      readonly label: string;
      readonly role: string;
      /** What was asked for, an interface or a channel; `null` where it does not exist. */
      readonly channel: string | null;
      /** Why. The peer itself is not told. */
      readonly reason: DenyReason;
      /** How many, since they were told last. */
      readonly count: number;
    }
  /**
   * A budget of a peer's or its user's was used up. `budget` is the fixed word for what; told for a peer's first time, and
   * then whenever the number has doubled.
   */
  | { readonly type: 'throttled'; readonly label: string; readonly budget: string; readonly times: number }
  | {
      readonly type: 'call';
      readonly channel: string;
      readonly caller: string;
      /** The callee's label, empty for services in Rust. */
      readonly callee: string;
      /** Size of the arguments, in bytes. */
      readonly bytesIn: number;
      /** Size of the reply, in bytes. */
      readonly bytesOut: number;
      readonly durationMs: number;
      readonly status: StatusName;
      /** The number by which errors and logs name the call. */
      readonly correlation: number;
    }
  | {
      readonly type: 'published';
      readonly channel: string;
      /** The publisher's label, empty for services in Rust. */
      readonly publisher: string;
      /** Size of the value, in bytes. */
      readonly bytes: number;
      /** How many subscribe. */
      readonly subscribers: number;
      /** How many of them missed a value for it. */
      readonly missed: number;
    }
  /** So many events before this one were dropped: there were more than anybody took. */
  | { readonly type: 'missed'; readonly count: number };
