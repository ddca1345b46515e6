import { describe, expect, it } from "vitest";
import type { LogRecord } from "../src/api";
import { parseFilter } from "../src/log/filter";
import { Ring } from "../src/log/ring";

const record: LogRecord = {
  atUs: 0n, channel: "studio.settings.replace", kind: "call", from: "controls-1", to: "main",
  bytes: 12, durationUs: 640, outcome: "permission_denied",
};

describe("filter", () => {
  it.each([
    ["", true],
    ["   ", true],
    ["settings", true],
    ["SETTINGS Denied", true],
    ["settings frame", false],
    ["main", true],
    ["from:main", false],
    ["from:controls to:main", true],
    ["kind:call outcome:denied channel:studio", true],
    ["-frame", true],
    ["-settings", false],
    ["-from:viewer", true],
    ["-to:main", false],
    ["--settings", true],
    ["-", true],
    ["size:12", false],
  ])("%j", (text, expected) => {
    expect(parseFilter(text)(record)).toBe(expected);
  });
});

describe("ring", () => {
  it("keeps the newest and counts all", () => {
    const ring = new Ring<number>(3);
    expect([...ring.newest()]).toEqual([]);
    for (let i = 1; i <= 2; i++) ring.push(i);
    expect([...ring.newest()]).toEqual([2, 1]);
    for (let i = 3; i <= 10; i++) ring.push(i);
    expect([...ring.newest()]).toEqual([10, 9, 8]);
    expect([ring.length, ring.total]).toEqual([3, 10]);
    ring.clear();
    ring.push(1);
    expect([...ring.newest()]).toEqual([1]);
  });
});
