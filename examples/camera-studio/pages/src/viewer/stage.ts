/** The canvas: draws the newest picture once for each screen refresh. @module */

import type { Frame } from "../api";
import { Painter } from "./painter";

/** Shows pictures, and gives the one that is shown as a file. */
export class Stage {
  readonly #painter: Painter;
  /** Whether there is a picture on the canvas. */
  #shown = false;
  #waiting: Frame | undefined;
  #scheduled = false;

  constructor(
    readonly canvas: HTMLCanvasElement,
    /** Called after a picture was drawn. */
    private readonly drawn: (frame: Frame) => void,
  ) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("this browser has no 2D canvas");
    this.#painter = new Painter(context);
  }

  /** Takes a picture; one that came in the meantime takes its place. */
  show(frame: Frame): void {
    this.#waiting = frame;
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) this.#draw(waiting);
    });
  }

  #draw(frame: Frame): void {
    this.#painter.paint(frame);
    this.#shown = true;
    this.drawn(frame);
  }

  /** The picture as a PNG file, with the annotation drawn into it; null while there is none. */
  async png(annotation: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const { width, height } = this.canvas;
    if (!this.#shown) return null;
    const copy = document.createElement("canvas");
    copy.width = width;
    copy.height = height;
    const context = copy.getContext("2d", { alpha: false });
    if (context === null) throw new Error("this browser has no 2D canvas");
    context.drawImage(this.canvas, 0, 0);
    if (annotation !== "") drawAnnotation(context, annotation, width, height);
    const blob = await new Promise<Blob | null>((resolve) => copy.toBlob(resolve, "image/png"));
    if (blob === null) throw new Error("the picture cannot be written as PNG");
    return new Uint8Array(await blob.arrayBuffer());
  }
}

function drawAnnotation(context: CanvasRenderingContext2D, text: string, width: number, height: number): void {
  const size = Math.max(12, Math.round(height / 18));
  context.font = `600 ${size}px "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif`;
  context.textBaseline = "bottom";
  context.lineWidth = size / 5;
  context.lineJoin = "round";
  context.strokeStyle = "rgb(0 0 0 / 70%)";
  context.fillStyle = "white";
  const place = [text, size * 0.8, height - size * 0.7, width - size * 1.6] as const;
  context.strokeText(...place);
  context.fillText(...place);
}
