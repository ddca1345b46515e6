/** Blobs through the adapter: a page's port and main's copies, with the test kit's hub between them. */
import { connect, type ConnectOptions, memoryPair, serve, type Transport } from '@portcullis/client';
import { expect, test } from 'vitest';
import { Blobs, type BlobsHandlers } from '../../client/test/generated/sample-blobs.js';
import { TestHub } from '../../client/src/testing/hub.js';
import { type Admission, type AttachedLike, createPortcullis, type HubLike, type HubPortLike } from '../src/main/index.js';
import { fakeElectron } from './support/electron.js';
import { Page } from './support/page.js';

const MEGABYTE = 1024 * 1024;

/** The test kit's hub, as the adapter wants one. */
class KitHub implements HubLike {
  readonly kit = new TestHub();

  attach(port: HubPortLike, { label, role }: Admission): AttachedLike {
    const transport: Transport = {
      onMessage: undefined,
      onClose: undefined,
      // The adapter is given views that are good during the call only.
      send: (bytes) => port.send(bytes),
      close: () => port.closed({ reason: 'closed', message: '' }),
    };
    const { peer } = this.kit.attach(transport, label, role);
    return {
      peer,
      deliver: (bytes) => void transport.onMessage?.(bytes),
      lost: (why) => transport.onClose?.(why),
      close: (reason, message = '') => port.closed({ reason, message }),
    };
  }

  connect({ label, role }: { label: string; role: string }, options: ConnectOptions = {}) {
    const [near, far] = memoryPair();
    this.kit.attach(far, label, role);
    return connect(near, options);
  }

  async shutdown(): Promise<void> {}
  close(): void {}
}

test('a page sends and gets blobs over its port, and small calls overtake them', async () => {
  const hub = new KitHub();
  hub.kit.know(Blobs, '', () => undefined);
  const electron = fakeElectron();
  const lines: string[] = [];
  const note = (...line: unknown[]) => void lines.push(line.join(' '));
  const portcullis = createPortcullis({ origins: ['app://studio'], logger: { warn: note, error: note }, electron, hub });
  await serve(portcullis.main, Blobs, {
    echo: (scan) => scan,
    small: (number) => number + 1,
    frames: async function* (count, bytes) {
      for (let n = 0; n < count; n++) yield new Uint8Array(bytes).fill(n);
    },
  } as Partial<BlobsHandlers> as BlobsHandlers);
  const window = electron.window();
  portcullis.attachWindow(window, { label: 'viewer', role: 'viewer' });
  const page = new Page(electron, window.webContents);
  const client = await page.connect().bind(Blobs);

  const points = new Uint8Array(8 * MEGABYTE);
  for (let at = 0; at < points.length; at++) points[at] = at + (at >> 9);
  const ends: string[] = [];
  const large = client.echo({ name: 'left', points, pictures: [points.subarray(0, 70_000), new Uint8Array(0)], preview: null });
  const both = [large.then(() => ends.push('large')), client.small(1).then(() => ends.push('small'))];
  await Promise.all(both);
  expect(ends).toEqual(['small', 'large']);
  const got = await large;
  expect(Buffer.compare(got.points, points)).toBe(0);
  expect(got.pictures.map(({ length }) => length)).toEqual([70_000, 0]);

  let frames = 0;
  for await (const frame of client.frames(5, MEGABYTE)) expect([frame.length, frame[7]]).toEqual([MEGABYTE, frames++]);
  expect(frames).toBe(5);
  page.end();
  portcullis.close();
});
