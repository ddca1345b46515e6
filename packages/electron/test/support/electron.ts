/**
 * Electron as far as the adapter uses it: the same calls and events, with ports of Node's behind `MessagePortMain`. It has no Chromium; what
 * depends on that is tested with the stand-in.
 */
import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { ElectronParts, FrameParts } from '../../src/main/index.js';

/** `MessagePortMain` over a port of Node's. */
export class FakePort extends EventEmitter {
  static opened = 0;
  static closed = 0;
  started = false;
  isClosed = false;
  /** Every message that was sent through it. */
  readonly sent: unknown[] = [];
  #open = true;

  constructor(readonly port: MessagePort) {
    super();
    FakePort.opened += 1;
    port.on('close', () => {
      FakePort.closed += 1;
      this.isClosed = true;
      this.#open = false;
      this.emit('close');
    });
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }));
  }

  postMessage(message: unknown): void {
    this.sent.push(message);
    if (this.#open) this.port.postMessage(message);
  }

  close(): void {
    this.port.close();
  }
}

export class FakeFrame implements FrameParts {
  static numbers = 0;
  detached = false;
  destroyed = false;
  readonly processId = 7;
  routingId = (FakeFrame.numbers += 1);

  constructor(
    public url: string,
    public origin: string,
    readonly parent: FakeFrame | null = null,
  ) {}

  isDestroyed(): boolean {
    return this.destroyed;
  }
}

export class FakeSession {
  readonly scripts: { type: 'frame'; filePath: string; id: string }[] = [];

  registerPreloadScript(script: { type: 'frame'; filePath: string; id: string }): string {
    if (this.scripts.some(({ id }) => id === script.id)) throw new Error(`a script ${script.id} is registered already`);
    this.scripts.push(script);
    return script.id;
  }
}

export class FakeContents extends EventEmitter {
  static numbers = 0;
  readonly id = (FakeContents.numbers += 1);
  frame = new FakeFrame('app://studio/index.html', 'app://studio');
  openHandler: ((details: { url: string }) => { action: string }) | undefined;
  #destroyed = false;

  constructor(readonly session: FakeSession) {
    super();
    this.setMaxListeners(50);
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  getURL(): string {
    return this.frame.url;
  }

  get mainFrame(): FakeFrame {
    if (this.#destroyed) throw new Error('Object has been destroyed');
    return this.frame;
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'deny' }): void {
    this.openHandler = handler;
  }

  /** The events of a document that takes the place of the one that was there. */
  navigate(url = this.frame.url, origin = this.frame.origin): FakeFrame {
    this.emit('did-start-navigation', { isSameDocument: false, isMainFrame: true, url });
    this.frame.detached = true;
    this.frame = new FakeFrame(url, origin);
    this.emit('did-frame-navigate', {}, url, 200, 'OK', true, this.frame.processId, this.frame.routingId);
    this.emit('did-stop-loading');
    return this.frame;
  }

  crash(): void {
    this.emit('render-process-gone', {}, { reason: 'killed', exitCode: 9 });
  }

  destroy(): void {
    this.#destroyed = true;
    this.frame.destroyed = true;
    this.emit('destroyed');
  }
}

export class FakeWindow extends EventEmitter {
  static numbers = 0;
  readonly id = (FakeWindow.numbers += 1);
  readonly webContents: FakeContents;
  visible = true;
  focusedNow = false;
  vetoes = false;

  constructor(session: FakeSession) {
    super();
    this.webContents = new FakeContents(session);
  }

  focus(): void {
    this.focusedNow = true;
    this.emit('focus');
  }
  show(): void {
    this.visible = true;
    this.emit('show');
  }
  hide(): void {
    this.visible = false;
    this.emit('hide');
  }
  close(): void {
    if (this.vetoes) {
      this.webContents.emit('will-prevent-unload', {});
      return;
    }
    if (this.isDestroyed()) return;
    this.webContents.destroy();
    this.emit('closed');
  }
  isDestroyed(): boolean {
    return this.webContents.isDestroyed();
  }
  isFocused(): boolean {
    return this.focusedNow;
  }
  isVisible(): boolean {
    return this.visible;
  }
}

/** What `utilityProcess.fork` returns, and the `process.parentPort` of that process. */
export class FakeUtility extends EventEmitter {
  readonly pid: number | undefined = 4711;
  readonly parentPort = new EventEmitter();
  /** How often it was asked to end. */
  asked = 0;

  kill(): boolean {
    this.asked += 1;
    return true;
  }

  postMessage(data: unknown, transfer: FakePort[] = []): void {
    setImmediate(() => this.parentPort.emit('message', { data: structuredClone(data), ports: transfer }));
  }

  exit(code: number): void {
    this.emit('exit', code);
  }
}

class FakeApp extends EventEmitter {
  quits = 0;
  exited = false;
  whenReady(): Promise<void> {
    return Promise.resolve();
  }
  /** As Electron does: listeners may keep it from happening. */
  quit(): void {
    this.quits += 1;
    const event = { defaultPrevented: false, preventDefault: () => void (event.defaultPrevented = true) };
    this.emit('before-quit', event);
    if (!event.defaultPrevented) this.exited = true;
  }
}

class FakeIpcMain extends EventEmitter {
  readonly #handlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>();
  handle(channel: string, handler: (event: any, ...args: any[]) => unknown): void {
    if (this.#handlers.has(channel)) throw new Error(`a second handler for ${channel}`);
    this.#handlers.set(channel, handler);
  }
  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }
  async invoke(contents: FakeContents, channel: string, ...args: unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    if (handler === undefined) throw new Error(`no handler for ${channel}`);
    return handler({ sender: contents, senderFrame: contents.frame.detached ? null : contents.frame }, ...args);
  }
}

export function fakeElectron() {
  const defaultSession = new FakeSession();
  const electron = {
    app: new FakeApp(),
    ipcMain: new FakeIpcMain(),
    powerMonitor: new EventEmitter(),
    session: { defaultSession },
    MessageChannelMain: class {
      readonly port1: FakePort;
      readonly port2: FakePort;
      constructor() {
        const { port1, port2 } = new MessageChannel();
        this.port1 = new FakePort(port1);
        this.port2 = new FakePort(port2);
      }
    },
    window: () => new FakeWindow(defaultSession),
  };
  electron satisfies ElectronParts;
  return electron;
}

export type FakeElectron = ReturnType<typeof fakeElectron>;
