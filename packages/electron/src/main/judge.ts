/**
 * Whether a page may connect. Asked synchronously, in the very event: later, `senderFrame` may be null or another document's. What is
 * found here is attached to the port and not looked up again.
 */
import { type Refusal, refusal } from '../shared/refusal.js';
import { ADAPTER_PROTOCOL } from '../shared/words.js';
import { originOf } from './origins.js';
import type { ContentsParts, FrameParts } from './parts.js';
import { readRequest } from './request.js';

/** What a page in some frame is connected as. */
export interface Grant {
  /** Which window it is: other peers can bind to it by that. */
  readonly label: string;
  /** What it may do. */
  readonly role: string;
  /** Whose budget it shares. */
  readonly user: string;
  /** From where it may come. */
  readonly origins: ReadonlySet<string>;
}

/** What main has said of one `webContents`. */
export interface Grants {
  readonly top: Grant;
  readonly frames: readonly Grant[];
}

/** What is remembered of the frame that asked. */
export interface Sender {
  /** As in the frame's address, for the log. */
  readonly origin: string;
  readonly isTop: boolean;
  /** Names the document's frame while that document lasts. */
  readonly frame: string;
}

/** The answer. */
export type Verdict =
  | { readonly granted: Grant; readonly sender: Sender }
  | { readonly refused: Refusal; readonly origin: string };

/** How a frame is told from others. */
export function frameKey(processId: number, routingId: number): string {
  return `${processId}:${routingId}`;
}

const GONE = 'the page was navigated or destroyed while it asked; the document that is there now has to ask itself.';

/** Judges a frame by itself: where it is, and from where its document comes. */
export function judgeFrame(frame: FrameParts | null, grants: Grants | undefined, contents: Pick<ContentsParts, 'mainFrame'>): Verdict {
  let origin = 'unknown';
  const refuse = (refused: Refusal): Verdict => ({ refused, origin });
  try {
    if (frame === null) return refuse(refusal('frame_gone', GONE));
    // Each property is read once: a frame of Electron's answers from what it is at that moment.
    const { url, origin: claimed, parent, detached, processId, routingId } = frame;
    origin = originOf(claimed) ?? String(claimed);
    if (detached || frame.isDestroyed?.() === true) return refuse(refusal('frame_gone', GONE));
    if (grants === undefined) {
      return refuse(refusal('not_attached', 'main does not know this window: call attachWindow(window, { label, role, origins }) before loadURL().'));
    }
    // The root of a fenced frame has no parent either.
    const main = parent === null ? contents.mainFrame : undefined;
    const isTop = parent === null && (main === undefined || frameKey(main.processId, main.routingId) === frameKey(processId, routingId));
    if (!isTop && grants.frames.length === 0) {
      return refuse(refusal('sub_frame', 'frames inside a page get no connection; to allow one by its origin, name it in childFrames of attachWindow().'));
    }
    const known = originOf(claimed);
    const among = isTop ? [grants.top] : grants.frames;
    // Both must say it: a blank page has the origin of its opener, and a sandboxed one has an address but no origin.
    const granted = among.find(({ origins }) => known !== undefined && origins.has(known) && originOf(url) === known);
    if (granted === undefined) {
      const list = among.flatMap(({ origins }) => [...origins]).join(', ');
      const where = url === '' ? 'a page without an address' : `a page at ${clip(url)} with the origin "${clip(claimed)}"`;
      return refuse(refusal('origin_not_allowed', `${where} may not connect; allowed: ${list}. Add its origin to origins, and register a custom scheme as standard.`));
    }
    return { granted, sender: { origin, isTop, frame: frameKey(processId, routingId) } };
  } catch {
    // A frame that is destroyed throws on every question.
    return refuse(refusal('frame_gone', GONE));
  }
}

/** Judges what the frame sent. */
export function judgeRequest(data: unknown, portCount: number, contract: string): Refusal | undefined {
  const request = readRequest(data);
  if (request === undefined || portCount !== 1) {
    return refusal('malformed_connect', 'only the preload script of @portcullis/electron may ask for a connection, with one port.');
  }
  const { protocol, preload, hash } = request;
  for (const [who, version] of [['page', protocol], ['preload script', preload]] as const) {
    if (version === ADAPTER_PROTOCOL) continue;
    const message = `the ${who} speaks version ${version} of the adapter, main version ${ADAPTER_PROTOCOL}: build both with the same @portcullis/electron.`;
    // An older page can be had anew; a newer one finds an old main until that starts again.
    return refusal('version_mismatch', message, version < ADAPTER_PROTOCOL && who === 'page' ? 'reload' : 'restart');
  }
  if (hash !== '' && contract !== '' && hash !== contract) {
    const message = `the page was built with the contract ${hash}, main with ${contract}: load the page again; when that does not help, build both anew and restart.`;
    return refusal('contract_mismatch', message);
  }
  return undefined;
}

/** Text of a peer's making, for a log: short, and on one line. */
export function clip(text: string, charactersMax = 200): string {
  // Cut first: it may be as long as its sender likes.
  const line = text.slice(0, charactersMax).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
  return text.length > charactersMax ? `${line}…` : line;
}
