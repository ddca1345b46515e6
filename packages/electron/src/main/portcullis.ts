/** What an application holds in main: the hub, and everything of Electron's that is tied to it. */
import { createRequire } from 'node:module';
import { type InterfaceDescriptor, type Portcullis, serve } from '@portcullis/client';
import { Hub, type HubConfig } from '@portcullis/node';
import { Application, Windows as WindowsInterface } from '../generated/index.js';
import { CONNECT_CHANNEL, CONTRACT_CHARACTERS_MAX, ELECTRON_MAJOR_MIN, isContract } from '../shared/words.js';
import { ConnectRefused, refusal } from '../shared/refusal.js';
import { legacyHandle, type LegacyOptions } from './bridge.js';
import type { AttachedContents } from './contents.js';
import { type Attachment, contentsOf, Guests, type WindowAttachment } from './guests.js';
import type { HubLike } from './hub.js';
import { Lifecycle, type QuitOptions } from './lifecycle.js';
import { type AdapterEvent, type AdapterLogger, Reporter } from './log.js';
import type { ContentsParts, ElectronParts, IpcEventParts, SessionParts, UtilityParts, ViewParts } from './parts.js';
import { closeAll } from './port-peer.js';
import { preloadPath, PreloadScript } from './preload-script.js';
import { withMain } from './roles.js';
import { roll, type SupervisedOptions, SupervisedUtility } from './supervisor/process.js';
import { attachUtility, userOfItsOwn, type UtilityAttachment } from './utility.js';
import type { KindConfig } from './windows/kinds.js';
import { Windows } from './windows/registry.js';

/** How the adapter is set up. */
export interface ElectronOptions {
  /** How the hub is made; or a hub. A role `main` that may do everything is added when `schema` is given and none is declared. */
  readonly hub: HubConfig | HubLike;
  /** The module `electron`; found by itself when absent, unless main is bundled. */
  readonly electron?: ElectronParts | undefined;
  /** Interfaces that main uses or serves itself, compared with the hub's at once. */
  readonly interfaces?: readonly InterfaceDescriptor[] | undefined;
  /** The build of the contract; see `connectElectron`. */
  readonly contract?: string | undefined;
  /** The origins of windows that name none. */
  readonly origins?: readonly string[] | undefined;
  /** The absolute path of the preload script; the prebuilt one when absent; false when the application bundles it into its own. */
  readonly preload?: string | false | undefined;
  /** Whether the prebuilt script is that for frames inside pages, too; see `childFrames` of `attachWindow`. */
  readonly childFrames?: boolean | undefined;
  /** The kinds of windows that can be opened, by name. */
  readonly kinds?: { readonly [name: string]: KindConfig } | undefined;
  /** How the application quits. */
  readonly quit?: QuitOptions | undefined;
  /** Where lines go; the console when absent. */
  readonly logger?: AdapterLogger | undefined;
  /** Told of everything that happens to connections. */
  readonly onEvent?: ((event: AdapterEvent) => void) | undefined;
  /** The version of Electron; `process.versions.electron` when absent. */
  readonly electronVersion?: string | undefined;
}

/** The hub in an Electron application. */
export class ElectronPortcullis<H extends HubLike = HubLike> {
  /** JavaScript in main as a peer, with the role `main`. */
  readonly main: Portcullis;
  /** The windows of the application. */
  readonly windows: Windows;
  /** Fulfilled when `portcullis.windows` and `portcullis.application` are served, or are known not to be in the contract. */
  readonly ready: Promise<void>;
  readonly #electron: ElectronParts;
  readonly #reporter: Reporter;
  readonly #guests: Guests;
  readonly #lifecycle: Lifecycle;
  readonly #preload: PreloadScript | undefined;
  readonly #roles: ReadonlySet<string> | undefined;
  #closed = false;
  readonly #onConnect = (event: IpcEventParts, data: unknown) => {
    try {
      this.#guests.connect(event, data);
    } catch (error) {
      // Whatever a page does must not end main.
      closeAll(event.ports);
      this.#reporter.failed(event.sender.id, 'a request to connect failed', error);
    }
  };

  /** Use `createPortcullis`. */
  constructor(
    /** The hub itself. */
    readonly hub: H,
    electron: ElectronParts,
    options: ElectronOptions,
  ) {
    const { contract = '', origins = [], kinds = {}, interfaces = [], quit = {}, logger = console } = options;
    if (!isContract(contract)) throw new RangeError(`contract: at most ${CONTRACT_CHARACTERS_MAX} of A-Z a-z 0-9 . _ -`);
    this.#electron = electron;
    this.#reporter = new Reporter(logger, (event) => {
      if (event.type === 'ended') this.#lifecycle.left(event.peer);
      options.onEvent?.(event);
    });
    this.#preload = options.preload === false ? undefined : new PreloadScript(options.preload ?? preloadPath(options.childFrames === true));
    this.#guests = new Guests(hub, this.#reporter, contract, origins, this.#preload?.filePath);
    this.#roles = hub.roles === undefined ? undefined : new Set(hub.roles());
    this.#checkRole('main');
    for (const { role } of Object.values(kinds)) this.#checkRole(role);
    this.windows = new Windows(kinds, (window, attachment) => this.#attach(window.webContents, attachment), this.#reporter);
    this.#lifecycle = new Lifecycle(electron.app, electron.powerMonitor, hub, quit, logger, this.#reporter);
    this.main = hub.connect({ label: 'main', role: 'main' }, { client: 'main', interfaces, logger });
    electron.ipcMain.on(CONNECT_CHANNEL, this.#onConnect);
    electron.app
      .whenReady()
      .then(() => this.#preload?.register(electron.session.defaultSession))
      .catch((error: unknown) => logger.error('portcullis: the preload script could not be registered; call createPortcullis() once', error));
    this.ready = this.#serve(logger);
  }

  /** The phase that the application is in. */
  get phase() {
    return this.#lifecycle.phase;
  }

  /** Says that everything is there: main's services are served, windows may come. */
  setReady(): void {
    this.#lifecycle.enter({ type: 'ready' });
  }

  /**
   * Lets the pages of a window connect: those of its origins, in its top frame. Call it before the window loads its page. Throws `TypeError`
   * for a list of origins that is none, `RangeError` for a role that is not declared, `Error` for a window that is attached already or destroyed.
   */
  attachWindow(target: ContentsParts | ViewParts, options: WindowAttachment): Attachment {
    const attached = this.#attach(contentsOf(target), options);
    return {
      get peer() {
        return attached.peer;
      },
      revoke: (message = 'main took the grant back') => attached.revoke(message),
    };
  }

  /** Connects a utility process, which calls `connectUtility`. Throws `Error` when it is attached already. */
  attachUtility(child: UtilityParts, options: UtilityAttachment): Attachment {
    this.#checkRole(options.role);
    return attachUtility(this.#electron, this.hub, child, options, this.#reporter);
  }

  /**
   * Starts a utility process, attaches it, and starts it again by rules when it has ended. It is stopped by `stop()` and by the end of the
   * application. Everything that happens to it is an event `supervised`. Throws `RangeError` for a role that is not declared.
   */
  superviseUtility(options: SupervisedOptions): SupervisedUtility {
    this.#checkRole(options.role);
    // One user for all its runs: what handlers still do for the last one counts.
    const { label, role, user = userOfItsOwn() } = options;
    return new SupervisedUtility(options, {
      attach: (child, watcher) => attachUtility(this.#electron, this.hub, child, { label, role, user }, this.#reporter, watcher),
      tell: (what) => this.#reporter.tell({ type: 'supervised', what, label }),
      isQuitting: () => this.#closed || this.#lifecycle.phase.type === 'quitting',
      kill: (pid) => void killed(pid),
      roll,
    });
  }

  /** Registers the preload script for a session before its first window is attached. Windows that are attached see to it themselves. */
  registerPreload(session: SessionParts): void {
    this.#preload?.register(session);
  }

  /** Serves an old channel with a method of a contract; see `LegacyOptions`. What it returns ends that. */
  legacyHandle(channel: string, options: LegacyOptions, method: (...args: any[]) => unknown): () => void {
    return legacyHandle(this.#electron.ipcMain, this.#guests, channel, options, method);
  }

  /** Ends what peers do, within a bound, and then the application; see `QuitOptions`. Called by `before-quit` unless it was told not to. */
  quit(graceMs?: number): Promise<void> {
    return this.#lifecycle.quit(graceMs);
  }

  /** Ends everything at once, for tests. The application goes on. */
  close(): void {
    this.#closed = true;
    this.#electron.ipcMain.removeListener(CONNECT_CHANNEL, this.#onConnect);
    this.#lifecycle.dispose();
    this.hub.close();
  }

  #attach(contents: ContentsParts, options: WindowAttachment): AttachedContents {
    for (const { role } of [options, ...(options.childFrames ?? [])]) this.#checkRole(role);
    this.#preload?.register(contents.session ?? this.#electron.session.defaultSession);
    return this.#guests.attach(contents, options);
  }

  /** A role that nobody declared is a fault of main's, to be found before a page is refused for it. */
  #checkRole(role: string): void {
    if (this.#roles === undefined || this.#roles.has(role)) return;
    throw new RangeError(`portcullis: no role "${role}" is declared; there are: ${[...this.#roles].join(', ')}`);
  }

  async #serve(logger: AdapterLogger): Promise<void> {
    await Promise.all([
      offered(logger, serve(this.main, WindowsInterface, this.windows.handlers), (publisher) => this.windows.publishTo(publisher)),
      offered(logger, serve(this.main, Application, this.#lifecycle.handlers), (publisher) => {
        this.#lifecycle.publisher = publisher;
        publisher.phase(this.#lifecycle.phase);
      }),
    ]);
  }
}

/** An interface that is not in the contract, or not granted to main, is simply not there for anybody. */
async function offered<P>(logger: AdapterLogger, served: Promise<{ readonly publisher: P }>, then: (publisher: P) => void): Promise<void> {
  try {
    then((await served).publisher);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    logger.warn(`portcullis: a built-in interface is not served (${why}); list portcullis_desktop::Windows and Application in the contract to have them`);
  }
}

/** Where `kill()` of Electron asks, this does not. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
    return false;
  }
}

function isHub(hub: HubConfig | HubLike): hub is HubLike {
  return typeof (hub as Partial<HubLike>).attach === 'function';
}

function checkVersion(version: string | undefined, injected: boolean): void {
  if (version === undefined) {
    if (injected) return;
    throw new ConnectRefused(refusal('unsupported_electron', 'this is not the main process of Electron.'));
  }
  if (Number.parseInt(version, 10) >= ELECTRON_MAJOR_MIN) return;
  const message = `this is Electron ${version}; Portcullis needs ${ELECTRON_MAJOR_MIN} or later (session.registerPreloadScript, detached frames): npm install --save-dev electron@latest.`;
  throw new ConnectRefused(refusal('unsupported_electron', message));
}

function findElectron(): ElectronParts {
  try {
    const here: string | undefined = import.meta.url;
    return createRequire(here || `${process.cwd()}/`)('electron') as ElectronParts;
  } catch (cause) {
    throw new Error("portcullis: the module electron was not found; pass it: createPortcullis({ electron, … }) with `import * as electron from 'electron'`", { cause });
  }
}

/**
 * Makes the hub of an application, once, in main. May be called before `app.whenReady()`; windows are attached after that. Throws
 * `ConnectRefused` (`unsupported_electron`), `Error` when addon or preload script are not found, and what the hub says of contract and roles.
 */
export function createPortcullis(options: ElectronOptions & { readonly hub: HubConfig }): ElectronPortcullis<Hub>;
export function createPortcullis<H extends HubLike>(options: ElectronOptions & { readonly hub: H }): ElectronPortcullis<H>;
export function createPortcullis(options: ElectronOptions): ElectronPortcullis {
  checkVersion(options.electronVersion ?? process.versions['electron'], options.electron !== undefined);
  const electron = options.electron ?? findElectron();
  if (isHub(options.hub)) return new ElectronPortcullis(options.hub, electron, options);
  const hub = new Hub(withMain({ logger: options.logger ?? console, ...options.hub }));
  try {
    return new ElectronPortcullis(hub, electron, options);
  } catch (error) {
    // Nothing stays half-started.
    hub.close();
    throw error;
  }
}
