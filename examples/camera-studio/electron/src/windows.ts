/** The three kinds of windows, and where their links lead. */
import { BrowserWindow } from 'electron';
import type { KindConfig, WindowRegistry } from '@portcullis/electron/main';

const SIZES = { viewer: [1280, 800], controls: [1000, 860], log: [1100, 720] } as const;
const TITLES = { viewer: 'Viewer', controls: 'Controls', log: 'Message log' } as const;

type Kind = keyof typeof TITLES;

/** All kinds, with their pages below `origin`; `opened` is told of each window before its page loads. */
export function kinds(origin: string, opened: (window: BrowserWindow) => void): Record<Kind, KindConfig> {
  const kind = (name: Kind, windowsMax: number): KindConfig => ({
    role: name,
    title: TITLES[name],
    windowsMax,
    create: ({ background }) => {
      const [width, height] = SIZES[name];
      // What Electron does by default, said: the page is in a sandbox, and its world is not the preload's.
      const webPreferences = { sandbox: true, contextIsolation: true, nodeIntegration: false };
      return new BrowserWindow({ width, height, title: TITLES[name], show: !background, webPreferences });
    },
    load: (window: BrowserWindow) => {
      opened(window);
      return window.loadURL(`${origin}/${name}.html`);
    },
  });
  return { viewer: kind('viewer', 4), controls: kind('controls', 1), log: kind('log', 1) };
}

/** Links from one window to another bring that one to the front, or open it. Nothing else opens a window. */
export function followLinks(window: BrowserWindow, origin: string, windows: WindowRegistry): void {
  window.webContents.setWindowOpenHandler(({ url }) => {
    const name = Object.keys(TITLES).find((each) => url === `${origin}/${each}.html`);
    if (name !== undefined) show(name, windows);
    return { action: 'deny' };
  });
}

function show(kind: string, windows: WindowRegistry): void {
  const open = windows.list().windows.find((each) => each.kind === kind);
  const window = open === undefined ? undefined : windows.get(open.label);
  if (window !== undefined) return window.focus();
  windows.open(kind).catch((error: unknown) => console.error(`camera-studio: the ${kind} was not opened`, error));
}
