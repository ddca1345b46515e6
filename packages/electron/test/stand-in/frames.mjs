// `WebFrameMain` and the tree of frames of one page, kept up to date from the protocol's events.
import { randomUUID } from "node:crypto";
import { toElectron } from "./protocol.mjs";

const DISPOSED = "Render frame was disposed before WebFrameMain could be accessed";

let routings = 0;

/** As Electron writes it: the protocol writes `://` where there is none. */
const originOf = (securityOrigin) => (/^https?:/.test(securityOrigin) ? toElectron(securityOrigin) : "null");

/** One document's frame. As in Electron it ends with its document, and tells nothing afterwards. */
export class WebFrameMain {
  #node;
  #document;
  #detached = false;

  constructor(node, document) {
    this.#node = node;
    this.#document = { ...document, routingId: ++routings, frameToken: randomUUID() };
  }

  #alive() {
    if (this.isDestroyed()) throw new Error(DISPOSED);
    return this.#document;
  }

  get url() {
    return this.#alive().url;
  }

  get origin() {
    return this.#alive().origin;
  }

  get processId() {
    return this.#alive().processId;
  }

  get routingId() {
    return this.#alive().routingId;
  }

  get frameToken() {
    return this.#alive().frameToken;
  }

  get parent() {
    this.#alive();
    return this.#node.parent?.frame ?? null;
  }

  get detached() {
    return this.#detached;
  }

  isDestroyed() {
    return this.#node.frame !== this;
  }

  /** Its document is gone. */
  static detach(frame) {
    frame.#detached = true;
  }

  /** The origin that the document runs with: inherited by one without an address, and none in a sandboxed frame. */
  static runsAs(frame, securityOrigin) {
    frame.#document.origin = originOf(securityOrigin);
  }

  /** Another document of the same origin came into the frame, and the frame has stayed. */
  static move(frame, url) {
    frame.#document.url = url;
  }
}

/** The frames of one page by the protocol's ids, which outlive documents. */
export class FrameTree {
  #nodes = new Map();
  #main;

  get size() {
    return this.#nodes.size;
  }

  get main() {
    return this.#main?.frame ?? null;
  }

  /** Whether an id is that of the page's own frame. */
  isMain(id) {
    return this.#main !== undefined && this.#main.id === id;
  }

  get(id) {
    return this.#nodes.get(id)?.frame ?? null;
  }

  /** The first frame that a test wants, of those with a document. */
  find(which) {
    return [...this.#nodes.values()].map(({ frame }) => frame).find((frame) => frame !== undefined && which(frame));
  }

  /** A document has been committed in a frame; the frame that was there before is gone, unless `kept`. */
  commit({ id, parentId, url: asked, securityOrigin }, processId, kept) {
    const url = toElectron(asked);
    const node = this.#node(id, parentId);
    // With the document go the frames in it, and not every one of them is reported.
    for (const [each, { parent }] of this.#nodes) if (parent === node) this.remove(each);
    const origin = originOf(securityOrigin);
    if (kept && node.frame?.origin === origin) {
      WebFrameMain.move(node.frame, url);
      return node.frame;
    }
    if (node.frame !== undefined) WebFrameMain.detach(node.frame);
    node.frame = new WebFrameMain(node, { url, origin, processId });
    return node.frame;
  }

  attach(id, parentId) {
    this.#node(id, parentId);
  }

  remove(id) {
    for (const [each, node] of this.#nodes) if (node.parent?.id === id) this.remove(each);
    const node = this.#nodes.get(id);
    if (node?.frame !== undefined) WebFrameMain.detach(node.frame);
    if (node !== undefined) node.frame = undefined;
    this.#nodes.delete(id);
  }

  /** The renderer has died, or the page is closed: no frame has a document any more. */
  clear() {
    for (const node of this.#nodes.values()) if (node !== this.#main) this.remove(node.id);
    if (this.#main !== undefined) this.#main.frame = undefined;
  }

  #node(id, parentId) {
    let node = this.#nodes.get(id);
    if (node === undefined) {
      node = { id, parent: this.#nodes.get(parentId), frame: undefined };
      this.#nodes.set(id, node);
      if (parentId === undefined) this.#main ??= node;
    }
    return node;
  }
}
