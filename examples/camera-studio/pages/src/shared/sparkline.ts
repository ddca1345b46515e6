/** A small line chart of the last values, as an SVG path. @module */

/** How many values a chart shows. */
export const POINTS_MAX = 60;

const WIDTH = 180;
const HEIGHT = 40;

/**
 * The path of a line through values, scaled so that `ceiling` (or the largest value, if that is more)
 * is at the top; the newest value is at the right edge.
 */
export function linePath(values: readonly number[], ceiling: number): string {
  const top = Math.max(ceiling, ...values, Number.EPSILON);
  const step = WIDTH / (POINTS_MAX - 1);
  const left = WIDTH - step * (values.length - 1);
  return values
    .map((value, i) => {
      const x = (left + i * step).toFixed(1);
      const y = (HEIGHT - 2 - (Math.max(value, 0) / top) * (HEIGHT - 4)).toFixed(1);
      return `${i === 0 ? "M" : "L"}${x} ${y}`;
    })
    .join("");
}

/** Draws into an `svg.sparkline` with two paths: the area, then the line. */
export class Sparkline {
  readonly #values: number[] = [];
  readonly #area: Element;
  readonly #line: Element;

  constructor(svg: SVGElement, readonly ceiling: number) {
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const path = (name: string): Element => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
      element.setAttribute("class", name);
      svg.append(element);
      return element;
    };
    this.#area = path("area");
    this.#line = path("line");
  }

  push(value: number): void {
    this.#values.push(value);
    if (this.#values.length > POINTS_MAX) this.#values.shift();
    const line = linePath(this.#values, this.ceiling);
    this.#line.setAttribute("d", line);
    const left = WIDTH - (WIDTH / (POINTS_MAX - 1)) * (this.#values.length - 1);
    this.#area.setAttribute("d", `${line}L${WIDTH} ${HEIGHT}L${left.toFixed(1)} ${HEIGHT}Z`);
  }
}
