/** The hub in this process: admits peers, carries their bytes to the addon, and hands out what it answers. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect, type ConnectOptions, type Portcullis, REASON_CODES } from '@portcullis/client';
import type { Addon } from './addon.js';
import type { AdmissionConfig, Attached, Grant, HubConfig, HubPort, PolicySource } from './config.js';
import { AdmitError, HubError, typed } from './errors.js';
import type { HubCounters, HubEvent, PeerInfo } from './events.js';
import { InProcessTransport } from './in-process.js';
import { loadAddon } from './load.js';
import { Pump } from './pump.js';

/** How long connections have to close after the grace period of a shutdown, as in the hub; in milliseconds. */
const FAREWELL_MS = 3_000;

/** The router of an application, in its main process. */
export class Hub {
  readonly #addon: Addon;
  /** By which the addon knows this hub. */
  readonly #handle: number;
  readonly #pump: Pump;
  readonly #logger: NonNullable<HubConfig['logger']>;
  readonly #onEvent: HubConfig['onEvent'];
  #shutdown: Promise<void> | undefined;
  #shutDown: (() => void) | undefined;
  #closed = false;
  #last: HubCounters | undefined;

  /**
   * Loads the addon and makes a hub. Throws `AddonLoadError`, and `HubError` for roles or limits that do not fit the
   * contract: nothing starts half-configured. A policy file's mistakes (`ERR_PORTCULLIS_POLICY`) are told all at once, each with
   * file, line, column, key and the nearest valid name; what it says in vain is logged.
   */
  constructor(config: HubConfig) {
    const { schema, roles, observeCalls, limits, onEvent } = config;
    const policy = config.policy && read(config.policy);
    this.#addon = loadAddon(config.addon);
    const text = schema instanceof Uint8Array ? new TextDecoder().decode(schema) : schema;
    const json = JSON.stringify({ schema: text, policy, roles, observeCalls, limits, events: onEvent !== undefined });
    this.#logger = config.logger ?? console;
    this.#onEvent = onEvent;
    this.#handle = typed(() => this.#addon.create(json, () => this.#pump.wake()));
    for (const warning of this.#addon.takeWarnings(this.#handle)) this.#warn(`portcullis: ${warning}`);
    const events = { events: (json: string) => this.#events(json), shutDown: () => this.#shutDown?.() };
    this.#pump = new Pump(this.#addon, this.#handle, events, this.#logger);
  }

  /**
   * Admits a peer over a port. Silence never ends a `page`, which is the default; a `native` peer is pinged while it is
   * awaited. Throws `AdmitError`.
   */
  attach(port: HubPort, admission: AdmissionConfig & { readonly kind?: 'page' | 'native' }): Attached {
    const peer = this.#admit(admission, admission.kind ?? 'page');
    this.#pump.sinks.set(peer, {
      message: (bytes) => port.send(bytes.slice()),
      ended: (reason, message, byPeer) => port.closed({ reason, message, byPeer }),
    });
    return {
      peer,
      deliver: (bytes) => typed(() => this.#pump.deliver(peer, bytes)),
      lost: (why) => this.#act(() => this.#addon.lost(this.#handle, peer, why)),
      close: (reason, message) => this.#act(() => this.#addon.close(this.#handle, peer, REASON_CODES[reason], message)),
    };
  }

  /**
   * A peer in this process: main's own client and server. Calls of inline handlers are answered in the microtask after
   * the call. Throws `AdmitError`.
   */
  connect(admission: AdmissionConfig, options: ConnectOptions = {}): Portcullis {
    const peer = this.#admit(admission, 'main');
    const lost = (why: string) => this.#act(() => this.#addon.lost(this.#handle, peer, why));
    const transport = new InProcessTransport(this.#pump, peer, lost);
    this.#pump.sinks.set(peer, transport);
    return connect(transport, { keepalive: false, ...options });
  }

  /** The names of all roles; none once the hub is closed. */
  roles(): string[] {
    return this.#closed ? [] : this.#addon.roles(this.#handle);
  }

  /**
   * Gives something to a connected peer (by its number) or to a role, its connected peers included. What a role denies cannot be given.
   * Throws `HubError` (`ERR_PORTCULLIS_GRANT`), and nothing has changed then.
   */
  grant(to: number | { readonly role: string }, grant: Grant): void {
    this.#change(to, true, grant);
  }

  /**
   * Takes something from a connected peer or from a role: calls, streams and subscriptions under way by it end with
   * `permission_denied`, and what is served by it is withdrawn. Throws `HubError` (`ERR_PORTCULLIS_GRANT`).
   */
  revoke(from: number | { readonly role: string }, grant: Grant): void {
    this.#change(from, false, grant);
  }

  /** Every peer that is connected; none once the hub is closed. */
  peers(): PeerInfo[] {
    return this.#closed ? [] : (JSON.parse(this.#addon.peers(this.#handle)) as PeerInfo[]);
  }

  /** What has been counted since the hub was made, up to its end. */
  counters(): HubCounters {
    return this.#last ?? (JSON.parse(this.#addon.counters(this.#handle)) as HubCounters);
  }

  /** Open calls, subscriptions and reports over all peers: zero when nothing is going on. */
  openWork(): number {
    return this.#closed ? 0 : this.#addon.openWork(this.#handle);
  }

  /**
   * The application quits. From now on nobody is admitted, and from the event loop's next turn on no call begins; calls
   * under way have up to `graceMs` to end. Then every peer is told `going_away` and the hub closes. Keeps the process
   * alive until then.
   */
  shutdown(graceMs: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#shutdown ??= new Promise((resolve) => {
      const grace = Math.min(Math.max(0, Math.ceil(graceMs)), 0x7fff_ffff - 2 * FAREWELL_MS);
      const done = () => {
        clearTimeout(timer);
        this.#shutDown = undefined;
        // Not from inside of what the pump is reading.
        queueMicrotask(() => {
          this.close();
          resolve();
        });
      };
      // The addon's wake-up does not keep the process alive; this does.
      const timer = setTimeout(done, grace + 2 * FAREWELL_MS);
      this.#shutDown = done;
      // What was called before this still leaves in a microtask.
      setImmediate(() => {
        if (!this.#closed) this.#addon.shutdown(this.#handle, grace);
      });
    });
    return this.#shutdown;
  }

  /** Ends the hub at once: every peer is told `going_away`. May be called twice. */
  close(): void {
    if (this.#closed) return;
    // What a port or listener does from inside the pump ends the hub when the pump is done.
    if (this.#pump.busy) return queueMicrotask(() => this.close());
    this.#addon.closeAll(this.#handle);
    this.#pump.drain();
    this.#closed = true;
    this.#last = JSON.parse(this.#addon.counters(this.#handle)) as HubCounters;
    this.#pump.stop();
    this.#addon.dispose(this.#handle);
    for (const [peer, sink] of this.#pump.sinks) {
      this.#pump.sinks.delete(peer);
      try {
        sink.ended('going_away', 'the hub was closed', false);
      } catch (error) {
        this.#logger.error('portcullis: what closes a port threw', error);
      }
    }
    this.#shutDown?.();
  }

  #admit({ label, role, user }: AdmissionConfig, kind: PeerInfo['kind']): number {
    if (this.#closed) throw new HubError('ERR_PORTCULLIS_CLOSED', 'the hub is closed');
    if (this.#shutdown !== undefined) throw new AdmitError('ERR_PORTCULLIS_QUITTING', 'the hub is quitting');
    return typed(() => this.#addon.attach(this.#handle, label, role, kind, user));
  }

  #change(whose: number | { readonly role: string }, gives: boolean, { action, name, forMs }: Grant): void {
    if (this.#closed) throw new HubError('ERR_PORTCULLIS_CLOSED', 'the hub is closed');
    this.#act(() => {
      if (typeof whose === 'number') this.#addon.changePeer(this.#handle, whose, gives, action, name, forMs);
      else this.#addon.changeRole(this.#handle, whose.role, gives, action, name, forMs);
    });
  }

  /** Not every logger tells warnings apart. */
  #warn(line: string): void {
    const { warn } = this.#logger as { warn?: (line: string) => void };
    if (warn === undefined) this.#logger.error(line);
    else warn.call(this.#logger, line);
  }

  #act(work: () => void): void {
    if (this.#closed) return;
    typed(work);
    this.#pump.drain();
  }

  #events(json: string): void {
    for (const event of JSON.parse(json) as HubEvent[]) {
      try {
        this.#onEvent?.(event);
      } catch (error) {
        this.#logger.error('portcullis: onEvent threw', error);
      }
    }
  }
}

/** The text of a policy file, and what messages call it. */
function read(source: PolicySource): { readonly text: string; readonly name: string } {
  if ('text' in source) return { text: source.text, name: source.name ?? 'policy.toml' };
  const name = source.file instanceof URL ? fileURLToPath(source.file) : source.file;
  try {
    return { text: readFileSync(name, 'utf8'), name };
  } catch (cause) {
    throw new HubError('ERR_PORTCULLIS_POLICY', `the policy file cannot be read: ${(cause as Error).message}`, { cause });
  }
}
