/** Who may connect: the attached windows by the id of their `webContents`, and the one place where pages come in. */
import { type Refusal, toWire } from '../shared/refusal.js';
import { AttachedContents } from './contents.js';
import type { HubLike } from './hub.js';
import { clip, type Grant, type Grants, judgeFrame, judgeRequest } from './judge.js';
import type { Reporter } from './log.js';
import { originList } from './origins.js';
import type { ContentsParts, InvokeEventParts, IpcEventParts, PortParts, ViewParts } from './parts.js';
import { closeAll } from './port-peer.js';
import { restrict } from './restrict.js';

/** What a frame inside the page may connect as. */
export interface FrameAttachment {
  readonly origins: readonly string[];
  readonly role: string;
  /** When absent, the window's label and `/frame`; of further ones without a label `/frame-2`, `/frame-3` … */
  readonly label?: string | undefined;
  /** Whose it is; that of the window when absent. */
  readonly user?: string | undefined;
}

/** What a window is attached as. */
export interface WindowAttachment {
  /** Which window it is; at most 128 bytes. */
  readonly label: string;
  /** What it may do: a role of the hub. */
  readonly role: string;
  /**
   * Whose it is; at most 128 bytes. All peers of one user share one budget, `[user.budget]` of the policy file: name all windows of one
   * site, or of one session's partition, alike, and together they take no more than one may. Absent: it is a user of its own, together
   * with its frames and with all documents that it ever shows, so that connecting anew gets nothing back that is still in use.
   */
  readonly user?: string | undefined;
  /** The origins of pages that may connect, compared exactly; those of `createPortcullis` when absent. */
  readonly origins?: readonly string[] | undefined;
  /** Frames inside the page that may connect, too; none when absent. They need `preload-frames.cjs` and `nodeIntegrationInSubFrames`. */
  readonly childFrames?: readonly FrameAttachment[] | undefined;
  /** Whether navigation to other origins and new windows are prevented. They are unless it is false. */
  readonly restrict?: boolean | undefined;
}

/** An attached window. */
export interface Attachment {
  /** The number of its page's peer; undefined while none is connected. */
  readonly peer: number | undefined;
  /** Takes the grant back: the page is told, and no later one connects. */
  revoke(message?: string): void;
}

/** The windows that main has attached. */
export class Guests {
  readonly #attached = new Map<number, AttachedContents>();

  constructor(
    private readonly hub: HubLike,
    private readonly reporter: Reporter,
    private readonly contract: string,
    private readonly origins: readonly string[],
    private readonly preload: string | undefined,
  ) {}

  /** Attaches a window. Throws `TypeError` for a list of origins that is none, and `Error` for a window that is attached or destroyed. */
  attach(contents: ContentsParts, options: WindowAttachment): AttachedContents {
    const { id } = contents;
    if (contents.isDestroyed()) throw new Error('portcullis: the window is destroyed');
    if (this.#attached.has(id)) throw new Error(`portcullis: webContents ${id} is attached already; revoke that attachment first`);
    const grants = grantsOf({ ...options, user: options.user ?? `electron:webContents ${id}` }, this.origins);
    const attached = new AttachedContents(this.hub, contents, grants, this.reporter, this.preload, () => {
      if (this.#attached.get(id) === attached) this.#attached.delete(id);
      this.reporter.forget(id);
    });
    this.#attached.set(id, attached);
    if (options.restrict !== false) restrict(contents, grants.top, this.reporter);
    return attached;
  }

  /** A page asks to connect. Everything is decided before this returns. */
  connect(event: IpcEventParts, data: unknown): void {
    const { sender: contents, ports = [] } = event;
    // Read once, and at once.
    const frame = event.senderFrame;
    const attached = this.#attached.get(contents.id);
    const verdict = judgeFrame(frame, attached?.grants, contents);
    const [port, ...others] = ports;
    const refuse = (refused: Refusal, origin: string): void => {
      this.reporter.tell({ type: 'refused', refused, webContents: contents.id, label: attached?.grants.top.label, origin: clip(origin) });
      if (port !== undefined) turnAway(port, refused);
      closeAll(others);
    };
    if ('refused' in verdict) return refuse(verdict.refused, verdict.origin);
    const { granted, sender } = verdict;
    const wrong = judgeRequest(data, ports.length, this.contract);
    if (wrong !== undefined) return refuse(wrong, sender.origin);
    if (attached === undefined || frame === null || port === undefined) return;
    const full = attached.refusalFor(sender);
    if (full !== undefined) return refuse(full, sender.origin);
    attached.connect(port, granted, sender, frame);
  }

  /** Who called `ipcRenderer.invoke`; an error to throw when it may not. */
  invoker(event: InvokeEventParts): Grant | Refusal {
    const verdict = judgeFrame(event.senderFrame, this.#attached.get(event.sender.id)?.grants, event.sender);
    if ('granted' in verdict) return verdict.granted;
    this.reporter.tell({ type: 'refused', refused: verdict.refused, webContents: event.sender.id, origin: clip(verdict.origin) });
    return verdict.refused;
  }
}

/** Tells a page why, and lets go of its port. */
function turnAway(port: PortParts, refused: Refusal): void {
  try {
    port.postMessage(toWire(refused));
    port.close();
  } catch {
    // Its other end is gone: nobody is there to be told.
  }
}

function grantsOf({ label, role, user, origins, childFrames = [] }: WindowAttachment & { readonly user: string }, defaults: readonly string[]): Grants {
  const listed = originList(origins ?? defaults);
  if (listed.size === 0) throw new TypeError(`portcullis: "${label}" has no origins: say from where its pages come, app://studio for example`);
  let unnamed = 0;
  const frames = childFrames.map((frame) => ({
    // Frames of different origins are told apart, unless main gives them one name.
    label: frame.label ?? ((unnamed += 1) === 1 ? `${label}/frame` : `${label}/frame-${unnamed}`),
    role: frame.role,
    // A page that is one of many for its user must not get more by frames.
    user: frame.user ?? user,
    origins: originList(frame.origins),
  }));
  return { top: { label, role, user, origins: listed }, frames };
}

/** The contents of what may be attached. */
export function contentsOf(target: ContentsParts | ViewParts): ContentsParts {
  return 'webContents' in target ? target.webContents : target;
}
