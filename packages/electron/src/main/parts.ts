/**
 * What the adapter uses of Electron, and no more: Electron's own objects fit, and so does a stand-in. The adapter never imports
 * `electron` for its types.
 */

/** A function that listens; what Electron passes differs by event and is read with care. */
type Listener = (...args: any[]) => void;

/** Something with events. */
export interface EmitterParts {
  on(event: any, listener: Listener): unknown;
  removeListener(event: any, listener: Listener): unknown;
}

/** `MessagePortMain`. */
export interface PortParts extends EmitterParts {
  start(): void;
  postMessage(message: unknown): void;
  close(): void;
}

/** `WebFrameMain`. Its properties may throw once the frame is gone. */
export interface FrameParts {
  readonly origin: string;
  readonly url: string;
  readonly parent: object | null;
  readonly detached: boolean;
  readonly processId: number;
  readonly routingId: number;
  isDestroyed?(): boolean;
}

/** `Session`. */
export interface SessionParts {
  registerPreloadScript(script: { type: 'frame'; filePath: string; id: string }): string;
}

/** `WebContents`. */
export interface ContentsParts extends EmitterParts {
  readonly id: number;
  isDestroyed(): boolean;
  getURL(): string;
  /** The frame of the page itself. Where it is not known, a frame without a parent is taken for it. */
  readonly mainFrame?: FrameParts;
  setWindowOpenHandler(handler: (details: { readonly url: string }) => { action: 'deny' }): void;
  readonly session?: SessionParts;
}

/** `BrowserWindow` or `WebContentsView`, as far as its contents are concerned. */
export interface ViewParts {
  readonly webContents: ContentsParts;
}

/** `BrowserWindow`, as the registry of windows uses it. */
export interface WindowParts extends EmitterParts, ViewParts {
  readonly id: number;
  focus(): void;
  show(): void;
  close(): void;
  isDestroyed(): boolean;
  isFocused(): boolean;
  isVisible(): boolean;
  isMinimized?(): boolean;
  restore?(): void;
  getTitle?(): string;
}

/** The event of `ipcMain.on`. */
export interface IpcEventParts {
  readonly sender: ContentsParts;
  readonly senderFrame: FrameParts | null;
  /** Absent where the renderer has used `send`, which carries none. */
  readonly ports?: readonly PortParts[];
}

/** The event of `ipcMain.handle`. */
export type InvokeEventParts = Pick<IpcEventParts, 'sender' | 'senderFrame'>;

/** `ipcMain`. */
export interface IpcMainParts extends EmitterParts {
  handle?(channel: string, listener: (event: any, ...args: any[]) => unknown): void;
  removeHandler?(channel: string): void;
}

/** `app`. */
export interface AppParts extends EmitterParts {
  whenReady(): Promise<unknown>;
  quit(): void;
}

/** What `utilityProcess.fork` returns. */
export interface UtilityParts extends EmitterParts {
  postMessage(message: any, transfer?: any[]): void;
  readonly pid?: number | undefined;
}

/** The module `electron`, in the main process. */
export interface ElectronParts {
  readonly app: AppParts;
  readonly ipcMain: IpcMainParts;
  readonly powerMonitor: EmitterParts;
  readonly session: { readonly defaultSession: SessionParts };
  readonly MessageChannelMain: new () => { readonly port1: PortParts; readonly port2: PortParts };
}
