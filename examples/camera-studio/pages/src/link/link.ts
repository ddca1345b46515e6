/**
 * The page's connection to main, made again when it is lost. How it is made is `dial`'s business, and what is said over it
 * nobody's here.
 *
 * @module
 */

import type { InterfaceDescriptor, Portcullis, State } from "@portcullis/client";
import { ConnectRefused, refusalOf } from "@portcullis/electron/renderer";
import { type Connection, StudioError, type WindowKind } from "../api";
import { Value, type Watch } from "../shared/watch";
import type { Dial } from "./dial";

/** The wait before the first new attempt; it doubles with each that follows. */
const RETRY_MS_MIN = 250;
/** The longest wait before a new attempt. */
const RETRY_MS_MAX = 5000;

/** What is done at the beginning of each connection. */
type Setup = (portcullis: Portcullis) => Promise<void>;

/** One connection after the other. */
export class Link {
  readonly #connection = new Value<Connection>({ type: "connecting" });
  readonly #setups: Setup[] = [];
  readonly #clients = new WeakMap<Portcullis, Map<InterfaceDescriptor, Promise<object>>>();
  #portcullis: Portcullis | undefined;
  #retryMs = RETRY_MS_MIN;

  constructor(
    readonly kind: WindowKind,
    private readonly interfaces: readonly InterfaceDescriptor[],
    private readonly dial: Dial,
  ) {
    void this.#attempt();
    // A page that is left says so at once, instead of leaving it to the socket.
    addEventListener("pagehide", () => this.#portcullis?.close("the window was closed"));
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

  /** The connection, also before it stands: calls wait for it inside their deadlines. */
  get portcullis(): Portcullis {
    if (this.#portcullis === undefined) throw new StudioError("portcullis", "unavailable", "The studio is not connected.", true);
    return this.#portcullis;
  }

  /** Does something at the beginning of each connection, and of this one if there is one. */
  onConnect(setup: Setup): void {
    this.#setups.push(setup);
    if (this.#portcullis !== undefined) this.#run(setup, this.#portcullis);
  }

  /** A client of an interface, bound once for each connection. */
  async client<Client extends object>(descriptor: InterfaceDescriptor<Client>): Promise<Client> {
    const { portcullis } = this;
    let clients = this.#clients.get(portcullis);
    if (clients === undefined) this.#clients.set(portcullis, (clients = new Map()));
    let bound = clients.get(descriptor);
    if (bound === undefined) {
      bound = portcullis.bind(descriptor);
      clients.set(descriptor, bound);
      // One that failed is tried again by whoever asks next.
      bound.catch(() => clients.delete(descriptor));
    }
    return (await bound) as Client;
  }

  async #attempt(): Promise<void> {
    try {
      await this.dial({ client: `studio ${this.kind}`, interfaces: this.interfaces }, (portcullis) => {
        this.#portcullis = portcullis;
        portcullis.onState((state) => this.#changed(portcullis, state));
        for (const setup of this.#setups) this.#run(setup, portcullis);
      });
    } catch (error) {
      // `fetch` fails so when nobody listens; any other failure is an answer, and will not change.
      if (error instanceof TypeError) this.#lost("The studio does not answer.", true);
      else if (error instanceof ConnectRefused) this.#lost(error.message, false);
      else this.#lost("This browser was not let in.", false);
    }
  }

  #run(setup: Setup, portcullis: Portcullis): void {
    setup(portcullis).catch((error: unknown) => {
      // What a lost connection breaks is done again by the next one.
      if (portcullis.state.status !== "closed") console.error(error);
    });
  }

  #changed(portcullis: Portcullis, state: State): void {
    if (portcullis !== this.#portcullis) return;
    switch (state.status) {
      case "connecting":
        break;
      case "connected":
        this.#retryMs = RETRY_MS_MIN;
        this.#connection.set({ type: "connected", label: state.label });
        break;
      case "closed":
        this.#portcullis = undefined;
        // What Electron's main has refused once, it refuses again.
        if (refusalOf(portcullis) !== undefined) return this.#lost(`Main refused this window: ${state.message}.`, false);
        switch (state.reason) {
          case "revoked":
            this.#connection.set({ type: "closed" });
            // Browsers let a page close itself only if a script has opened it; otherwise it says that it was closed.
            window.close();
            return;
          case "going_away":
            return this.#lost("The studio was closed.", true);
          case "contract_mismatch":
          case "version_mismatch":
            return this.#lost(`This page is of another version of the studio: ${state.message}.`, false);
          default:
            return this.#lost(`The connection was lost: ${state.message}.`, true);
        }
    }
  }

  #lost(reason: string, retrying: boolean): void {
    this.#connection.set({ type: "lost", reason, retrying });
    if (!retrying) return;
    setTimeout(() => void this.#attempt(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }
}

/** A topic that many may listen to: subscribed to when the first does, once for each connection. */
export function feed<T>(link: Link, subscribe: (emit: (value: T) => void) => Promise<unknown>): (receive: (value: T) => void) => () => void {
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
      link.onConnect(async () => void (await subscribe(emit)));
    }
    return () => void listeners.delete(listener);
  };
}
