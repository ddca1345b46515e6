/**
 * What the preload does: it exposes one function, `connect(token)`, which makes a pair of ports, and hands one to main and one to the
 * page. It uses `contextBridge`, `ipcRenderer` and the DOM; nothing but the token crosses the bridge.
 */
import { ADAPTER_PROTOCOL, API, CONNECT_CHANNEL, type ConnectRequest, readToken } from '../shared/words.js';

/** What the preload needs of Electron. */
export interface PreloadParts {
  readonly contextBridge: { exposeInMainWorld(name: string, api: object): void };
  readonly ipcRenderer: { postMessage(channel: string, message: unknown, transfer: MessagePort[]): void };
}

/** What the preload needs of its document. */
export interface PreloadScope {
  readonly self: unknown;
  readonly top: unknown;
  readonly MessageChannel: typeof MessageChannel;
  postMessage(message: unknown, targetOrigin: string, transfer: Transferable[]): void;
}

/** Exposes `window.portcullis`. In a frame inside a page it does so only when `frames` says so; main decides about frames anyway. */
export function expose({ contextBridge, ipcRenderer }: PreloadParts, scope: PreloadScope, frames: boolean): void {
  if (!frames && scope.self !== scope.top) return;
  const connect = (token: unknown): void => {
    const said = readToken(token);
    if (said === undefined) {
      throw new TypeError('portcullis: page and preload script are of different versions of @portcullis/electron');
    }
    const { port1, port2 } = new scope.MessageChannel();
    const request: ConnectRequest = { protocol: said.protocol, preload: ADAPTER_PROTOCOL, hash: said.contract };
    ipcRenderer.postMessage(CONNECT_CHANNEL, request, [port1]);
    // To this very window: no other one sees it.
    scope.postMessage(token, '*', [port2]);
  };
  contextBridge.exposeInMainWorld(API, { connect });
}
