/** What the adapter uses of a hub. `Hub` of `@portcullis/node` is one; so is what a test makes. */
import type { ConnectOptions, Portcullis, ReasonName } from '@portcullis/client';

/** What a peer is admitted as. */
export interface Admission {
  readonly label: string;
  readonly role: string;
  /** Peers of one user share that user's budget; absent: it shares with nobody. */
  readonly user?: string | undefined;
  /** A page is never ended for its silence. */
  readonly kind?: 'page' | 'native';
}

/** Where the hub's bytes for a peer go. */
export interface HubPortLike {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** `byPeer`: reason and message are the peer's own words. */
  closed(goodbye: { readonly reason: ReasonName; readonly message: string; readonly byPeer?: boolean }): void;
}

/** A peer that the hub has admitted. */
export interface AttachedLike {
  readonly peer: number;
  deliver(bytes: Uint8Array): void;
  lost(why: string): void;
  close(reason: 'closed' | 'going_away' | 'revoked', message?: string): void;
}

/** The hub. */
export interface HubLike {
  attach(port: HubPortLike, admission: Admission): AttachedLike;
  connect(admission: Omit<Admission, 'kind'>, options?: ConnectOptions): Portcullis;
  /** Who is connected; where a hub cannot tell, whoever holds the end of the application is waited for until its grace is over. */
  peers?(): readonly { readonly peer: number; readonly kind: 'page' | 'native' | 'main' }[];
  /** The names of all roles; where a hub cannot tell, one that nobody declared is found when a page is refused for it. */
  roles?(): readonly string[];
  shutdown(graceMs: number): Promise<void>;
  close(): void;
}
