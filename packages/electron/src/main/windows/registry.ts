/** `portcullis.windows`: opens windows of declared kinds, and tells peers of every window that main has named. */
import { ApplicationError } from '@portcullis/client';
import type {
  OpenOptions,
  WindowError,
  WindowInfo,
  WindowKind,
  WindowList,
  WindowsHandlers,
  WindowsPublisher,
} from '../../generated/index.js';
import type { AttachedContents } from '../contents.js';
import type { WindowAttachment } from '../guests.js';
import type { Reporter } from '../log.js';
import type { WindowParts } from '../parts.js';
import { checkKindName, type KindConfig, KINDS_MAX, kindOf, WINDOWS_MAX } from './kinds.js';
import { Rates } from './rates.js';
import { cut, Tracked, type WindowEvent } from './tracked.js';

/** Bytes of a label that the contract takes. */
const LABEL_BYTES_MAX = 128;
/** Bytes of a reason that the contract takes. */
const REASON_BYTES_MAX = 512;

/** How long the list of windows is kept to itself after it was told, in milliseconds: a page may connect and leave in a loop. */
export const LIST_PAUSE_MS = 50;
/** Windows that peers of one label may open at once; each second gives one back. */
export const OPENS_BURST = 8;
/** How often they may take the keyboard for a window: once in a second. */
const FOCUSES_BURST = 1;

/** Attaches a window, as `attachWindow` does. */
export type Attach = (window: WindowParts, options: WindowAttachment) => AttachedContents;

function fail(error: WindowError): ApplicationError<WindowError> {
  return new ApplicationError(error);
}

/** The windows of the application. */
export class Windows {
  /** Set once the interface is served. */
  #publisher: WindowsPublisher | undefined;
  readonly #configs: ReadonlyMap<string, KindConfig>;
  readonly #kinds: readonly WindowKind[];
  readonly #windows = new Map<string, Tracked>();
  readonly #listeners = new Set<(window: WindowInfo, event: WindowEvent) => void>();
  readonly #opens = new Rates(OPENS_BURST);
  readonly #focuses = new Rates(FOCUSES_BURST);
  #numbers = 0;
  /** The list is told soon, or was told that short ago. */
  #telling: 'no' | 'soon' | 'pausing' | 'again' = 'no';

  constructor(
    kinds: { readonly [name: string]: KindConfig },
    private readonly attach: Attach,
    private readonly reporter: Pick<Reporter, 'failed'>,
  ) {
    this.#configs = new Map(Object.entries(kinds));
    if (this.#configs.size > KINDS_MAX) throw new RangeError(`portcullis: at most ${KINDS_MAX} kinds of windows`);
    this.#kinds = [...this.#configs].map(([name, config]) => kindOf(name, config));
  }

  /** What peers may ask of it, where their roles grant them that. */
  readonly handlers: WindowsHandlers = {
    open: (kind, options, { caller }) => this.#opened(kind, options, caller?.label),
    close: (label) => this.#close(label),
    focus: (label, { caller }) => this.#focus(label, caller?.label),
    list: () => this.list(),
  };

  /** All windows, and the kinds that are declared. */
  list(): WindowList {
    return { kinds: this.#kinds, windows: [...this.#windows.values()].map(({ info }) => info) };
  }

  /** The window with a label; undefined when there is none. */
  get(label: string): WindowParts | undefined {
    return this.#windows.get(label)?.window;
  }

  /** Opens a window of a declared kind, for main itself. Rejects with `ApplicationError<WindowError>`. */
  async open(kind: string, options: Partial<OpenOptions> = {}): Promise<{ readonly window: WindowParts; readonly info: WindowInfo }> {
    const tracked = await this.#open(kind, options);
    return { window: tracked.window as WindowParts, info: tracked.info };
  }

  /**
   * Names a window that the application has made itself: attaches it, and shows it to peers as one of `kind`, which need not be
   * declared. Throws as `attachWindow` does, `RangeError` for a kind or label that peers could not be told of, and `Error` when the label is
   * taken or there are as many windows as may be.
   */
  adopt(window: WindowParts, kind: string, options: WindowAttachment): WindowInfo {
    if (this.#windows.has(options.label)) throw new Error(`portcullis: there is a window "${options.label}" already`);
    checkKindName(kind);
    if (options.label === '' || cut(options.label, LABEL_BYTES_MAX) !== options.label) throw new RangeError(`portcullis: a label has 1 to ${LABEL_BYTES_MAX} bytes`);
    if (this.#windows.size >= WINDOWS_MAX) throw new Error(`portcullis: there are ${WINDOWS_MAX} windows already, as many as may be`);
    const tracked = this.#track(options.label, kind, options.role);
    this.#begin(tracked, window, options);
    return tracked.info;
  }

  /** Tells of every event from now on, until what it returns is called. */
  onEvent(listener: (window: WindowInfo, event: WindowEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The interface is served: from here on, peers are told. */
  publishTo(publisher: WindowsPublisher): void {
    this.#publisher = publisher;
    publisher.windows(this.list());
  }

  async #opened(kind: string, options: OpenOptions, caller: string | undefined): Promise<WindowInfo> {
    if (this.#kind(kind).opens === false) throw fail({ type: 'refused', reason: `windows of the kind "${kind}" are opened by main alone` });
    if (!this.#opens.take(caller)) throw fail({ type: 'refused', reason: `windows are opened once a second, after the first ${OPENS_BURST}` });
    return (await this.#open(kind, options)).info;
  }

  #kind(name: string): KindConfig {
    const config = this.#configs.get(name);
    if (config === undefined) throw fail({ type: 'unknownKind', kind: name });
    return config;
  }

  async #open(kind: string, { argument = null, background = null }: Partial<OpenOptions>): Promise<Tracked> {
    const config = this.#kind(kind);
    const windowsMax = this.#kinds.find(({ name }) => name === kind)?.windowsMax ?? 1;
    const ofKind = [...this.#windows.values()].filter(({ info }) => info.kind === kind).length;
    if (ofKind >= windowsMax) throw fail({ type: 'tooMany', windowsMax });
    if (this.#windows.size >= WINDOWS_MAX) throw fail({ type: 'tooMany', windowsMax: WINDOWS_MAX });
    const tracked = this.#track(this.#label(kind, windowsMax), kind, config.role);
    const { label } = tracked;
    const request = { kind, label, argument, background: background ?? false };
    let window: WindowParts | undefined;
    try {
      window = await config.create(request);
      const { role, user, origins, childFrames, restrict } = config;
      this.#begin(tracked, window, { label, role, user, origins, childFrames, restrict });
      const loading = config.load?.(window, request);
      // Whether the page comes is told by its phase and its connection.
      if (isPromise(loading)) loading.then(undefined, (error) => this.reporter.failed(`kind ${kind}`, `the page of "${label}" was not loaded`, error));
      return tracked;
    } catch (error) {
      this.reporter.failed(`kind ${kind}`, `the window "${label}" could not be opened`, error);
      tracked.end(false);
      window?.close();
      // What exactly is wrong in main is not the peer's business.
      throw fail({ type: 'failed', reason: 'the window could not be opened; the log of main says why' });
    }
  }

  #label(kind: string, windowsMax: number): string {
    if (windowsMax === 1 && !this.#windows.has(kind)) return kind;
    let label: string;
    // Ends: fewer labels are taken than there are numbers.
    do label = `${kind}-${(this.#numbers += 1)}`;
    while (this.#windows.has(label));
    return label;
  }

  #track(label: string, kind: string, role: string): Tracked {
    const tracked = new Tracked(label, kind, role, (window, event) => this.#changed(window, event));
    this.#windows.set(label, tracked);
    this.#publishSoon();
    return tracked;
  }

  #begin(tracked: Tracked, window: WindowParts, options: WindowAttachment): void {
    try {
      tracked.begin(window, this.attach(window, options));
    } catch (error) {
      tracked.end(false);
      throw error;
    }
  }

  #close(label: string): void {
    const { tracked, window } = this.#find(label, 'close');
    tracked.closing();
    window.close();
  }

  #focus(label: string, caller: string | undefined): void {
    const { window } = this.#find(label, 'focus');
    if (!this.#focuses.take(caller)) throw fail({ type: 'refused', reason: 'a window is focused for a peer once a second' });
    if (window.isMinimized?.() === true) window.restore?.();
    if (!window.isVisible()) window.show();
    window.focus();
  }

  #find(label: string, action: 'close' | 'focus'): { readonly tracked: Tracked; readonly window: WindowParts } {
    const tracked = this.#windows.get(label);
    if (tracked === undefined || tracked.window?.isDestroyed() === true) throw fail({ type: 'noSuchWindow', label: cut(label, LABEL_BYTES_MAX) });
    const { window } = tracked;
    if (window === undefined) throw fail({ type: 'failed', reason: 'the window is not there yet' });
    const config = this.#configs.get(tracked.info.kind);
    if (config?.[action === 'close' ? 'closes' : 'focuses'] === false) {
      throw fail({ type: 'refused', reason: cut(`windows of the kind "${tracked.info.kind}" do not ${action} for peers`, REASON_BYTES_MAX) });
    }
    return { tracked, window };
  }

  #changed(tracked: Tracked, event: WindowEvent | undefined): void {
    const { info } = tracked;
    if (info.phase === 'closed' && this.#windows.get(info.label) === tracked) this.#windows.delete(info.label);
    this.#publishSoon();
    if (event === undefined) return;
    this.#publisher?.[event](info);
    for (const listener of this.#listeners) {
      try {
        listener(info, event);
      } catch (error) {
        this.reporter.failed('listener of windows', 'a listener of windows threw', error);
      }
    }
  }

  /** One state for everything that one turn changes, and one for all that changes in the pause behind it. */
  #publishSoon(): void {
    if (this.#telling !== 'no') {
      if (this.#telling === 'pausing') this.#telling = 'again';
      return;
    }
    this.#telling = 'soon';
    queueMicrotask(() => this.#publish());
  }

  #publish(): void {
    this.#telling = 'pausing';
    this.#publisher?.windows(this.list());
    const pause = setTimeout(() => {
      const again = this.#telling === 'again';
      this.#telling = 'no';
      if (again) this.#publish();
    }, LIST_PAUSE_MS);
    pause.unref();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function';
}
