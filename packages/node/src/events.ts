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
  /** Bytes that came from it. */
  readonly bytesIn: number;
  /** Bytes that left for it. */
  readonly bytesOut: number;
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
  /** Connections that ended because the peer broke the protocol. */
  readonly violations: number;
}

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
  /** A request was denied; `channel` is `null` where it does not exist. Each peer's first 64, and then fewer. */
  | { readonly type: 'denied'; readonly label: string; readonly channel: string | null }
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
