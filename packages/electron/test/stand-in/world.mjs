// The preload's isolated world of one document, as Node sees it: what comes out of it, and the ports that cross.
import { readFileSync } from "node:fs";
import { Link } from "./ports.mjs";
import { pack, unpack } from "./values.mjs";

/** The name of the preload's world, and of its two doors. */
export const WORLD = "portcullis-preload";
export const OUT = "portcullisStandInOut";
const IN = "portcullisStandInIn";

const source = (name) => readFileSync(new URL(`worlds/${name}.js`, import.meta.url), "utf8");

/** What runs in the page's own world before the page does. */
export const MAIN_PROLOGUE = source("main");

/** The whole text of the isolated world: the prologue, then each preload as a CommonJS module. */
export function isolatedSource(preloads) {
  const prologue = `const OUT = ${JSON.stringify(OUT)}, IN = ${JSON.stringify(IN)};\n${pack}\n${unpack}\n${source("isolated")}`;
  const modules = preloads.map(
    ({ path, text }) => `run(${JSON.stringify(path)}, (module, exports, require) => {\n${text}\n});`,
  );
  return `(() => { const run = (() => {\n${prologue}\n})();\n${modules.join("\n")}\n})();`;
}

/** One document's isolated world. */
export class World {
  #call;
  #context;
  #waiting = [];
  #ended = false;
  #link = new Link((message) => this.#post(message), "m");

  /** `call(door, text)` runs one of its functions; `context` is what the page keeps of it, its frame above all. */
  constructor(call, context) {
    this.#call = call;
    this.#context = context;
  }

  get context() {
    return this.#context;
  }

  /** How many of its ports are open. */
  get ports() {
    return this.#link.size;
  }

  /** A text that came out: of `failed(path, message)` for a preload, `posted(channel, message, ends)`, or a port's. */
  take(text, failed, posted) {
    if (this.#ended) return;
    const message = JSON.parse(text);
    if (message.type === "failed") failed(message.path, message.message);
    else if (message.type === "post") {
      posted(message.channel, unpack(message.message), message.ports.map((id) => this.#link.adopt(id)));
    } else if (message.type === "message") this.#link.take({ ...message, data: unpack(message.data) });
    else this.#link.take(message);
  }

  /** The document is gone. */
  end() {
    this.#ended = true;
    this.#link.end();
  }

  #post({ type, id, data, ports }) {
    // No port goes to a page through a port, and nothing that the page could not read.
    if (this.#ended || (ports !== undefined && ports.length > 0)) return;
    let packed;
    try {
      packed = type === "message" ? pack(data) : undefined;
    } catch {
      return;
    }
    if (this.#waiting.push({ type, id, data: packed }) > 1) return;
    queueMicrotask(() => {
      const text = JSON.stringify(this.#waiting.splice(0));
      if (!this.#ended) this.#call(IN, text);
    });
  }
}
