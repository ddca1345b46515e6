/** Compiled against the genuine types of Electron, two versions of them: everything that the adapter takes from it fits. */
import * as electron from 'electron';
import { app, BrowserWindow, contextBridge, ipcMain, ipcRenderer, session, utilityProcess, WebContentsView } from 'electron';
import { createPortcullis, type ElectronParts, fromIpcHandler, type WindowParts } from '../src/main/index.js';
import { expose } from '../src/preload/expose.js';
import { connectUtility, type ParentPortParts } from '../src/utility/index.js';

export const parts: ElectronParts = electron;
export const window: WindowParts = new BrowserWindow();
export const parent: ParentPortParts = process.parentPort;

export async function main(): Promise<void> {
  await app.whenReady();
  const portcullis = createPortcullis({
    electron,
    hub: { schema: '{}', roles: [{ name: 'viewer', call: ['studio.cameras.*'] }] },
    origins: ['app://studio'],
    kinds: {
      viewer: {
        role: 'viewer',
        windowsMax: 4,
        create: ({ background }) => new BrowserWindow({ show: !background, webPreferences: { sandbox: true } }),
        load: (made: BrowserWindow, { argument }) => made.loadURL(`app://studio/viewer.html#${argument ?? ''}`),
      },
    },
    quit: { graceMs: 2_000, mayQuit: () => undefined },
    onEvent: (event) => {
      if (event.type === 'refused') console.log(event.refused.hint, event.webContents);
    },
  });
  portcullis.registerPreload(session.fromPartition('persist:other'));
  portcullis.attachWindow(new BrowserWindow(), { label: 'one', role: 'viewer' });
  portcullis.attachWindow(new WebContentsView(), { label: 'two', role: 'viewer', origins: ['app://studio'] });
  portcullis.attachWindow(new WebContentsView().webContents, { label: 'three', role: 'viewer' });
  portcullis.attachUtility(utilityProcess.fork('worker.js'), { label: 'worker', role: 'worker' });
  const fork = () => utilityProcess.fork('worker.js');
  const supervised = portcullis.superviseUtility({ label: 'worker', role: 'worker', fork, policy: { restart: 'transient' } });
  await supervised.stop();
  portcullis.legacyHandle('cameras:list', { roles: ['viewer'], argumentCount: 0 }, () => []);
  const handler = (_event: electron.IpcMainInvokeEvent, name: string) => name.length;
  ipcMain.handle('length', handler);
  fromIpcHandler(handler) satisfies (name: string, cx: never) => number;
  await portcullis.windows.open('viewer', { argument: 'left' });
  connectUtility({ parentPort: process.parentPort });
  expose({ contextBridge, ipcRenderer }, globalThis.window, false);
}

/** What must not compile. */
export function refused(portcullis: ReturnType<typeof createPortcullis>): void {
  const hub = { schema: '{}', roles: [] };
  // @ts-expect-error A window has a role.
  portcullis.attachWindow(new BrowserWindow(), { label: 'one' });
  // @ts-expect-error A list of origins is a list.
  portcullis.attachWindow(new BrowserWindow(), { label: 'one', role: 'viewer', origins: 'app://studio' });
  // @ts-expect-error A utility process is no window.
  portcullis.attachWindow(utilityProcess.fork('worker.js'), { label: 'one', role: 'viewer' });
  // @ts-expect-error A window is no utility process.
  portcullis.attachUtility(new BrowserWindow(), { label: 'one', role: 'viewer' });
  // @ts-expect-error A window is no utility process, and nothing to be started again.
  portcullis.superviseUtility({ label: 'one', role: 'viewer', fork: () => new BrowserWindow() });
  // @ts-expect-error A kind makes a window with `close` and `focus`, which a view has not.
  createPortcullis({ electron, hub, kinds: { viewer: { role: 'viewer', create: () => new WebContentsView() } } });
  // @ts-expect-error There is no such option.
  createPortcullis({ electron, hub, origin: ['app://studio'] });
  // @ts-expect-error How many arguments an old channel takes has to be said.
  portcullis.legacyHandle('cameras:list', { roles: ['viewer'] }, () => []);
  // @ts-expect-error A preload is bundled, not given.
  createPortcullis({ electron, hub, preload: true });
}
