/**
 * One port and the peer behind it. The peer is admitted with its first message, so that a main that is busy between the two cannot
 * find that the page was too slow to say hello. Its end comes once, whoever is first to tell of it.
 */
import type { ReasonName } from '@portcullis/client';
import { bytesOf, exact } from '../shared/late-port.js';
import { type Refusal, refusal, toWire } from '../shared/refusal.js';
import type { Admission, AttachedLike, HubLike } from './hub.js';
import type { PortParts } from './parts.js';

/** Why a peer has ended. */
export interface PeerEnd {
  /**
   * `hub`: a goodbye of the hub's, with its reason; `page`: the other side has ended it, whose reason is always `closed`, whatever it says; else
   * what the platform told.
   */
  readonly by: 'hub' | 'page' | 'port' | 'navigation' | 'crash' | 'destroyed' | 'exit' | 'refused' | 'detached';
  readonly reason: ReasonName | 'transport_lost';
  readonly message: string;
  /** What the other side is told, where it can still be told something. */
  readonly refused?: Refusal;
}

/** Told once each. */
export interface PortPeerEvents {
  /** Asked before anything goes to or comes from the other side, where it may be gone without an event: why it is over, if it is. */
  over?(): PeerEnd | undefined;
  connected(peer: number): void;
  ended(end: PeerEnd): void;
}

/** What helps against a goodbye of the hub's, where it is about versions. */
function refusalFor(reason: ReasonName, message: string): Refusal | undefined {
  switch (reason) {
    case 'contract_mismatch':
    case 'version_mismatch':
    case 'revoked':
      return refusal(reason, message);
    default:
      return undefined;
  }
}

/** One connection over a `MessagePortMain`. */
export class PortPeer {
  #attached: AttachedLike | undefined;
  #ended = false;
  /** Main takes no more from it, and waits for the hub's goodbye. */
  #closing = false;

  constructor(
    private readonly hub: HubLike,
    private readonly port: PortParts,
    private readonly admission: Admission,
    private readonly events: PortPeerEvents,
  ) {
    port.on('message', this.#onMessage);
    port.on('close', this.#onClose);
    // A port that was never started can be collected, and its messages with it.
    port.start();
  }

  /** Its number at the hub, once it is admitted. */
  get peer(): number | undefined {
    return this.#attached?.peer;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Ends it now: the other side is gone, or is told why. Later calls do nothing. */
  end(end: PeerEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.port.removeListener('message', this.#onMessage);
    this.port.removeListener('close', this.#onClose);
    this.#post(end.refused === undefined ? null : toWire(end.refused));
    try {
      this.port.close();
    } catch {
      // Closed already.
    }
    if (end.by !== 'hub') {
      try {
        this.#attached?.lost(end.message);
      } catch {
        // The hub itself is gone, and with it all of its peers.
      }
    }
    this.events.ended(end);
  }

  /** Says goodbye through the hub, and then ends. Nothing is taken from the other side from here on. */
  close(reason: 'closed' | 'going_away' | 'revoked', message: string): void {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    if (this.#attached !== undefined) return this.#attached.close(reason, message);
    const refused = reason === 'closed' ? undefined : refusal(reason === 'revoked' ? 'revoked' : 'quitting', message);
    this.end({ by: 'detached', reason, message, ...(refused && { refused }) });
  }

  readonly #onMessage = ({ data, ports }: { readonly data: unknown; readonly ports?: readonly PortParts[] }) => {
    if (this.#ended || this.#closing) return closeAll(ports);
    if (ports !== undefined && ports.length > 0) {
      closeAll(ports);
      return this.#violated('ports came through the port');
    }
    if (data === null) return this.end({ by: 'page', reason: 'closed', message: 'the page closed the connection' });
    if (this.#isOver()) return;
    try {
      const bytes = bytesOf(data);
      if (bytes === undefined) return this.#violated('something that is no bytes came through the port');
      if (this.#attached === undefined && !this.#admit()) return;
      this.#attached?.deliver(bytes);
    } catch (error) {
      // Memory that the hub does not take, or a fault of main's own, which is nobody else's business.
      this.#violated('the hub does not take what came through the port', error instanceof Error ? error.message : String(error));
    }
  };

  readonly #onClose = () => {
    this.end({ by: 'port', reason: 'transport_lost', message: 'the other end of the port is gone' });
  };

  #violated(told: string, message = told): void {
    this.end({ by: 'refused', reason: 'malformed_frame', message, refused: refusal('malformed_message', told) });
  }

  #admit(): boolean {
    try {
      this.#attached = this.hub.attach(
        { send: (bytes) => this.#send(bytes), closed: ({ reason, message, byPeer = false }) => this.#farewell(reason, message, byPeer) },
        this.admission,
      );
    } catch (error) {
      const message = `the hub does not admit "${this.admission.label}" with the role "${this.admission.role}": ${error instanceof Error ? error.message : String(error)}`;
      this.end({ by: 'refused', reason: 'transport_lost', message, refused: refusal('not_admitted', message) });
      return false;
    }
    this.events.connected(this.#attached.peer);
    return !this.#ended;
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    // A view is cloned with the whole of its buffer. To a page every message is one copy; nothing can be transferred.
    if (!this.#ended && !this.#isOver()) this.#post(exact(bytes));
  }

  #isOver(): boolean {
    const end = this.events.over?.();
    if (end !== undefined) this.end(end);
    return end !== undefined;
  }

  #farewell(reason: ReasonName, message: string, byPeer: boolean): void {
    if (byPeer) {
      // Main takes grants back and quits; the other side only says so.
      const words = reason === 'closed' ? message : `its words are ${reason}: ${message}`;
      return this.end({ by: 'page', reason: 'closed', message: words });
    }
    const refused = refusalFor(reason, message);
    this.end({ by: 'hub', reason, message, ...(refused && { refused }) });
  }

  #post(message: unknown): void {
    try {
      this.port.postMessage(message);
    } catch {
      // To post to a closed port is no error in Electron, and must be none here: its `close` tells the end.
    }
  }
}

/** Lets go of ports that nobody asked for. */
export function closeAll(ports: readonly PortParts[] | undefined): void {
  for (const port of ports ?? []) {
    try {
      port.close();
    } catch {
      // Closed already.
    }
  }
}
