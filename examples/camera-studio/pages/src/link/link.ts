/**
 * The page's way to main, made again when it is lost, and what of it a user has to know. What is said over it is nobody's
 * business here.
 *
 * @module
 */

import { CallError, type Dial, type InterfaceDescriptor, type Lost, reconnecting, type Reconnecting, type ReconnectOptions, type ReconnectState } from "@portcullis/client";
import { ConnectRefused, refusalOf } from "@portcullis/electron/renderer";
import type { Connection } from "../api";
import { Value, type Watch } from "../shared/watch";

/** A client that connects again, with one client of each interface. */
export class Link {
  /** For what is done on each connection. */
  readonly main: Reconnecting;
  readonly #connection = new Value<Connection>({ type: "connecting" });
  readonly #clients = new Map<InterfaceDescriptor, Promise<object>>();
  /** Why this page was not let in. */
  #refused: string | undefined;

  constructor(dial: Dial, options: ReconnectOptions) {
    this.main = reconnecting(dial, { ...options, again: (lost) => this.#again(lost) });
    this.main.onState((state) => this.#changed(state));
    this.#changed(this.main.state);
    // A page that is left says so at once, instead of leaving it to the socket.
    addEventListener("pagehide", () => this.main.close("the window was closed"));
    // It may come back as it was, out of the browser's memory.
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }

  get connection(): Watch<Connection> {
    return this.#connection;
  }

  /** What main calls this window; empty while it is not connected. */
  get label(): string {
    const connection = this.#connection.current;
    return connection?.type === "connected" ? connection.label : "";
  }

  /** A client of an interface, bound once. It waits for a server for as long as it takes. */
  async client<Client extends object>(descriptor: InterfaceDescriptor<Client>): Promise<Client> {
    let bound = this.#clients.get(descriptor);
    if (bound === undefined) {
      bound = this.main.bind(descriptor, "any", { timeoutMs: Infinity });
      this.#clients.set(descriptor, bound);
      // One that failed is tried again by whoever asks next.
      bound.catch(() => this.#clients.delete(descriptor));
    }
    return (await bound) as Client;
  }

  /** Whether another attempt may go better. */
  #again({ error, portcullis }: Lost): boolean {
    // `fetch` fails so when nobody listens; any other failure is an answer, and will not change.
    if (error instanceof ConnectRefused) this.#refused = error.message;
    else if (error !== undefined && !(error instanceof TypeError)) this.#refused = "This browser was not let in.";
    // What Electron's main has refused once, it refuses again.
    const refused = portcullis && refusalOf(portcullis);
    if (refused !== undefined) this.#refused = `Main refused this window: ${refused.message}.`;
    return this.#refused === undefined;
  }

  #changed(state: ReconnectState): void {
    switch (state.status) {
      case "connecting":
        // One more attempt is no news.
        break;
      case "connected":
        this.#connection.set({ type: "connected", label: state.label });
        break;
      case "waiting":
        this.#connection.set({ type: "lost", reason: sayLost(state), retrying: true });
        break;
      case "closed":
        if (state.reason === "revoked") {
          this.#connection.set({ type: "closed" });
          // Browsers let a page close itself only if a script has opened it; otherwise it says that it was closed.
          window.close();
        } else {
          this.#connection.set({ type: "lost", reason: this.#refused ?? sayLost(state), retrying: false });
        }
    }
  }
}

function sayLost({ reason, message }: Pick<Lost, "reason" | "message">): string {
  switch (reason) {
    case "dial_failed":
      return "The studio does not answer.";
    case "going_away":
      return "The studio was closed.";
    case "contract_mismatch":
    case "version_mismatch":
      return `This page is of another version of the studio: ${message}.`;
    default:
      return `The connection was lost: ${message}.`;
  }
}

/** A topic that many may listen to: subscribed to when the first does. */
export function feed<T>(subscribe: (emit: (value: T) => void) => Promise<unknown>): (receive: (value: T) => void) => () => void {
  const listeners = new Set<(value: T) => void>();
  const emit = (value: T): void => {
    for (const listener of [...listeners]) listener(value);
  };
  let begun = false;
  return (receive) => {
    // A fresh function, so that one listener that is added twice is called twice and removed once.
    const listener = (value: T): void => receive(value);
    listeners.add(listener);
    if (!begun) {
      begun = true;
      subscribe(emit).catch(unlessLost);
    }
    return () => void listeners.delete(listener);
  };
}

/** What a lost connection breaks is said by the page's banner. */
export function unlessLost(error: unknown): void {
  if (!(error instanceof CallError && error.status === "unavailable")) console.error(error);
}
