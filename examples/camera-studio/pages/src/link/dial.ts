/** The two ways from a page to main, each to the same client. @module */

import { connect, type ConnectOptions, connectWithTicket, type Portcullis } from "@portcullis/client";
import { connectElectron } from "@portcullis/electron/renderer";
import type { WindowKind } from "../api";

/** Makes one connection, and hands it to `opened` at once, so that nothing of its state is missed. */
export type Dial = (options: ConnectOptions, opened: (portcullis: Portcullis) => void) => Promise<void>;

/** In a browser: over a WebSocket, with a ticket for a window of this kind. */
export function overWebSocket(kind: WindowKind): Dial {
  return async (options, opened) => opened(connect(await connectWithTicket({ window: kind }), options));
}

/** In a window of Electron's: over the port that its preload script gets. Which window this is, main knows. */
export const overPort: Dial = async (options, opened) => opened(connectElectron(options));
