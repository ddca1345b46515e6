/** From I420 planes (BT.601, video range) to the RGBA pixels of a canvas. @module */

/** Bytes of a picture in I420: chroma planes have half the sides, rounded up. */
export function i420Bytes(width: number, height: number): number {
  return width * height + 2 * ((width + 1) >> 1) * ((height + 1) >> 1);
}

/**
 * Converts one picture. `rgba` has four bytes for each pixel and clamps what is out of range.
 *
 * @throws RangeError when a buffer's length does not fit the size.
 */
export function i420ToRgba(data: Uint8Array, width: number, height: number, rgba: Uint8ClampedArray): void {
  if (data.length !== i420Bytes(width, height)) throw new RangeError(`${data.length} bytes are no ${width}x${height} picture`);
  if (rgba.length !== width * height * 4) throw new RangeError("the pixels do not fit the picture");
  const chromaWidth = (width + 1) >> 1;
  const blueAt = width * height;
  const redAt = blueAt + chromaWidth * ((height + 1) >> 1);
  let out = 0;
  for (let y = 0; y < height; y++) {
    const luma = y * width;
    const chroma = (y >> 1) * chromaWidth;
    for (let x = 0; x < width; x++) {
      // The index is within the length that was checked above.
      const c = 298 * (data[luma + x]! - 16) + 128;
      const at = chroma + (x >> 1);
      const blue = data[blueAt + at]! - 128;
      const red = data[redAt + at]! - 128;
      rgba[out] = (c + 409 * red) >> 8;
      rgba[out + 1] = (c - 100 * blue - 208 * red) >> 8;
      rgba[out + 2] = (c + 516 * blue) >> 8;
      rgba[out + 3] = 255;
      out += 4;
    }
  }
}
