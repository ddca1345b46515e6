/** How pictures arrive at this window: rate, latency, gaps. Times are arguments. @module */

import type { Arrived } from "../api";
import { Latencies } from "./latency";

/** The span over which the rate and the latency are taken, in milliseconds. */
const WINDOW_MS = 1000;
/** More pictures than this within the span are not remembered one by one. */
const PICTURES_MAX = 512;

/** How often this page copies a picture before it is handed on: the client puts it together, once, out of the parcels that it comes in. */
const COPIES = 1n;

/** Counts pictures: gaps as they arrive, rate and latency as they are drawn. */
export class Arrivals {
  readonly #times: number[] = [];
  readonly #latencies: number[] = [];
  #camera: number | undefined;
  #next = 0n;
  #received = 0n;
  #dropped = 0n;
  #missed = 0n;
  #bytes = 0n;
  readonly #total = new Latencies();
  readonly #recent = new Latencies();
  #reported: { readonly atMs: number; readonly received: bigint; readonly bytes: bigint } | undefined;

  /**
   * Counts a picture that arrived `latencyUs` after it was taken, and right before which main has dropped `missed`. Another
   * camera, or a smaller number, begins a new sequence without a gap.
   */
  arrived(camera: number, sequence: bigint, bytes: number, latencyUs: number, missed = 0): void {
    this.#received++;
    this.#missed += BigInt(missed);
    this.#bytes += BigInt(bytes);
    this.#total.record(Math.max(latencyUs, 0));
    this.#recent.record(Math.max(latencyUs, 0));
    if (camera === this.#camera && sequence > this.#next) this.#dropped += sequence - this.#next;
    this.#camera = camera;
    this.#next = sequence + 1n;
  }

  /** Counts a picture that was drawn at `nowMs`, `latencyUs` after it was taken. */
  drawn(nowMs: number, latencyUs: number): void {
    this.#times.push(nowMs);
    this.#latencies.push(Math.max(latencyUs, 0));
    if (this.#times.length > PICTURES_MAX) this.#forget(1);
  }

  /** Pictures that are missing between those that arrived. */
  get dropped(): bigint {
    return this.#dropped;
  }

  /** Sums up for main, and begins the next interval. */
  report(nowMs: number): Arrived {
    const before = this.#reported ?? { atMs: nowMs, received: this.#received, bytes: this.#bytes };
    const seconds = (nowMs - before.atMs) / 1000;
    const rate = (now: bigint, then: bigint): number => (seconds > 0 ? Number(now - then) / seconds : 0);
    const report = {
      framesPerSecond: rate(this.#received, before.received),
      bytesPerSecond: rate(this.#bytes, before.bytes),
      received: this.#received,
      dropped: this.#dropped,
      missed: this.#missed,
      copies: this.#received * COPIES,
      bytes: this.#bytes,
      latencyP50Us: this.#recent.percentile(50),
      latencyP99Us: this.#recent.percentile(99),
      totalLatencyP50Us: this.#total.percentile(50),
      totalLatencyP99Us: this.#total.percentile(99),
    };
    this.#reported = { atMs: nowMs, received: this.#received, bytes: this.#bytes };
    this.#recent.clear();
    return report;
  }

  /** Pictures a second over the last second, and the middle one of their latencies. */
  summary(nowMs: number): { framesPerSecond: number; latencyUs: number | null } {
    const first = this.#times.findIndex((time) => time > nowMs - WINDOW_MS);
    this.#forget(first === -1 ? this.#times.length : first);
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return { framesPerSecond: rate(this.#times, nowMs), latencyUs: sorted[sorted.length >> 1] ?? null };
  }

  #forget(count: number): void {
    this.#times.splice(0, count);
    this.#latencies.splice(0, count);
  }
}

/**
 * From the first to the last picture when there are enough of them: counting the pictures of a second
 * would jump by one at every steady pace.
 */
function rate(times: readonly number[], nowMs: number): number {
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return 0;
  const span = last - first;
  // After the last picture the pace is kept only while the next one may still come.
  const overdue = nowMs - last > (2 * span) / Math.max(times.length - 1, 1);
  if (times.length < 3 || span < WINDOW_MS / 4 || overdue) return (times.length * 1000) / WINDOW_MS;
  return ((times.length - 1) * 1000) / span;
}
