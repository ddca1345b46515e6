import { describe, expect, it } from "vitest";
import * as format from "../src/shared/format";
import { Value } from "../src/shared/watch";

describe("format", () => {
  it("bytes", () => {
    const cases: [number, string][] = [
      [0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [9949, "9.9 kB"], [9950, "10 kB"], [345_640, "346 kB"],
      [999_499, "999 kB"], [999_500, "1.0 MB"], [12_441_600, "12 MB"], [5e12, "5.0 TB"],
    ];
    for (const [count, text] of cases) expect(format.bytes(count)).toBe(text);
  });

  it("durations", () => {
    const cases: [number, string][] = [
      [0, "0 µs"], [640.4, "640 µs"], [999.6, "1.0 ms"], [1340, "1.3 ms"], [33_400, "33 ms"], [2_500_000, "2.5 s"],
    ];
    for (const [us, text] of cases) expect(format.duration(us)).toBe(text);
  });

  it("times of day, in any zone and before the epoch", () => {
    expect(format.timeOfDay(3_723_250_999n, 0)).toBe("01:02:03.250");
    expect(format.timeOfDay(3_723_250_999n, 90)).toBe("23:32:03.250");
    expect(format.timeOfDay(-1n, 0)).toBe("23:59:59.999");
  });

  it("signs and numbers", () => {
    expect([format.signed(0.7), format.signed(-1.25, 2), format.signed(-0.01)]).toEqual(["+0.7", "−1.25", "0.0"]);
    expect([format.count(1, "row"), format.count(2048n, "row")]).toEqual(["1 row", "2,048 rows"]);
  });
});

describe("value", () => {
  it("tells the last value at once, and nothing after the end", () => {
    const value = new Value<number>();
    const seen: number[] = [];
    const stop = value.watch((each) => seen.push(each));
    value.set(1);
    value.watch((each) => seen.push(each * 10));
    value.set(2);
    stop();
    value.set(3);
    expect(seen).toEqual([1, 10, 2, 20, 30]);
  });
});
