/** Why a connection ended, and the one exception that the receiving half throws (protocol, section 10). */
import type { ReasonName } from '../generated/tables.js';

/** How a connection ended: the reason, and a sentence for whoever reads the log. */
export interface Goodbye {
  readonly reason: ReasonName;
  readonly message: string;
}

/** The same, or that the transport ended without a goodbye. */
export interface Ending {
  readonly reason: ReasonName | 'transport_lost';
  readonly message: string;
}

/** The other side broke the protocol. It never leaves the session, which ends with it. */
export class Violation extends Error implements Goodbye {
  constructor(
    readonly reason: ReasonName,
    message: string = reason,
  ) {
    super(message);
  }
}
