/**
 * Utility processes. Main makes the pair of ports and hands one end over. Their end is an event, `exit`, as that of a page is; so they
 * are admitted as kind `page`, whose silence never ends it: a busy main must not take its own slowness for theirs.
 */
import { ADAPTER_PROTOCOL, type UtilityGreeting } from '../shared/words.js';
import type { HubLike } from './hub.js';
import type { Reporter } from './log.js';
import type { ElectronParts, UtilityParts } from './parts.js';
import { type PeerEnd, PortPeer } from './port-peer.js';
import type { Attachment } from './guests.js';

/** What a utility process is attached as. */
export interface UtilityAttachment {
  /** Which process it is; at most 128 bytes. */
  readonly label: string;
  /** What it may do: a role of the hub. */
  readonly role: string;
  /** Whose it is: peers of one user share one budget. Absent: it is a user of its own, over all its connections. */
  readonly user?: string | undefined;
}

/** Told of the peer, once each. */
export interface PeerWatcher {
  connected(peer: number): void;
  ended(end: PeerEnd): void;
}

/** An attached utility process. */
export interface AttachedUtility extends Attachment {
  /** Tells it that it is to end. */
  leave(): void;
}

const attached = new WeakSet<UtilityParts>();
/** The users of processes that were given none. */
const users = new WeakMap<UtilityParts, string>();
let numbers = 0;

/** A user that nobody else is. */
export function userOfItsOwn(): string {
  numbers += 1;
  return `electron:utility ${numbers}`;
}

function userOf(child: UtilityParts): string {
  const user = users.get(child) ?? userOfItsOwn();
  users.set(child, user);
  return user;
}

/** Attaches a process that `utilityProcess.fork` returned. Throws `Error` when it is attached already. */
export function attachUtility(
  electron: Pick<ElectronParts, 'MessageChannelMain'>,
  hub: HubLike,
  child: UtilityParts,
  { label, role, user = userOf(child) }: UtilityAttachment,
  reporter: Reporter,
  watcher?: PeerWatcher,
): AttachedUtility {
  if (attached.has(child)) throw new Error(`portcullis: the utility process "${label}" is attached already`);
  attached.add(child);
  const { port1, port2 } = new electron.MessageChannelMain();
  const onExit = (code: number) => port.end({ by: 'exit', reason: 'transport_lost', message: `the process exited with ${code}` });
  const port = new PortPeer(hub, port1, { label, role, user, kind: 'page' }, {
    connected: (peer) => {
      reporter.tell({ type: 'connected', peer, role, label });
      watcher?.connected(peer);
    },
    ended: (end) => {
      child.removeListener('exit', onExit);
      attached.delete(child);
      reporter.tell({ type: 'ended', peer: port.peer, end, label });
      watcher?.ended(end);
    },
  });
  child.on('exit', onExit);
  const greeting: UtilityGreeting = { portcullis: 'utility', protocol: ADAPTER_PROTOCOL };
  child.postMessage(greeting, [port2]);
  return {
    get peer() {
      return port.isEnded ? undefined : port.peer;
    },
    revoke: (message = 'main took the grant back') => port.close('revoked', message),
    leave: () => port.close('going_away', 'main stops this process'),
  };
}
