/** A hub that does what a test tells it: it takes frames apart, and sends any bytes. */
import { Reader, toBytes, Writer } from '../../src/codec/index.js';
import {
  connect,
  type ConnectOptions,
  type Codec,
  type InterfaceDescriptor,
  type Logger,
  memoryPair,
  type Portcullis,
  REASON_CODES,
  type ReasonName,
  STATUS_CODES,
  type StatusName,
  type Transport,
} from '../../src/index.js';
import { buildFrame, type Frame, joinBytes, type Kind, parseFrame, splitFrames, wholeBytes } from './bytes.js';

export const CALLEE = 1;
export const ACK = 2;
const NO_BYTES = new Uint8Array(0);

/** Bytes of the protocol's own bodies, written from its text. */
export function body(write: (out: Writer) => void): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  write(out);
  return out.copy();
}

export interface HubLimits {
  frameBytes?: number;
  windowBytes?: number;
  calls?: number;
  streamItems?: number;
  streamBytes?: number;
  blobBytes?: number;
}

export function welcomeBody(limits: HubLimits = {}): Uint8Array<ArrayBuffer> {
  return body((out) => {
    out.u16(1);
    out.u32(limits.frameBytes ?? 16 << 20);
    out.u32(limits.windowBytes ?? 4 << 20);
    out.u16(limits.calls ?? 1024);
    out.u32(limits.streamItems ?? 16);
    out.u32(limits.streamBytes ?? 1 << 20);
    out.u32(limits.blobBytes ?? 64 << 20);
    out.u16(0);
    out.u32(7);
    out.string('viewer-1');
    out.string('viewer');
  });
}

export function failureBody(message: string, path = '', correlation = 0n, retry: number = 0): Uint8Array<ArrayBuffer> {
  return body((out) => {
    out.string('');
    out.string(path);
    out.string(message);
    out.u8(retry);
    out.u64(correlation);
  });
}

/** What a `Failure` says. */
export function readFailure(bytes: Uint8Array) {
  const input = new Reader(bytes);
  return {
    channel: input.string(),
    path: input.string(),
    message: input.string(),
    retry: input.u8(),
    correlation: input.u64(),
  };
}

export function statusOf(frame: Frame): StatusName {
  const found = Object.entries(STATUS_CODES).find(([, code]) => code === frame.ordinal);
  if (found === undefined) throw new Error(`status ${frame.ordinal}`);
  return found[0] as StatusName;
}

/** What was logged. */
export class MemoryLogger implements Logger {
  readonly lines: { message: string; details: unknown[] }[] = [];
  error(message: string, ...details: unknown[]): void {
    this.lines.push({ message, details });
  }
}

export class FakeHub {
  readonly frames: Frame[] = [];
  /** Frames of each message that came, to see what left together. */
  readonly messages: Frame[][] = [];
  closed: string | undefined;
  /** Whether pings are answered, as they must be. */
  answersPings = true;
  readonly #waiters: { kind: Kind; resolve: (frame: Frame) => void }[] = [];

  constructor(readonly transport: Transport) {
    transport.onMessage = (bytes) => {
      const used = transport.isStream === true ? wholeBytes(bytes) : bytes.length;
      const frames = splitFrames(bytes.subarray(0, used)).map(parseFrame);
      this.messages.push(frames);
      for (const frame of frames) {
        if (frame.kind === 'ping' && this.answersPings) {
          this.send('pong', { id: frame.id });
          continue;
        }
        const waiter = this.#waiters.findIndex(({ kind }) => kind === frame.kind);
        if (waiter < 0) this.frames.push(frame);
        else this.#waiters.splice(waiter, 1)[0]?.resolve(frame);
      }
      return used;
    };
    transport.onClose = (why) => {
      this.closed = why;
    };
  }

  /** The next frame of that kind, now or later. */
  next(kind: Kind): Promise<Frame> {
    const at = this.frames.findIndex((frame) => frame.kind === kind);
    if (at >= 0) return Promise.resolve(this.frames.splice(at, 1)[0] as Frame);
    return new Promise((resolve) => this.#waiters.push({ kind, resolve }));
  }

  send(kind: Kind | number, fields: Parameters<typeof buildFrame>[1] = {}): void {
    this.transport.send(buildFrame(kind, fields));
  }

  /** Several frames in one message. */
  sendAll(...frames: readonly Uint8Array[]): void {
    this.transport.send(joinBytes(...frames));
  }

  async welcome(limits?: HubLimits): Promise<Frame> {
    const hello = await this.next('hello');
    this.send('welcome', { body: welcomeBody(limits) });
    return hello;
  }

  /** Answers the next bind with that number. */
  async bound(binding: number): Promise<Frame> {
    const request = await this.next('request');
    const bytes = body((out) => {
      out.u32(binding);
      out.string('main');
      out.string('');
    });
    this.end(request.id, 'ok', bytes);
    return request;
  }

  /** Answers the next serve with that number. */
  async served(exported: number): Promise<Frame> {
    const request = await this.next('request');
    this.end(request.id, 'ok', body((out) => out.u32(exported)));
    return request;
  }

  end(id: number, status: StatusName, bytes: Uint8Array = NO_BYTES): void {
    this.send('end', { id, ordinal: STATUS_CODES[status], body: bytes });
  }

  fail(id: number, status: StatusName, message = 'no', path = ''): void {
    this.end(id, status, failureBody(message, path));
  }

  /** An item down, of a stream or topic of the peer's. */
  item<T>(id: number, codec: Codec<T> | null, value: T, fields: { missed?: number; token?: number } = {}): void {
    const flags = CALLEE | (fields.token === undefined ? 0 : ACK);
    const { missed = 0, token = 0 } = fields;
    if (codec === null) throw new Error('there is no such flow');
    this.send('item', { flags, id, ordinal: missed, budget: token, body: toBytes(codec, value) });
  }

  goodbye(reason: ReasonName, message: string): void {
    this.send('goodbye', { ordinal: REASON_CODES[reason], body: new TextEncoder().encode(message) });
  }
}

export interface Started {
  readonly portcullis: Portcullis;
  readonly hub: FakeHub;
  readonly logger: MemoryLogger;
}

/** A client and a hub that have not greeted yet. */
export function pair(options: ConnectOptions = {}): Started {
  const [near, far] = memoryPair();
  const hub = new FakeHub(far);
  const logger = new MemoryLogger();
  return { portcullis: connect(near, { logger, client: 'test', ...options }), hub, logger };
}

/** A client whose connection stands. */
export async function connected(options: ConnectOptions = {}, limits?: HubLimits): Promise<Started> {
  const started = pair(options);
  await started.hub.welcome(limits);
  await turn();
  return started;
}

/** A client of an interface, with binding number 5. */
export async function bound<Client extends object>(
  descriptor: InterfaceDescriptor<Client>,
  options: ConnectOptions = {},
  limits?: HubLimits,
): Promise<Started & { client: Client }> {
  const started = await connected(options, limits);
  const client = started.portcullis.bind(descriptor);
  await started.hub.bound(5);
  return { ...started, client: await client };
}

/** Lets everything that is under way arrive: microtasks, and one turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
