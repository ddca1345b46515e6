/** Components on a page in memory, over mocks: the real codec, session and limits. */
import type { Portcullis } from '@portcullis/client';
import { type Mock, mock as unclosed } from '@portcullis/client/testing';
import { act, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { PortcullisProvider, type Source } from '../src/index.js';
import { open } from './open.js';

/** Closes it at the end of the test, after what was opened later. */
export function closing(close: () => void | Promise<void>): void {
  open.push(close);
}

export const logger = { error: () => undefined };

/** A mock that is closed at the end of the test. */
export const mock: typeof unclosed = async (descriptor, handlers, options) => {
  const made = await unclosed(descriptor, handlers, { connect: { logger }, ...options });
  closing(() => made.close());
  return made;
};

/** Lets what is under way arrive: everything in memory takes microtasks only. */
export async function settled(): Promise<void> {
  await act(async () => {
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  });
}

/** Does something, and lets arrive what comes of it. */
export async function doing(what: () => unknown): Promise<void> {
  await act(async () => void (await what()));
  await settled();
}

/** Components on a page. */
export interface Page {
  readonly element: HTMLElement;
  /** What it shows. */
  readonly text: string;
  show(children: ReactNode): Promise<void>;
  leave(): Promise<void>;
}

/** Shows components over a connection, in StrictMode unless it is `plain`. */
export async function page(source: Source, children: ReactNode, plain = false): Promise<Page> {
  const element = document.createElement('div');
  const root = createRoot(element);
  const show = (children: ReactNode) => {
    const provided = <PortcullisProvider portcullis={source}>{children}</PortcullisProvider>;
    return doing(() => root.render(plain ? provided : <StrictMode>{provided}</StrictMode>));
  };
  const leave = () => doing(() => root.unmount());
  closing(leave);
  await show(children);
  return {
    element,
    get text() {
      return element.textContent ?? '';
    },
    show,
    leave,
  };
}

/** The bindings on the connection of a mock that are not the mock's own. */
export function bindings({ portcullis }: { readonly portcullis: Portcullis }, own = 1): number {
  return portcullis.hub.bindings.size - own;
}

/** How many subscribe to the level of `Topics`: those that get a value which is published now. */
export async function subscribers(topics: Mock<any, any, { levelReported(value: bigint, withinMs: number): PromiseLike<{ delivered: readonly unknown[] }> }>): Promise<number> {
  let count = -1;
  await doing(async () => (count = (await topics.publisher.levelReported(9n, 1000)).delivered.length));
  return count;
}
