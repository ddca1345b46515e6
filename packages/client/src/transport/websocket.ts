/** A WebSocket as transport, and the way of a page to one: a ticket for the cookie it has, then the upgrade. */
import type { Transport } from './transport.js';

/** The subprotocol of protocol version 1. */
export const SUBPROTOCOL = 'portcullis.v1';
/** What stands before a ticket among the subprotocols. */
export const TICKET_PREFIX = 'ticket.';

/** Opens a WebSocket to `url`. The ticket travels as a subprotocol, so that it stands in no address and no log. */
export function webSocketTransport(url: string | URL, ticket?: string): Transport {
  const protocols = ticket === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, TICKET_PREFIX + ticket];
  const socket = new WebSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  let waiting: Uint8Array<ArrayBuffer>[] | undefined = [];
  let waitingBytes = 0;
  let ended = false;

  const lose = (why: string) => {
    if (ended) return;
    ended = true;
    waiting = undefined;
    socket.close();
    transport.onClose?.(why);
  };
  const transport: Transport = {
    ownsMessages: true,
    onMessage: undefined,
    onClose: undefined,
    send(bytes) {
      if (ended) return;
      if (waiting === undefined) return socket.send(bytes);
      waiting.push(bytes);
      waitingBytes += bytes.length;
    },
    close() {
      ended = true;
      // Without the handshake of a WebSocket there is nobody to say anything to.
      socket.close();
    },
    get bufferedAmount() {
      return socket.bufferedAmount + waitingBytes;
    },
  };
  socket.onopen = () => {
    for (const bytes of waiting ?? []) socket.send(bytes);
    waiting = undefined;
    waitingBytes = 0;
    transport.onDrain?.();
  };
  socket.onmessage = ({ data }) => {
    if (ended) return;
    if (data instanceof ArrayBuffer) transport.onMessage?.(new Uint8Array(data));
    else lose('the hub sent text');
  };
  socket.onclose = ({ code, reason }) => lose(`the WebSocket closed (${code}${reason === '' ? '' : `: ${reason}`})`);
  return transport;
}

/** How to come by a ticket. */
export interface TicketOptions {
  /** The kind of window that this page is, one of those the gate was told of. */
  readonly window: string;
  /** Where the gate is; the page's own origin when absent. */
  readonly base?: string | URL | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the gate for a ticket with the page's cookie, and opens a WebSocket with it. Rejects when there is no ticket: the
 * page was not opened by its launcher, or the gate does not know this kind of window.
 */
export async function connectWithTicket({ window, base, signal }: TicketOptions): Promise<Transport> {
  const root = new URL(base ?? location.origin);
  const answer = await fetch(new URL('/ticket', root), {
    method: 'POST',
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    body: new URLSearchParams({ window }),
    signal: signal ?? null,
  });
  if (!answer.ok) throw new Error(`the gate gave no ticket for a window of kind "${window}" (${answer.status})`);
  const ticket = (await answer.text()).trim();
  const address = new URL('/connect', root);
  address.protocol = root.protocol === 'https:' ? 'wss:' : 'ws:';
  return webSocketTransport(address, ticket);
}
