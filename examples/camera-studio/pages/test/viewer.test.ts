import { describe, expect, it } from "vitest";
import { linePath, POINTS_MAX } from "../src/shared/sparkline";
import { Arrivals } from "../src/viewer/arrivals";
import { Latencies } from "../src/viewer/latency";
import { i420Bytes, i420ToRgba } from "../src/viewer/i420";

describe("I420 to RGBA", () => {
  /** One colour over a picture of odd sides, as the pixels it becomes. */
  const convert = (luma: number, blue: number, red: number): number[][] => {
    const data = new Uint8Array(i420Bytes(3, 3));
    data.fill(luma, 0, 9).fill(blue, 9, 13).fill(red, 13);
    const rgba = new Uint8ClampedArray(36);
    i420ToRgba(data, 3, 3, rgba);
    return Array.from({ length: 9 }, (_, i) => [...rgba.slice(i * 4, i * 4 + 4)]);
  };

  it.each([
    ["black", [16, 128, 128], [0, 0, 0]],
    ["white", [235, 128, 128], [255, 255, 255]],
    ["red", [81, 90, 240], [255, 0, 0]],
    ["green", [145, 54, 34], [0, 255, 1]],
    ["blue", [41, 240, 110], [0, 0, 255]],
    ["less than black", [0, 128, 128], [0, 0, 0]],
  ])("%s", (_, [luma, blue, red], expected) => {
    for (const pixel of convert(luma!, blue!, red!)) {
      expect(pixel[3]).toBe(255);
      expected.forEach((value, i) => expect(Math.abs(pixel[i]! - value)).toBeLessThanOrEqual(1));
    }
  });

  it("takes chroma from the sample of the pixel's square", () => {
    const data = new Uint8Array(i420Bytes(4, 2)).fill(128);
    data[8] = 240;
    const rgba = new Uint8ClampedArray(32);
    i420ToRgba(data, 4, 2, rgba);
    const blues = Array.from({ length: 8 }, (_, i) => rgba[i * 4 + 2]! > 200);
    expect(blues).toEqual([true, true, false, false, true, true, false, false]);
  });

  it("refuses buffers that do not fit", () => {
    expect(() => i420ToRgba(new Uint8Array(5), 2, 2, new Uint8ClampedArray(16))).toThrow(RangeError);
    expect(() => i420ToRgba(new Uint8Array(6), 2, 2, new Uint8ClampedArray(12))).toThrow(RangeError);
  });
});

describe("arrivals", () => {
  it("gives a steady pace as it is", () => {
    const arrivals = new Arrivals();
    for (let i = 0; i <= 60; i++) arrivals.drawn(i * (1000 / 30), i % 2 === 0 ? 1000 : 3000);
    const summary = arrivals.summary(2000);
    expect(summary.framesPerSecond).toBeCloseTo(30);
    expect([1000, 3000]).toContain(summary.latencyUs);
  });

  it("falls to nothing when no more pictures come", () => {
    const arrivals = new Arrivals();
    for (let i = 0; i < 30; i++) arrivals.drawn(i * 33, -5);
    expect(arrivals.summary(1400).framesPerSecond).toBeLessThan(20);
    expect(arrivals.summary(1400).latencyUs).toBe(0);
    expect(arrivals.summary(5000)).toEqual({ framesPerSecond: 0, latencyUs: null });
  });

  it("counts gaps, but not a restart or another camera", () => {
    const arrivals = new Arrivals();
    for (const [camera, sequence] of [[1, 5n], [1, 6n], [1, 9n], [2, 50n], [2, 51n], [2, 0n], [2, 1n]] as const) {
      arrivals.arrived(camera, sequence, 100, 10);
    }
    expect(arrivals.dropped).toBe(2n);
  });

  it("tell what main has dropped, and that each picture is copied once here", () => {
    const arrivals = new Arrivals();
    for (const [sequence, missed] of [[0n, 0], [3n, 2], [5n, 0]] as const) arrivals.arrived(1, sequence, 100, 10, missed);
    expect(arrivals.report(1000)).toMatchObject({ received: 3n, dropped: 3n, missed: 2n, copies: 3n });
  });

  it("reports the last interval and all before it", () => {
    const arrivals = new Arrivals();
    expect(arrivals.report(1000)).toMatchObject({ framesPerSecond: 0, received: 0n, latencyP50Us: 0n, totalLatencyP99Us: 0n });
    for (let i = 0n; i < 60n; i++) arrivals.arrived(1, i, 100, 10);
    expect(arrivals.report(3000)).toMatchObject({ framesPerSecond: 30, bytesPerSecond: 3000, received: 60n, latencyP99Us: 10n });
    for (let i = 60n; i < 70n; i++) arrivals.arrived(1, i, 100, 12);
    expect(arrivals.report(4000)).toMatchObject({ framesPerSecond: 10, bytes: 7000n, latencyP50Us: 12n, totalLatencyP50Us: 10n });
  });
});

describe("latencies", () => {
  it("have percentiles that are at most a sixteenth too high", () => {
    for (const scale of [1, 37, 900, 1e6]) {
      const latencies = new Latencies();
      const values = Array.from({ length: 200 }, (_, i) => (((i * 7919) % 200) + 1) * scale);
      values.forEach((value) => latencies.record(value));
      values.sort((a, b) => a - b);
      for (const percent of [0, 1, 50, 99, 100]) {
        const exact = values[Math.max(Math.ceil((200 * percent) / 100), 1) - 1]!;
        const seen = Number(latencies.percentile(percent));
        expect(seen).toBeGreaterThanOrEqual(exact);
        expect(seen).toBeLessThanOrEqual(exact * (1 + 1 / 16));
      }
    }
  });

  it("never exceed the longest, and forget", () => {
    const latencies = new Latencies();
    latencies.record(1_000_001);
    expect(latencies.percentile(99)).toBe(1_000_001n);
    latencies.record(1e12);
    expect(latencies.percentile(100)).toBe(1_000_000_000_000n);
    latencies.clear();
    expect(latencies.percentile(50)).toBe(0n);
  });
});

describe("sparkline", () => {
  it("ends at the right edge and stays inside", () => {
    expect(linePath([], 1)).toBe("");
    expect(linePath([0, 1], 1)).toMatch(/^M\S+ 38\.0L180\.0 2\.0$/);
    const path = linePath(Array.from({ length: POINTS_MAX }, (_, i) => i * 10), 1);
    expect(path.startsWith("M0.0 ")).toBe(true);
    for (const [, y] of path.matchAll(/ (\S+?)(?=L|$)/g)) expect(Number(y)).toBeGreaterThanOrEqual(2);
  });
});
