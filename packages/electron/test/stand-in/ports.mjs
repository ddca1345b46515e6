// `MessageChannelMain` and `MessagePortMain`, and how a port moves to another process: a port there is a number here.
import { EventEmitter } from "node:events";

/** One end of a pair. What was sent to it waits until somebody owns it; whoever owns it gets it on a later turn. */
class End {
  peer;
  #queue = [];
  #owner;
  #open = true;
  #scheduled = false;

  get open() {
    return this.#open;
  }

  /** `owner.message(data, ports)` for each message, in order, and `owner.closed()` once after the last of them. */
  own(owner) {
    this.#owner = owner;
    this.#schedule();
  }

  send(data, ports = []) {
    if (this.#open && this.peer.#open) this.peer.#push({ data, ports });
  }

  /** Both ends are closed; the other one hears of it behind everything that was sent to it. */
  close() {
    if (!this.#open) return;
    this.#open = false;
    this.#queue = [];
    this.#push(undefined);
    this.peer.#push(undefined);
  }

  #push(message) {
    this.#queue.push(message);
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled || this.#owner === undefined || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const owner = this.#owner;
      for (const message of this.#queue.splice(0)) {
        if (message !== undefined) {
          if (this.#open) owner.message(message.data, message.ports);
        } else if (owner.gone !== true) {
          this.#open = false;
          owner.gone = true;
          owner.closed();
        }
      }
    });
  }
}

function pair() {
  const [one, two] = [new End(), new End()];
  one.peer = two;
  two.peer = one;
  return [one, two];
}

/** A port in this process. Emits `message` with `{ data, ports }` once it is started, and `close`, once. */
export class MessagePortMain extends EventEmitter {
  #end;
  #started = false;

  constructor(end) {
    super();
    this.#end = end;
  }

  start() {
    if (this.#end === undefined || this.#started) return;
    this.#started = true;
    this.#end.own({
      message: (data, ends) => this.emit("message", { data, ports: ends.map((end) => new MessagePortMain(end)) }),
      closed: () => this.emit("close"),
    });
  }

  /** Copies the message at once; throws for what cannot be cloned, and for anything but ports in the transfer list. */
  postMessage(message, transfer = []) {
    const { data, ends } = outgoing(message, transfer, this);
    this.#end?.send(data, ends);
  }

  close() {
    this.#end?.close();
  }

  /** Takes the end out of a port that is transferred. */
  static take(port) {
    const end = port.#end;
    port.#end = undefined;
    return end;
  }

  static holds(port) {
    return port.#end?.open === true;
  }
}

/** A message and the ends that travel with it, checked as Electron does. */
export function outgoing(message, transfer, self) {
  const list = [...transfer];
  list.forEach((port, at) => {
    if (!(port instanceof MessagePortMain)) throw new TypeError(`Port at index ${at} is not a valid port`);
    if (port === self || !MessagePortMain.holds(port)) throw new Error(`Port at index ${at} is already neutered`);
  });
  return { data: structuredClone(message), ends: list.map((port) => MessagePortMain.take(port)) };
}

export class MessageChannelMain {
  constructor() {
    [this.port1, this.port2] = pair().map((end) => new MessagePortMain(end));
  }
}

/** The ports that have their other end in another process. `post` sends `{ type, id, data, ports }` there. */
export class Link {
  #post;
  #side;
  #ends = new Map();
  #last = 0;

  /** `side` keeps the numbers of both sides apart. */
  constructor(post, side) {
    this.#post = post;
    this.#side = side;
  }

  /** How many ports cross here. */
  get size() {
    return this.#ends.size;
  }

  /** An end leaves this process; its number. */
  give(end) {
    const id = `${this.#side}${++this.#last}`;
    this.#keep(id, end);
    return id;
  }

  /** A number has come from the other process; the end that stands for it here. */
  adopt(id) {
    const [near, far] = pair();
    this.#keep(id, far);
    return near;
  }

  /** A message of the other side about one of the ports. */
  take({ type, id, data, ports = [] }) {
    const end = this.#ends.get(id);
    if (type === "message") end?.send(data, ports.map((each) => this.adopt(each)));
    if (type === "close") end?.close();
  }

  /** The other process, or the document there, is gone, and all of its ports with it. */
  end() {
    for (const end of this.#ends.values()) end.close();
  }

  #keep(id, end) {
    this.#ends.set(id, end);
    end.own({
      message: (data, ends) => this.#post({ type: "message", id, data, ports: ends.map((each) => this.give(each)) }),
      closed: () => {
        this.#ends.delete(id);
        this.#post({ type: "close", id });
      },
    });
  }
}
