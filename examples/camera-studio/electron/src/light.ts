/**
 * The light meter, a utility process: measures brightness and motion of every picture, as the studio's own light meter
 * (`app/src/analysis/light.rs`) does.
 */
import { publisherOf } from '@portcullis/client';
import { connectUtility } from '@portcullis/electron/utility';
import { type Frame, Live, Measurements } from '../../pages/src/generated/index.js';

/** Luma in video range: black, and white above it. */
const BLACK = 16;
const RANGE = 219;

const portcullis = connectUtility({ client: 'light', interfaces: [Live, Measurements] });
const live = await portcullis.bind(Live);
const publisher = await publisherOf(portcullis, Measurements);

let before: Frame | undefined;
live.onFrame((frame) => {
  publisher.measured({ camera: frame.camera, sequence: frame.sequence, ...measure(frame, before) });
  before = frame;
});

function measure({ camera, width, height, data }: Frame, before: Frame | undefined): { brightness: number; motion: number } {
  const pixels = width * height;
  // Another camera or size is another scene.
  const same = before?.camera === camera && before.width === width && before.height === height;
  const last = same ? before.data : data;
  let luma = 0;
  let difference = 0;
  for (let at = 0; at < pixels; at++) {
    // The contract bounds size and bytes each, not that they fit together.
    const value = data[at] ?? BLACK;
    luma += value;
    difference += Math.abs(value - (last[at] ?? BLACK));
  }
  return { brightness: share(luma / pixels - BLACK), motion: share(difference / pixels) };
}

function share(luma: number): number {
  return Math.min(Math.max(luma / RANGE, 0), 1);
}
