/** A document: the preload's code with a bridge that copies, and the page's code with a window that posts messages to itself. */
import { MessageChannel } from 'node:worker_threads';
import type { Portcullis } from '@portcullis/client';
import { type ElectronConnectOptions, connectPage, type PageScope } from '../../src/renderer/connect.js';
import { expose, type PreloadScope } from '../../src/preload/expose.js';
import { type FakeContents, type FakeElectron, type FakeFrame, FakePort } from './electron.js';

type Listener = (event: MessageEvent) => void;

/** One document. When it ends its ports do, as in Chromium. */
export class Page {
  readonly #listeners = new Set<Listener>();
  /** Main's end and the page's, for each connection that was asked for. */
  readonly ports: FakePort['port'][] = [];
  readonly scope: PageScope & PreloadScope;
  readonly errors: string[] = [];
  readonly logger = { error: (message: string) => void this.errors.push(message) };

  constructor(
    readonly electron: FakeElectron,
    readonly contents: FakeContents,
    readonly frame: FakeFrame = contents.frame,
    frames = false,
  ) {
    const { ports } = this;
    const scope = {
      self: {} as unknown,
      top: undefined as unknown,
      MessageChannel: class {
        constructor() {
          const pair = new MessageChannel();
          ports.push(pair.port1, pair.port2);
          return pair as unknown as MessageChannel;
        }
      },
      addEventListener: (_type: 'message', listener: Listener) => void this.#listeners.add(listener),
      removeEventListener: (_type: 'message', listener: Listener) => void this.#listeners.delete(listener),
      postMessage: (data: unknown, _origin: string, ports: readonly unknown[]) => {
        setImmediate(() => this.dispatch({ data, ports, source: scope }));
      },
      portcullis: undefined as PageScope['portcullis'],
    };
    scope.top = frame.parent === null ? scope.self : {};
    this.scope = scope as unknown as PageScope & PreloadScope;
    expose(
      {
        contextBridge: {
          exposeInMainWorld: (_name, api) => {
            const { connect } = api as { connect(token: unknown): void };
            scope.portcullis = Object.freeze({ connect: (token: unknown) => connect(structuredClone(token)) });
          },
        },
        ipcRenderer: { postMessage: (channel, message, transfer) => this.send(channel, message, transfer) },
      },
      this.scope,
      frames,
    );
  }

  /** Something is posted to this window. */
  dispatch(event: object): void {
    for (const listener of [...this.#listeners]) listener({ stopImmediatePropagation: () => {}, ...event } as unknown as MessageEvent);
  }

  /** `ipcRenderer.postMessage`: it reaches main a turn later, when the frame may be another one. */
  send(channel: string, message: unknown, transfer: readonly unknown[]): FakePort[] {
    const data = structuredClone(message);
    const ports = transfer.map((port) => new FakePort(port as FakePort['port']));
    setImmediate(() => {
      const { contents, frame } = this;
      this.electron.ipcMain.emit(channel, { sender: contents, senderFrame: frame.destroyed ? null : frame, ports }, data);
    });
    return ports;
  }

  connect(options: ElectronConnectOptions = {}): Portcullis {
    return connectPage(this.scope, { logger: this.logger, ...options });
  }

  /** The document is gone, and its ports with it. */
  end(): void {
    for (const port of this.ports) port.close();
  }
}

/** The next time that something is so; what never becomes so is ended by the test's watchdog. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything that is under way arrive. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}
