/** An application of a test: the adapter over a noting hub and a fake Electron. */
import { type AdapterEvent, createPortcullis, type ElectronOptions, type Refusal } from '../../src/main/index.js';
import { fakeElectron } from './electron.js';
import { NotingHub } from './hub.js';
import { Page } from './page.js';

export function application(options: Partial<ElectronOptions> = {}) {
  const electron = fakeElectron();
  const hub = new NotingHub();
  const events: AdapterEvent[] = [];
  const lines: string[] = [];
  const note = (message: string, ...details: unknown[]) => void lines.push([message, ...details].join(' '));
  const portcullis = createPortcullis({
    origins: ['app://studio'],
    logger: { warn: note, error: note },
    onEvent: (event) => void events.push(event),
    ...options,
    electron,
    hub,
  });
  const attach = (more: { role?: string; user?: string; childFrames?: any; restrict?: boolean } = {}) => {
    const window = electron.window();
    const attachment = portcullis.attachWindow(window, { label: 'viewer', role: 'viewer', ...more });
    return { window, contents: window.webContents, attachment };
  };
  const refusals = (): Refusal[] => events.flatMap((event) => (event.type === 'refused' ? [event.refused] : []));
  const page = (contents: ReturnType<typeof attach>['contents']) => new Page(electron, contents);
  return { electron, hub, events, lines, portcullis, attach, refusals, page };
}
