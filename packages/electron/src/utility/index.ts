/** The side of a utility process: connects to the hub in main over the port that main sends through `process.parentPort`. */
import { connect, type ConnectOptions, type Portcullis } from '@portcullis/client';
import { LatePort } from '../shared/late-port.js';
import { ConnectRefused, refusal, type RefusalCode, type Hint } from '../shared/refusal.js';
import { ADAPTER_PROTOCOL, type UtilityGreeting } from '../shared/words.js';

export { ConnectRefused, type Hint, type RefusalCode };

/** What is needed of a port in a utility process. */
export interface UtilityPortParts {
  postMessage(message: unknown): void;
  start(): void;
  close(): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** What is needed of `process.parentPort`. */
export interface ParentPortParts {
  on(event: 'message', listener: (event: ParentMessage) => void): unknown;
  removeListener(event: 'message', listener: (event: ParentMessage) => void): unknown;
}

/** A message from main. */
export interface ParentMessage {
  readonly data: unknown;
  readonly ports: readonly UtilityPortParts[];
}

/** How a utility process connects. */
export interface UtilityConnectOptions extends Omit<ConnectOptions, 'keepalive'> {
  /** `process.parentPort` when absent. */
  readonly parentPort?: ParentPortParts | undefined;
}

function isGreeting(data: unknown): data is UtilityGreeting {
  return typeof data === 'object' && data !== null && (data as { portcullis?: unknown }).portcullis === 'utility';
}

/**
 * Connects this utility process, once main has called `attachUtility`; calls that are made before wait, inside their deadlines. Other
 * messages of `parentPort` are left to the application. Throws when this is no utility process.
 */
export function connectUtility(options: UtilityConnectOptions = {}): Portcullis {
  const { parentPort, ...rest } = options;
  const parent = parentPort ?? (process as { parentPort?: ParentPortParts }).parentPort;
  if (parent === undefined || parent === null) {
    throw new Error('portcullis: process.parentPort is missing: connectUtility() is for processes that utilityProcess.fork() started');
  }
  const port = new LatePort();
  const logger = rest.logger ?? console;
  port.onRefused = (refused) => logger.error(new ConnectRefused(refused).message);
  const listen = ({ data, ports: [end] }: ParentMessage) => {
    if (!isGreeting(data) || end === undefined) return;
    parent.removeListener('message', listen);
    if (data.protocol !== ADAPTER_PROTOCOL) {
      end.close();
      const message = `main speaks version ${data.protocol} of the adapter, this process version ${ADAPTER_PROTOCOL}: bundle both with the same @portcullis/electron.`;
      return port.refuse(refusal('version_mismatch', message));
    }
    end.on('message', (event) => port.take(event.data));
    end.on('close', () => port.lost('main closed the port'));
    end.start();
    port.adopt(end);
  };
  parent.on('message', listen);
  // The end of this process is an event of main's, and the end of main is the end of this process: silence says nothing.
  return connect(port, { ...rest, keepalive: false });
}
