/** A page of the tests: the renderer's real bundle, with what it holds where a test can reach it. */
import { iterate, type Portcullis, publisherOf, serve } from '@portcullis/client';
import { connectElectron, type ElectronConnectOptions, refusalOf } from '@portcullis/electron/renderer';
import { Echo } from '../../../client/test/generated/sample-echo.js';
import { Flows } from '../../../client/test/generated/sample-flows.js';
import { Topics } from '../../../client/test/generated/sample-topics.js';
import { Preferences } from '../../../client/test/generated/types.js';
import { Application, Windows } from '../../src/generated/index.js';
import { echo, flows, nothingYet } from './services.js';

const noted = nothingYet();

/** Connects, and waits until the connection stands or is refused: its label, or the refusal. */
async function open(options: ElectronConnectOptions = {}) {
  const portcullis = connectElectron({ interfaces: [Echo, Flows, Topics, Windows, Application], logger: { error: () => undefined }, ...options });
  app.portcullis = portcullis;
  const state = await new Promise<Portcullis['state']>((resolve) => {
    const look = () => portcullis.state.status !== 'connecting' && resolve(portcullis.state);
    look();
    portcullis.onState(look);
  });
  if (state.status === 'connected') return { label: state.label, role: state.role };
  const refused = refusalOf(portcullis);
  return { code: refused?.code, hint: refused?.hint, message: refused?.message ?? (state.status === 'closed' ? state.message : '') };
}

const app = {
  portcullis: undefined as Portcullis | undefined,
  noted,
  open,
  connectElectron,
  refusalOf,
  serve,
  iterate,
  publisherOf,
  Application,
  Windows,
  Echo,
  Flows,
  Topics,
  Preferences,
  services: { echo: (name: string) => echo(name, noted), flows: () => flows(noted) },
};

Object.assign(globalThis, { app });
