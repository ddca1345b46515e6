/** The two ways from a page to main, each to the same client. @module */

import { connect, type ConnectOptions, connectWithTicket, type Portcullis } from "@portcullis/client";
import { connectElectron } from "@portcullis/electron/renderer";
import type { WindowKind } from "../api";

/** Makes one connection. */
export type Dial = (options: ConnectOptions) => Promise<Portcullis>;

/** In a browser: over a WebSocket, with a ticket for a window of this kind. */
export function overWebSocket(kind: WindowKind): Dial {
  return async (options) => connect(await connectWithTicket({ window: kind }), options);
}

/** In a window of Electron's: over the port that its preload script gets. Which window this is, main knows. */
export const overPort: Dial = async (options) => connectElectron(options);
