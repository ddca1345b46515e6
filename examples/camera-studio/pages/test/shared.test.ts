import { describe, expect, it } from "vitest";
import type { SettingsPatch } from "../src/api";
import { PatchSender } from "../src/controls/patches";
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

describe("patch sender", () => {
  /** Sends that are answered by hand. */
  const bench = () => {
    const sent: SettingsPatch[] = [];
    const failures: [unknown, boolean][] = [];
    const answers: { resolve: () => void; reject: (error: unknown) => void }[] = [];
    const sender: PatchSender = new PatchSender(
      (patch) => {
        sent.push(patch);
        return new Promise((resolve, reject) => answers.push({ resolve, reject }));
      },
      (error) => failures.push([error, sender.isChanging("exposure")]),
    );
    const settle = () => new Promise((resolve) => setTimeout(resolve));
    return { sender, sent, failures, answers, settle };
  };

  it("sends the first at once and gathers what comes until it is answered", async () => {
    const { sender, sent, answers, settle } = bench();
    for (let i = 1; i <= 100; i++) sender.change({ gain: i });
    sender.change({ mirror: true });
    expect(sent).toEqual([{ gain: 1 }]);
    expect([sender.isChanging("gain"), sender.isChanging("exposure")]).toEqual([true, false]);
    answers[0]!.resolve();
    await settle();
    expect(sent).toEqual([{ gain: 1 }, { gain: 100, mirror: true }]);
    answers[1]!.resolve();
    await settle();
    expect(sender.isChanging("gain")).toBe(false);
    expect(sent.length).toBe(2);
  });

  it("goes on after a failure, which it tells", async () => {
    const { sender, sent, failures, answers, settle } = bench();
    sender.change({ exposure: 1 });
    sender.change({ gain: 2 });
    answers[0]!.reject("no");
    await settle();
    // When it is told, the refused field is no longer changing: it can be shown as it was.
    expect(failures).toEqual([["no", false]]);
    expect(sent).toEqual([{ exposure: 1 }, { gain: 2 }]);
  });
});
