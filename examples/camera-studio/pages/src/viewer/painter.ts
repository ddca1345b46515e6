/** I420 planes on a canvas: converted by the browser where it can, which takes a fraction of the time, and else by `i420`. @module */

import type { Frame } from "../api";
import { i420ToRgba } from "./i420";

/** BT.601 in video range, and nothing else to be converted: the canvas takes the colours as they are. */
const COLOURS = { primaries: "bt709", transfer: "iec61966-2-1", matrix: "smpte170m", fullRange: false } as const;

/** Draws pictures on one canvas after the other. */
export class Painter {
  #image: ImageData | undefined;

  constructor(
    readonly context: CanvasRenderingContext2D,
    /** Whether the browser is asked to convert, where it can. */
    private readonly native = typeof VideoFrame === "function",
  ) {}

  /** Draws a picture, which gives the canvas its size. */
  paint({ data, width, height, capturedUs }: Frame): void {
    const { canvas } = this.context;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    // Browsers know halved chroma planes of even sides only.
    if (!this.native || width % 2 !== 0 || height % 2 !== 0) return this.#convert(data, width, height);
    const size = { codedWidth: width, codedHeight: height };
    const picture = new VideoFrame(data as Uint8Array<ArrayBuffer>, { format: "I420", ...size, timestamp: Number(capturedUs), colorSpace: COLOURS });
    try {
      this.context.drawImage(picture, 0, 0);
    } finally {
      picture.close();
    }
  }

  #convert(data: Uint8Array, width: number, height: number): void {
    if (this.#image?.width !== width || this.#image.height !== height) this.#image = this.context.createImageData(width, height);
    i420ToRgba(data, width, height, this.#image.data);
    this.context.putImageData(this.#image, 0, 0);
  }
}
