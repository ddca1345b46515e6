import * as electron from 'electron';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ApplicationError, serve } from '@portcullis/client';
import { createPortcullis } from '@portcullis/electron/main';
import { type Note, type NoteError, Notes } from './generated/index.js';
import { servePages } from './pages.js';

const { app, BrowserWindow } = electron;
const root = app.getAppPath();
const portcullis = createPortcullis({
  electron,
  hub: {
    schema: readFileSync(path.join(root, 'contract/contract.schema')),
    roles: [{ name: 'editor', call: ['notes.list.*', 'portcullis.windows.open'], subscribe: ['notes.list.*', 'portcullis.windows.*'] }],
  },
  preload: path.join(root, 'dist/preload.cjs'),
  origins: ['app://my-app'],
  kinds: {
    editor: { role: 'editor', create: () => new BrowserWindow(), load: (window) => window.loadURL('app://my-app/index.html') },
  },
});

const notes: Note[] = [];
async function start() {
  const { publisher } = await serve(portcullis.main, Notes, {
    add(note) {
      if (notes.length >= 100) throw new ApplicationError<NoteError>({ type: 'full', limit: 100 });
      publisher.added(note);
      return notes.push(note);
    },
  });
  servePages(path.join(root, 'pages'));
  await portcullis.windows.open('editor');
  portcullis.setReady();
}
// Not awaited at the top of the module: Electron is ready only when main's module has run to its end.
app.whenReady().then(start).catch((error) => {
  console.error(error);
  app.exit(1);
});
