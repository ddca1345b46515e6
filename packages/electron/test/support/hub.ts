/** A hub that notes what the adapter does with it, and answers as the test tells it. */
import { connect, memoryPair, type Portcullis } from '@portcullis/client';
import type { Admission, AttachedLike, HubLike, HubPortLike } from '../../src/main/index.js';

export class NotedPeer implements AttachedLike {
  readonly delivered: Uint8Array[] = [];
  readonly losses: string[] = [];
  readonly closes: string[] = [];

  constructor(
    readonly peer: number,
    readonly port: HubPortLike,
    readonly admission: Admission,
  ) {}

  deliver(bytes: Uint8Array): void {
    this.delivered.push(bytes.slice());
  }
  lost(why: string): void {
    this.losses.push(why);
    // As the hub does, within the call.
    this.port.closed({ reason: 'closed', message: why });
  }
  close(reason: 'closed' | 'going_away' | 'revoked', message = ''): void {
    this.closes.push(reason);
    setImmediate(() => this.port.closed({ reason, message }));
  }
}

export class NotingHub implements HubLike {
  readonly noted: NotedPeer[] = [];
  readonly shutdowns: number[] = [];
  refuses: string | undefined;
  closed = false;

  attach(port: HubPortLike, admission: Admission): AttachedLike {
    if (this.refuses !== undefined) throw new Error(this.refuses);
    const peer = new NotedPeer(this.noted.length + 1, port, admission);
    this.noted.push(peer);
    return peer;
  }
  connect(): Portcullis {
    // Nobody answers: what main serves through it waits.
    return connect(memoryPair()[0], { keepalive: false });
  }
  async shutdown(graceMs: number): Promise<void> {
    this.shutdowns.push(graceMs);
  }
  close(): void {
    this.closed = true;
  }
}
