// The DevTools protocol over a pair of pipes: one JSON text after the other, each ended by a zero byte. What the
// commands mean is for others.
import { EventEmitter } from "node:events";

/** How long one command may take; what hangs ends with its name. */
const COMMAND_MS_MAX = 30_000;

/** One connection to a browser. Emits every event of the protocol under its name, with `(params, sessionId)`. */
export class Pipe extends EventEmitter {
  #input;
  #pending = new Map();
  #parts = [];
  #last = 0;
  #over = "";

  constructor(input, output) {
    super();
    this.setMaxListeners(0);
    this.#input = input;
    input.on("error", () => {});
    output.on("error", () => {});
    output.on("data", (part) => this.#read(part));
  }

  /** Sends a command and waits for its answer; rejects with what the browser says, or when it says nothing at all. */
  send(method, params = {}, sessionId = undefined) {
    return new Promise((resolve, reject) => {
      const id = this.post(method, params, sessionId);
      if (id === 0) return void reject(new Error(`${method}: ${this.#over}`));
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${method}: no answer`));
      }, COMMAND_MS_MAX);
      this.#pending.set(id, { method, sessionId, resolve, reject, timer });
    });
  }

  /** Sends a command whose answer nobody waits for; order holds among all commands of a session. */
  post(method, params = {}, sessionId = undefined) {
    if (this.#over !== "") return 0;
    const id = ++this.#last;
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return id;
  }

  /** The browser is gone: whoever waits is told why. */
  end(why) {
    this.#over ||= why;
    for (const waiting of this.#pending.values()) this.#settle(waiting, new Error(`${waiting.method}: ${why}`));
    this.#pending.clear();
  }

  /** Nothing answers on this session any more: its renderer has died, or its target is gone. */
  endSession(sessionId, why) {
    for (const [id, waiting] of this.#pending) {
      if (waiting.sessionId !== sessionId) continue;
      this.#pending.delete(id);
      this.#settle(waiting, new Error(`${waiting.method}: ${why}`));
    }
  }

  #settle({ resolve, reject, timer }, error, result) {
    clearTimeout(timer);
    if (error === undefined) resolve(result);
    else reject(error);
  }

  #read(part) {
    let from = 0;
    for (let end = part.indexOf(0); end >= 0; end = part.indexOf(0, from)) {
      this.#parts.push(part.subarray(from, end));
      from = end + 1;
      const text = this.#parts.length === 1 ? this.#parts[0].toString() : Buffer.concat(this.#parts).toString();
      this.#parts = [];
      this.#take(JSON.parse(text));
    }
    if (from < part.length) this.#parts.push(part.subarray(from));
  }

  #take(message) {
    if (message.id === undefined) return void this.emit(message.method, message.params, message.sessionId);
    const waiting = this.#pending.get(message.id);
    if (waiting === undefined) return;
    this.#pending.delete(message.id);
    const error = message.error && new Error(`${waiting.method}: ${message.error.message}`);
    this.#settle(waiting, error, message.result);
  }
}
