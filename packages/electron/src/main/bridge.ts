/**
 * Moving over from `ipcMain.handle`, one handler at a time: an old handler as one of a contract, and a method of a contract behind an old
 * channel, for pages that have not been moved yet.
 */
import type { CallContext } from '@portcullis/client';
import { ConnectRefused } from '../shared/refusal.js';
import type { Guests } from './guests.js';
import type { ContentsParts, InvokeEventParts, IpcMainParts } from './parts.js';

/** What an old handler gets for its event. It has no sender: what the caller may do is said by its role, not by its window. */
export interface BridgedEvent {
  /** The channel's whole name: `studio.cameras.list`. */
  readonly channel: string;
  /** Aborted when the caller cancels, the time runs out or the connection ends. */
  readonly signal: AbortSignal;
}

const NO_SENDER =
  'portcullis: a handler of a contract is not told which window calls; grant the channel to roles, or take what you need as an argument';

/** The event, with the properties of Electron's that must not be missed in silence. */
class Event implements BridgedEvent {
  constructor(
    readonly channel: string,
    readonly signal: AbortSignal,
  ) {}

  get sender(): never {
    throw new TypeError(NO_SENDER);
  }

  get senderFrame(): never {
    throw new TypeError(NO_SENDER);
  }
}

/**
 * An old handler, `(event, ...args) => …` as `ipcMain.handle` takes it, as handler of a contract: `serve(main, Cameras, { list:
 * fromIpcHandler(listCameras) })`. The arguments have been checked by the contract before it is called. It gets a `BridgedEvent`; to ask
 * that for its sender throws `TypeError`.
 */
export function fromIpcHandler<Args extends readonly unknown[], Reply>(
  handler: (event: any, ...args: Args) => Reply,
): (...args: [...Args, CallContext]) => Reply {
  return (...all) => {
    const cx = all[all.length - 1] as CallContext;
    return handler(new Event(cx.channel, cx.signal), ...(all.slice(0, -1) as unknown as Args));
  };
}

/** Calls of old channels that one window may have under way. */
export const LEGACY_CALLS_MAX = 64;

/** How many each window has, over all channels: to the hub, they are calls of one peer. */
const underWay = new WeakMap<ContentsParts, number>();

/** Who may use an old channel, and how. */
export interface LegacyOptions {
  /** The roles of windows whose pages may call it; their attachment says which role is whose. */
  readonly roles: readonly string[];
  /** How many arguments the method has. A page that passes another number is refused, so that none becomes a call's options. */
  readonly argumentCount: number;
}

/**
 * Serves `ipcRenderer.invoke(channel, …)` with a method. The page is checked as if it connected: attached window, top frame, origin on the
 * list; its role must be listed; and 64 calls of one window may be under way. A method runs with the rights of the peer that it belongs to: give it one of its own with the
 * pages' role, `hub.connect({ label: 'old pages', role: 'viewer' })`, and contract and grants hold for old pages, too.
 */
export function legacyHandle(
  ipcMain: IpcMainParts,
  guests: Guests,
  channel: string,
  { roles, argumentCount }: LegacyOptions,
  method: (...args: any[]) => unknown,
): () => void {
  const { handle, removeHandler } = ipcMain;
  if (handle === undefined || removeHandler === undefined) throw new TypeError('portcullis: this ipcMain has no handle()');
  handle.call(ipcMain, channel, async (event: InvokeEventParts, ...args: unknown[]) => {
    const caller = guests.invoker(event);
    // Electron carries no more than the message of an error to the page.
    if ('code' in caller) throw new ConnectRefused(caller);
    if (!roles.includes(caller.role)) throw new Error(`${channel}: permission_denied`);
    if (args.length !== argumentCount) throw new TypeError(`${channel}: takes ${argumentCount} arguments, and not ${args.length}`);
    const calls = underWay.get(event.sender) ?? 0;
    if (calls >= LEGACY_CALLS_MAX) throw new Error(`${channel}: resource_exhausted: this window has ${calls} calls under way, as many as it may have`);
    underWay.set(event.sender, calls + 1);
    try {
      return await method(...args);
    } finally {
      underWay.set(event.sender, (underWay.get(event.sender) ?? 1) - 1);
    }
  });
  return () => removeHandler.call(ipcMain, channel);
}
