/** A peer that serves, and the hub of a test that calls it. */
import { toBytes } from '../../src/codec/index.js';
import { type ConnectOptions, serve } from '../../src/index.js';
import { Echo, type EchoHandlers } from '../generated/sample-echo.js';
import { Flows, type FlowsHandlers } from '../generated/sample-flows.js';
import { connected, type HubLimits, type Started } from './hub.js';

export const channel = (name: keyof EchoHandlers) => {
  const found = Echo.channels.find(({ method }) => method === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};
export const flow = (name: keyof FlowsHandlers) => {
  const found = Flows.channels.find(({ method }) => method === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

/** A peer that serves these handlers under export 3. */
export async function echo(handlers: Partial<EchoHandlers>, options: ConnectOptions = {}) {
  const started = await connected(options);
  const served = serve(started.portcullis, Echo, handlers as EchoHandlers, { instance: 'left' });
  const request = await started.hub.served(3);
  return { ...started, served: await served, request };
}

export async function flows(handlers: Partial<FlowsHandlers>, options: ConnectOptions = {}, limits?: HubLimits) {
  const started = await connected(options, limits);
  const served = serve(started.portcullis, Flows, handlers as FlowsHandlers);
  await started.hub.served(3);
  return { ...started, served: await served };
}

let asked = 0;
/** An id for a call of the hub's; each has a slot of its own. */
export const nextId = (): number => 0x1_0000 + asked++;

/** Asks for something, and gives the id under which it was asked. */
export function ask<A>(hub: Started['hub'], of: { ordinal: number; args: any }, args: A, budget = 1000, given?: number): number {
  const id = given ?? nextId();
  hub.send('request', { binding: 3, ordinal: of.ordinal, id, budget, body: toBytes(of.args, args) });
  return id;
}
