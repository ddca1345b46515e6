/** The example of an application's own addon (`examples/node-addon`), and hubs made of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type Logger, messagePortTransport, type Portcullis } from '@portcullis/client';
import { libraryName } from '../../src/candidates.js';
import { type Attached, Hub, type HubConfig, type HubEvent, type HubPort, type RoleConfig } from '../../src/index.js';
import { Pages, Pictures } from '../generated/index.js';

export const root = fileURLToPath(new URL('../../../../', import.meta.url));
const target = process.env['CARGO_TARGET_DIR'] ?? join(root, 'target');

function built(variable: string, library: string, crate: string): string {
  const path = process.env[variable] ?? join(target, 'debug', libraryName(process.platform, library));
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build -p ${crate}, or its path in ${variable}`);
  return path;
}

/** The application's own addon. */
export const exampleAddon = built('PORTCULLIS_EXAMPLE_ADDON', 'node_addon_example', 'node-addon-example');
/** The addon without an application. */
export const plainAddon = built('PORTCULLIS_PLAIN_ADDON', 'portcullis_node', 'portcullis-node');

/** The example's contract. */
export const schema = readFileSync(join(root, 'examples/node-addon/contract/contract.schema'), 'utf8');

export const ROLES: readonly RoleConfig[] = [
  {
    name: 'main',
    call: ['example.pictures.*', 'example.pages.*'],
    subscribe: ['example.pictures.*'],
    serve: ['example.pages'],
  },
  { name: 'page', call: ['example.pages.*', 'example.pictures.mirror'], serve: ['example.pages'] },
  { name: 'guest' },
];

export const interfaces = [Pictures, Pages];

/** Keeps what was logged. */
export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  error(message: string, ...details: unknown[]): void {
    this.lines.push([message, ...details.map(String)].join(' '));
  }
}

const hubs: Hub[] = [];

/** A hub of the example, closed by `closeHubs`. */
export function exampleHub(config: Partial<HubConfig> = {}): Hub {
  const hub = new Hub({ addon: exampleAddon, roles: ROLES, ...config });
  hubs.push(hub);
  return hub;
}

export function closeHubs(): void {
  for (const hub of hubs.splice(0)) hub.close();
}

/** Main's own peer. */
export function main(hub: Hub): Portcullis {
  return hub.connect({ label: 'main', role: 'main' }, { interfaces });
}

/** A peer at the other end of a message port, as a page is. */
export function page(
  hub: Hub,
  label = 'page',
  role = 'page',
  user?: string,
  ended: HubPort['closed'] = () => {},
): { portcullis: Portcullis; attached: Attached } {
  const { port1, port2 } = new MessageChannel();
  const attached = hub.attach(
    {
      send: (bytes) => port1.postMessage(bytes.buffer, [bytes.buffer]),
      closed: (goodbye) => {
        port1.close();
        ended(goodbye);
      },
    },
    { label, role, user },
  );
  port1.onmessage = ({ data }: MessageEvent<ArrayBuffer | null>) => {
    if (data === null) attached.lost('the page has gone');
    else attached.deliver(new Uint8Array(data));
  };
  return { portcullis: connect(messagePortTransport(port2), { interfaces, logger: new MemoryLogger() }), attached };
}

/** Waits until something holds; the test's own time-out ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    () => {
      throw new Error('it was fulfilled');
    },
    (error: unknown) => error,
  );
}

/** Events of a hub, as they come. */
export function eventsOf(events: HubEvent[], type: HubEvent['type']): HubEvent[] {
  return events.filter((event) => event.type === type);
}
