/** How a hub is set up, and what is attached to it. */
import type { Limits, Logger, ReasonName } from '@portcullis/client';
import type { HubEvent } from './events.js';

/**
 * What a kind of peer may do; everything else is denied. Grants name `interface.channel` (a channel's own name, or its
 * capability) or `interface.*`; `serve` names interfaces. They are checked against the contract when the hub is made.
 */
export interface RoleConfig {
  readonly name: string;
  /** It may call, notify, and open streams. */
  readonly call?: readonly RoleGrant[];
  /** It may publish to topics of instances that others serve. */
  readonly publish?: readonly RoleGrant[];
  /** It may subscribe to topics. */
  readonly subscribe?: readonly RoleGrant[];
  /** It may serve interfaces, and publish to its own instance's topics. */
  readonly serve?: readonly RoleGrant[];
  /** What nobody of this role may, whatever else is granted: `interface.channel`, `interface.*`, or `interface` for all of it. */
  readonly deny?: readonly string[];
  /** It may bind what these serve, and nobody else's; absent: what anybody serves. */
  readonly addresses?: {
    /** What services in Rust serve. JavaScript in main is a peer with a role of its own. */
    readonly main?: boolean;
    /** What peers of these roles serve. */
    readonly roles?: readonly string[];
    /** What peers of these labels serve. */
    readonly labels?: readonly string[];
  };
  /** What it serves is told who calls (`cx.caller`): for the role of JavaScript in main. Others learn nothing of each other. */
  readonly seesCallers?: boolean;
}

/** What a role is granted: a name, or a name and how long after its admission a peer may. */
export type RoleGrant = string | { readonly grant: string; readonly forMs: number };

/** What is granted. */
export type GrantAction = 'call' | 'publish' | 'subscribe' | 'serve';

/** What is given to a peer or a role while the application runs, or taken from it. */
export interface Grant {
  readonly action: GrantAction;
  /** `interface.channel` or `interface.*`; an interface for `serve`. */
  readonly name: string;
  /** How long from now, for a role from each peer's admission, in milliseconds; absent: without an end. */
  readonly forMs?: number;
}

/** A policy file (`docs/policy.md`): read from `file`, or its text, under the name by which messages call it. */
export type PolicySource = { readonly file: string | URL } | { readonly text: string; readonly name?: string };

/** How a hub is set up. */
export interface HubConfig {
  /** The text of `contract.schema`. Absent: the contract of the application's own addon. */
  readonly schema?: string | Uint8Array;
  /** The roles, from a policy file. One of this and `roles` is needed; with both, the hub has the roles of both. */
  readonly policy?: PolicySource;
  readonly roles?: readonly RoleConfig[] | undefined;
  /** Whether each call that ends, and each value that is published, is an event. Costs some microseconds each. */
  readonly observeCalls?: boolean;
  /**
   * The path of the addon. Absent: that of the environment variable `PORTCULLIS_ADDON_PATH`, then the package for this
   * platform, then one that was built in this repository.
   */
  readonly addon?: string;
  /** What the hub accepts from each peer; the defaults where absent. */
  readonly limits?: Partial<Limits>;
  /** Told of what happens, some moments later and in order. What it throws is logged. */
  readonly onEvent?: (event: HubEvent) => void;
  /** Where the faults of ports and of `onEvent` are written; the console when absent. */
  readonly logger?: Logger;
}

/** What main says of a new peer. Nothing of it comes from the peer. */
export interface AdmissionConfig {
  /** Which window or worker it is, in at most 128 bytes of UTF-8. */
  readonly label: string;
  /** The name of its role. */
  readonly role: string;
  /**
   * Whose it is, in at most 128 bytes of UTF-8: peers of one user share one budget, that of `[user.budget]` in the policy file, beside
   * what each may by its role. Absent: it shares with nobody.
   */
  readonly user?: string | undefined;
}

/** What the hub sends to; set by whoever attaches. */
export interface HubPort {
  /** Sends one message, which holds whole frames. The bytes belong to the port. What it throws ends this peer alone. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * The peer has ended, after the last `send`; the transport can be closed. Called once. `byPeer`: it has ended the connection itself, so that
   * reason and message are its own words, and no more to be believed than anything else it says.
   */
  closed(goodbye: { readonly reason: ReasonName; readonly message: string; readonly byPeer: boolean }): void;
}

/** A peer that was attached. After its end nothing here does anything. */
export interface Attached {
  /** The number by which reports and logs name it. */
  readonly peer: number;
  /**
   * Takes in one message, which holds whole frames; one that breaks the protocol ends this peer. Throws `HubError` for
   * what is no plain memory: `ERR_PORTCULLIS_SHARED_BUFFER`, `…_DETACHED_BUFFER`, `…_NOT_BYTES`.
   */
  deliver(bytes: Uint8Array): void;
  /** The transport is gone. */
  lost(why: string): void;
  /** Ends the peer, which is told why. */
  close(reason: 'closed' | 'going_away' | 'revoked', message?: string): void;
}
