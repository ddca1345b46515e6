/** The kinds of windows that an application declares. */
import type { WindowKind } from '../../generated/index.js';
import type { FrameAttachment } from '../guests.js';
import type { WindowParts } from '../parts.js';

/** How many windows of a kind there may be when nothing is said. */
const WINDOWS_DEFAULT = 16;
/** How many there may be in all, and how many kinds; see the contract `portcullis.windows`. */
export const WINDOWS_MAX = 256;
export const KINDS_MAX = 32;

/** What a new window is made for. */
export interface WindowRequest {
  readonly kind: string;
  /** The label that it will have. */
  readonly label: string;
  /** What the peer said it is to show; to be believed no more than anything else from a peer. */
  readonly argument: string | null;
  /** Whether it is to be shown without taking the keyboard. */
  readonly background: boolean;
}

/** One kind of window. */
export interface KindConfig {
  /** What its page may do: a role of the hub. */
  readonly role: string;
  /** Makes the window, without loading a page: it is attached first. */
  readonly create: (request: WindowRequest) => WindowParts | Promise<WindowParts>;
  /** Loads its page. Called once the window is attached. */
  readonly load?: ((window: any, request: WindowRequest) => unknown) | undefined;
  /** What people call it; its name when absent. */
  readonly title?: string | undefined;
  /** As in `attachWindow`. */
  readonly user?: string | undefined;
  readonly origins?: readonly string[] | undefined;
  readonly childFrames?: readonly FrameAttachment[] | undefined;
  readonly restrict?: boolean | undefined;
  /** How many there may be at once, from 1; 16 when absent. With 1, the label is the name of the kind. */
  readonly windowsMax?: number | undefined;
  /** Whether peers may open, close and focus windows of it, where their roles grant them that. They may unless it is false. */
  readonly opens?: boolean | undefined;
  readonly closes?: boolean | undefined;
  readonly focuses?: boolean | undefined;
}

/** Throws `RangeError` for what is no name of a kind. */
export function checkKindName(name: string): void {
  if (!/^[\w.-]{1,64}$/.test(name)) throw new RangeError(`portcullis: "${name}" is no name of a kind: 1 to 64 of A-Z a-z 0-9 . _ -`);
}

/** A kind as the contract tells it. Throws `RangeError` for what the contract does not allow. */
export function kindOf(name: string, config: KindConfig): WindowKind {
  const windowsMax = config.windowsMax ?? WINDOWS_DEFAULT;
  if (!Number.isInteger(windowsMax) || windowsMax < 1 || windowsMax > WINDOWS_MAX) {
    throw new RangeError(`portcullis: windowsMax of "${name}" must be from 1 to ${WINDOWS_MAX}`);
  }
  checkKindName(name);
  const { title = name, opens = true, closes = true, focuses = true } = config;
  return { name, title, opens, closes, focuses, windowsMax };
}
