/**
 * What is attached to one `webContents`: its grants, the connections of its documents, and the platform's events that end them. A
 * connection belongs to a document; the next document is another peer.
 */
import { type Refusal, refusal } from '../shared/refusal.js';
import type { HubLike } from './hub.js';
import { clip, frameKey, type Grant, type Grants, type Sender } from './judge.js';
import type { Reporter } from './log.js';
import type { ContentsParts, FrameParts, PortParts } from './parts.js';
import { type PeerEnd, PortPeer } from './port-peer.js';

/** A document's connection. */
interface Connection {
  readonly port: PortPeer;
  readonly sender: Sender;
  readonly frame: FrameParts;
}

/** What the registry of windows wants to know. */
export interface ContentsWatcher {
  /** The page's peer is admitted. Not told of frames inside the page. */
  connected(): void;
  /** It is gone. */
  disconnected(): void;
}

/** Connections that the documents of one `webContents` may have at once, when frames inside the page may connect. */
export const FRAMES_MAX = 64;

const GONE: PeerEnd['reason'] = 'transport_lost';
const TAKEN_OUT: PeerEnd = { by: 'navigation', reason: GONE, message: 'the frame was taken out of its page' };

/** One attached `webContents`. */
export class AttachedContents {
  watcher: ContentsWatcher | undefined;
  readonly #connections = new Map<string, Connection>();
  readonly #listeners: [event: string, listener: (...args: any[]) => void][] = [];
  #draining = false;
  #detached = false;

  constructor(
    private readonly hub: HubLike,
    private readonly contents: ContentsParts,
    readonly grants: Grants,
    private readonly reporter: Reporter,
    /** The preload script whose failures are told; all scripts when it is bundled into the application's own. */
    preload: string | undefined,
    private readonly onDetached: () => void,
  ) {
    this.#on('did-start-navigation', (details) => this.#started(details));
    this.#on('did-fail-provisional-load', (_event, _code, _text, _url, isMainFrame, processId, routingId) => {
      this.#failed(isMainFrame === true, processId, routingId);
    });
    this.#on('did-stop-loading', () => this.#stayed());
    this.#on('did-frame-navigate', (_event, _url, _code, _status, isMainFrame, processId, routingId) => {
      if (isMainFrame) this.#endAll({ by: 'navigation', reason: GONE, message: 'the page was navigated' });
      else this.#replaced(false, frameKey(processId, routingId));
    });
    this.#on('render-process-gone', (_event, details) => {
      this.#endAll({ by: 'crash', reason: GONE, message: `the renderer process is gone (${details?.reason ?? 'unknown'})` });
    });
    this.#on('destroyed', () => this.#detach({ by: 'destroyed', reason: GONE, message: 'the window is destroyed' }));
    this.#on('preload-error', (_event, path, error) => {
      if (preload !== undefined && path !== preload) return;
      // Both are the renderer's words, whatever they are.
      const message = `${textOf(path)}: ${textOf(error)}`;
      reporter.tell({ type: 'preload_failed', message, ...this.#subject(undefined) });
    });
  }

  /** The number of the page's peer; undefined while none is connected. */
  get peer(): number | undefined {
    for (const { port, sender } of this.#connections.values()) if (sender.isTop && port.peer !== undefined) return port.peer;
    return undefined;
  }

  /** Whether the page is about to leave. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** Why the document in this frame gets no connection, or no second one; undefined when it may have one. */
  refusalFor(sender: Sender): Refusal | undefined {
    if (!sender.isTop) this.#replaced(false, '');
    if (this.#connections.has(sender.frame) || (sender.isTop && this.#top() !== undefined)) return secondConnect();
    if (sender.isTop || this.#connections.size < FRAMES_MAX) return undefined;
    return refusal('not_admitted', `this page has ${FRAMES_MAX} connections already, which is as many as it may have: close those of frames that are not needed.`);
  }

  /** Takes a port of a document that was judged. Whoever calls has asked `refusalFor`. */
  connect(port: PortParts, granted: Grant, sender: Sender, frame: FrameParts): void {
    const { label, role, user } = granted;
    const subject = this.#subject(sender, label);
    const connection: Connection = {
      sender,
      frame,
      port: new PortPeer(this.hub, port, { label, role, user, kind: 'page' }, {
        connected: (peer) => {
          this.reporter.tell({ type: 'connected', peer, role, ...subject });
          if (sender.isTop) this.watcher?.connected();
        },
        ended: (end) => {
          const { peer } = connection.port;
          if (this.#connections.get(sender.frame) === connection) this.#connections.delete(sender.frame);
          this.reporter.tell({ type: 'ended', peer, end, ...subject });
          if (sender.isTop && peer !== undefined) this.watcher?.disconnected();
        },
        // No event tells of a frame that was taken out of its page; its port may live on, in other hands.
        ...(!sender.isTop && { over: () => (isAt(frame, sender.frame, '') ? undefined : TAKEN_OUT) }),
      }),
    };
    this.#connections.set(sender.frame, connection);
  }

  /** Takes back what was granted, from the page that is there and from later ones. */
  revoke(message: string): void {
    this.#unlisten();
    for (const { port } of [...this.#connections.values()]) port.close('revoked', message);
  }

  /** What is said of it in logs. */
  #subject(sender: Sender | undefined, label = this.grants.top.label) {
    return { webContents: this.contents.id, label, origin: sender?.origin ?? this.#top()?.sender.origin };
  }

  #top(): Connection | undefined {
    for (const connection of this.#connections.values()) if (connection.sender.isTop) return connection;
    return undefined;
  }

  /** A navigation may still be aborted, or turn out to be a download: it ends nobody. */
  #started(details: { readonly isSameDocument?: boolean; readonly isMainFrame?: boolean } | undefined): void {
    if (details?.isMainFrame !== true || details.isSameDocument === true || this.#draining) return;
    if (this.#top() === undefined) return;
    this.#draining = true;
    this.reporter.tell({ type: 'draining', ...this.#subject(undefined) });
  }

  #stayed(): void {
    if (!this.#draining) return;
    this.#draining = false;
    this.reporter.tell({ type: 'stayed', ...this.#subject(undefined) });
  }

  /**
   * Electron tells this, and no navigation, when a page of Chromium's own that shows an error has taken the place of a document. A load that
   * was merely aborted leaves the document where it is.
   */
  #failed(isMainFrame: boolean, processId: number, routingId: number): void {
    const top = this.#top();
    this.#replaced(isMainFrame, frameKey(processId, routingId));
    if (!isMainFrame) return;
    // Where the page has no connection, the frame of the error page tells: a load that was aborted has none.
    const isReplaced = top === undefined ? processId >= 0 && routingId >= 0 : top.port.isEnded;
    if (isReplaced) return this.#endAll({ by: 'navigation', reason: GONE, message: 'the page around it was navigated' });
    this.#replaced(false, '');
    this.#stayed();
  }

  /** Another frame got a document: it may be one of ours, under the number that it had or under its new one. */
  #replaced(isTop: boolean, key: string): void {
    for (const { port, sender, frame } of [...this.#connections.values()]) {
      if (sender.isTop !== isTop || (sender.frame !== key && isAt(frame, sender.frame, key))) continue;
      port.end({ by: 'navigation', reason: GONE, message: `the ${isTop ? 'page' : 'frame'} was navigated` });
    }
  }

  #endAll(end: PeerEnd): void {
    this.#draining = false;
    for (const { port } of [...this.#connections.values()]) port.end(end);
  }

  #detach(end: PeerEnd): void {
    this.#endAll(end);
    this.#unlisten();
  }

  #on(event: string, listener: (...args: any[]) => void): void {
    this.#listeners.push([event, listener]);
    this.contents.on(event, listener);
  }

  #unlisten(): void {
    if (this.#detached) return;
    this.#detached = true;
    this.onDetached();
    // The connections that still say goodbye end by their ports.
    if (!this.contents.isDestroyed()) for (const [event, listener] of this.#listeners) this.contents.removeListener(event, listener);
    this.#listeners.length = 0;
  }
}

/** Whether a frame is still where it was, and is not the one that was navigated. */
function isAt(frame: FrameParts, before: string, navigated: string): boolean {
  try {
    if (frame.detached || frame.isDestroyed?.() === true) return false;
    const now = frameKey(frame.processId, frame.routingId);
    return now === before && now !== navigated;
  } catch {
    return false;
  }
}

/** Text that came from a renderer, where it should have sent text or an error. */
function textOf(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? (value as { readonly message?: unknown }).message : value;
  return typeof text === 'string' ? clip(text) : 'unknown';
}

/** The refusal of a second connection of one document. */
function secondConnect(): Refusal {
  return refusal('second_connect', 'this document has a connection already: keep the Portcullis that connectElectron() returned, and close it before connecting again.');
}
