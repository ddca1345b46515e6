/** One connection of one document: asks the preload for a port, and gives the client a transport meanwhile. */
import { connect, type ConnectOptions, type Portcullis } from '@portcullis/client';
import { LatePort } from '../shared/late-port.js';
import { ConnectRefused, refusal } from '../shared/refusal.js';
import { API, CONTRACT_CHARACTERS_MAX, isContract, makeToken } from '../shared/words.js';

/** How a page connects. */
export interface ElectronConnectOptions extends Omit<ConnectOptions, 'keepalive'> {
  /**
   * The build of the contract, at most 64 of `A-Za-z0-9._-`: its hash, say. Where main names one as well and they differ, the
   * page is refused before its first message; without it the handshake still compares every interface of `interfaces`.
   */
  readonly contract?: string | undefined;
  /** Told once when main refuses the page, or takes back what it granted. It is logged in any case. */
  readonly onRefused?: ((refused: ConnectRefused) => void) | undefined;
}

/** What is used of a document: its `window`. */
export interface PageScope {
  readonly [API]?: { connect(token: string): void } | undefined;
  readonly process?: { readonly versions?: { readonly electron?: unknown } } | undefined;
  readonly require?: unknown;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void, capture: true): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void, capture: true): void;
}

const refusals = /* @__PURE__ */ new WeakMap<Portcullis, ConnectRefused>();
const ports = /* @__PURE__ */ new WeakMap<PageScope, LatePort>();

/** Whether the preload script ran in this document: `connectElectron` can be called. False in a browser. */
export function isPortcullisPage(): boolean {
  return typeof (window as PageScope)[API]?.connect === 'function';
}

/** Why main refused this connection; undefined unless it did. */
export function refusalOf(portcullis: Portcullis): ConnectRefused | undefined {
  return refusals.get(portcullis);
}

/**
 * Connects this document to the hub in main, once: keep what it returns in a module of its own. Returns at once; calls that are
 * made before the connection stands wait, inside their deadlines. When main refuses, `state` becomes `closed` and `onRefused` says why.
 *
 * A connection lasts as long as its document. After it was closed, the document may connect again.
 *
 * Throws `ConnectRefused` where no message to main is needed to know: `missing_preload`, `node_integration`, `second_connect`;
 * and `RangeError` for a `contract` that is none.
 */
export function connectElectron(options: ElectronConnectOptions = {}): Portcullis {
  return connectPage(window as PageScope, options);
}

/** The same, for the document of a test. */
export function connectPage(page: PageScope, options: ElectronConnectOptions = {}): Portcullis {
  const { contract = '', onRefused, ...rest } = options;
  const logger = rest.logger ?? console;
  if (!isContract(contract)) throw new RangeError(`contract: at most ${CONTRACT_CHARACTERS_MAX} of A-Z a-z 0-9 . _ -`);
  check(page);
  const before = ports.get(page)?.released;
  const port = new LatePort();
  ports.set(page, port);
  // Main may be busy for long and lives exactly as long as its pages can: silence says nothing.
  const portcullis = connect(port, { ...rest, keepalive: false });
  port.onRefused = (refused) => {
    const error = new ConnectRefused(refused);
    refusals.set(portcullis, error);
    logger.error(error.message);
    try {
      onRefused?.(error);
    } catch (fault) {
      logger.error('portcullis: onRefused threw', fault);
    }
  };
  if (before === undefined) ask(page, port, contract);
  else void before.then(() => ask(page, port, contract));
  return portcullis;
}

function check(page: PageScope): void {
  if (typeof page[API]?.connect !== 'function') {
    const message =
      'window.portcullis is missing: the preload script did not run in this document. In main, call createPortcullis() and attachWindow() before loadURL(); ' +
      "an application that bundles its own preload has to `import '@portcullis/electron/preload'` there.";
    throw new ConnectRefused(refusal('missing_preload', message));
  }
  if (page.process?.versions?.electron !== undefined && typeof page.require === 'function') {
    const message = 'Node is integrated into this page, which can do anything then: set nodeIntegration: false in webPreferences.';
    throw new ConnectRefused(refusal('node_integration', message));
  }
  if (ports.get(page)?.isOpen === true) {
    const message = 'this document is connected already: keep the Portcullis that connectElectron() returned, in a module of its own.';
    throw new ConnectRefused(refusal('second_connect', message));
  }
}

/** The page asks first: a port that is posted at the start of a document is lost. */
function ask(page: PageScope, port: LatePort, contract: string): void {
  if (!port.isOpen) return port.lost('the connection was closed before it stood');
  const token = makeToken(contract);
  const listen = (event: MessageEvent) => {
    const [end] = event.ports;
    if (event.source !== (page as unknown) || event.data !== token || end === undefined) return;
    page.removeEventListener('message', listen, true);
    event.stopImmediatePropagation();
    end.onmessage = ({ data }) => port.take(data);
    end.onmessageerror = () => port.lost('a message could not be read');
    // Told by Chromium when the other end is gone; not yet in every library of types.
    end.addEventListener('close' as 'message', () => port.lost('main closed the port'));
    port.adopt(end);
  };
  // Before any listener of the page that may stop it.
  page.addEventListener('message', listen, true);
  try {
    page[API]?.connect(token);
  } catch (error) {
    page.removeEventListener('message', listen, true);
    port.refuse(refusal('version_mismatch', error instanceof Error ? error.message : String(error)));
  }
}
