/** An application of a test over the real hub: the addon that `cargo build -p portcullis-node` makes. */
import { readFileSync } from 'node:fs';
import type { Portcullis } from '@portcullis/client';
import { Hub, type HubEvent, type RoleConfig } from '@portcullis/node';
import { type AdapterEvent, createPortcullis, type ElectronOptions, type WindowAttachment } from '../../src/main/index.js';
import { withMain } from '../../src/main/roles.js';
import { connectUtility, type ParentPortParts } from '../../src/utility/index.js';
import { fakeElectron, FakeUtility } from './electron.js';
import { Page } from './page.js';

interface Schema {
  readonly interfaces: readonly { readonly name: string }[];
  readonly types: object;
}

function schemaOf(path: string): Schema {
  return JSON.parse(readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')) as Schema;
}

/** The contract of all tests, and the built-in interfaces, as an application's own contract would hold them. */
export function contract(): string {
  const sample = schemaOf('tests/sample-contract/contract.schema');
  const desktop = schemaOf('crates/portcullis-desktop/contract.schema');
  const interfaces = [...desktop.interfaces, ...sample.interfaces].sort((one, other) => (one.name < other.name ? -1 : 1));
  const types = Object.fromEntries(Object.entries({ ...sample.types, ...desktop.types }).sort(([one], [other]) => (one < other ? -1 : 1)));
  return JSON.stringify({ ...sample, interfaces, types });
}

const BUILT_IN = ['portcullis.windows.*', 'portcullis.application.*'];

const ROLES: readonly RoleConfig[] = [
  {
    name: 'viewer',
    call: ['sample.echo.*', 'sample.flows.*', 'sample.topics.*', ...BUILT_IN],
    subscribe: ['sample.topics.*', ...BUILT_IN],
    serve: ['sample.echo', 'sample.flows', 'sample.topics'],
  },
  { name: 'log', call: ['portcullis.windows.list'], subscribe: ['portcullis.windows.windows'] },
];

/** The contract of all tests, without the built-in interfaces. */
export function sampleContract(): string {
  return JSON.stringify(schemaOf('tests/sample-contract/contract.schema'));
}

/** `close` of its `portcullis` ends everything that it opens. Without the built-in interfaces it has no roles. */
export function realApplication(options: Partial<ElectronOptions> = {}, schema?: string) {
  const electron = fakeElectron();
  const events: AdapterEvent[] = [];
  const hubEvents: HubEvent[] = [];
  const lines: string[] = [];
  const note = (message: string, ...details: unknown[]) => void lines.push([message, ...details].join(' '));
  const logger = { warn: note, error: note };
  const hub = new Hub(withMain({ schema: schema ?? contract(), roles: schema === undefined ? ROLES : [], logger, onEvent: (event) => void hubEvents.push(event) }));
  const portcullis = createPortcullis({ origins: ['app://studio'], logger, onEvent: (event) => void events.push(event), ...options, electron, hub });

  /** A window with a document that is connected. */
  const open = (label: string, connect: Parameters<Page['connect']>[0] = {}, more: Partial<WindowAttachment> = {}) => {
    const window = electron.window();
    const attachment = portcullis.attachWindow(window, { label, role: 'viewer', ...more });
    const page = new Page(electron, window.webContents);
    return { window, attachment, page, portcullis: page.connect(connect) };
  };
  /** A utility process that is connected. */
  const fork = (label: string): { child: FakeUtility; portcullis: Portcullis } => {
    const child = new FakeUtility();
    portcullis.attachUtility(child, { label, role: 'viewer' });
    return { child, portcullis: connectUtility({ parentPort: child.parentPort as unknown as ParentPortParts, logger }) };
  };
  const labels = () => hub.peers().map(({ label }) => label).sort();
  return { electron, events, hubEvents, lines, hub, portcullis, open, fork, labels };
}

/** Handlers of an interface, of which a test needs only some. */
export function handlers<H extends object>(some: Partial<H>): H {
  return new Proxy(some, {
    get: (of, name) => Reflect.get(of, name) ?? (() => { throw new Error(`${String(name)} is not served`); }),
  }) as H;
}
