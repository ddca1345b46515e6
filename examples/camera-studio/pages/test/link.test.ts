import { ApplicationError, CallError } from "@portcullis/client";
import { describe, expect, it } from "vitest";
import { StudioError } from "../src/api";
import { CameraId, type CameraError, type WindowError, type WindowInfo, type WindowKind } from "../src/generated/types";
import * as convert from "../src/link/convert";

describe("what travels, in the windows' words", () => {
  it("cameras", () => {
    const camera = { id: CameraId(1), name: "Camera 1", source: "y4m:-", width: 4, height: 2, framesPerSecond: 30, restarts: 1 };
    expect(convert.camera({ ...camera, status: { type: "live" } })).toMatchObject({ status: "live", detail: "" });
    const failed = { type: "failed", reason: "missing file" } as const;
    expect(convert.camera({ ...camera, status: failed })).toMatchObject({ status: "failed", detail: "missing file" });
  });

  it("moments and times, to the microsecond", () => {
    const frame = { camera: CameraId(1), sequence: 7n, captured: 1795411413933.739, width: 1, height: 1, data: new Uint8Array(3) };
    expect(convert.frame(frame, { missed: 2 })).toMatchObject({ capturedUs: 1795411413933739n, missed: 2 });
    const record = { at: 0.5, channel: "a.b", kind: "call", from: "x", to: "y", bytes: 1, duration: 1.25, outcome: "ok" } as const;
    expect(convert.logRecord(record)).toMatchObject({ atUs: 500n, durationUs: 1250 });
    expect(convert.logRecord({ ...record, duration: null }).durationUs).toBe(null);
  });

  it("windows, each with what its kind lets be done with it", () => {
    const kind = (name: string, opens: boolean, windowsMax: number): WindowKind => ({
      name, title: name.toUpperCase(), opens, closes: true, focuses: !opens, windowsMax,
    });
    const window = (kind: string, more: Partial<WindowInfo>): WindowInfo => ({
      label: `${kind}-1`, kind, role: null, title: null, phase: "open", since: 0, connected: true,
      focused: false, hidden: false, unresponsive: false, reloads: 0, problem: null, ...more,
    });
    const kinds = [kind("page", false, 9), kind("light", true, 1), kind("full", true, 1)];
    const show = (more: Partial<WindowInfo>) => convert.windowList({ kinds, windows: [window("page", more)] }).windows[0];
    expect(show({})).toEqual({ label: "page-1", title: "PAGE", status: "open", detail: "", closes: true, focuses: true });
    expect(show({ connected: false })?.status).toBe("away");
    expect(show({ hidden: true })?.status).toBe("hidden");
    expect(show({ hidden: true, unresponsive: true })?.status).toBe("unresponsive");
    expect(show({ phase: "crashed", problem: "killed", connected: false })).toMatchObject({ status: "crashed", detail: "killed" });
    expect(show({ phase: "closing", unresponsive: true })?.status).toBe("closing");
    // One that can be opened and has room; a kind that nobody knows is left out.
    const list = convert.windowList({ kinds, windows: [window("full", {}), window("odd", {})] });
    expect(list.openable).toEqual([{ name: "light", title: "LIGHT" }]);
    expect(list.windows.map(({ label }) => label)).toEqual(["full-1"]);
  });

  it("why nothing was done with a window", () => {
    const why = (error: WindowError) => convert.windowError(error);
    expect(why({ type: "noSuchWindow", label: "viewer-9" })).toBe("The window viewer-9 has closed already.");
    expect(why({ type: "notPossible", action: "focus", reason: "not from here" })).toBe("Not from here.");
    expect(why({ type: "tooMany", windowsMax: 1 })).toContain("1 of them");
    expect(convert.quitError({ type: "quitting" })).toBe("It is ending already.");
  });

  it("failures", () => {
    const own = new ApplicationError<CameraError>({ type: "cannotStart", camera: CameraId(2), reason: "missing file: a.y4m" }, "studio.cameras.plug");
    expect(convert.failure(own, convert.cameraError)).toEqual(new StudioError("studio.cameras.plug", "application", "Missing file: a.y4m."));
    const other = new CallError("unavailable", { channel: "studio.cameras.plug", message: "its server has left", retry: { type: "later" } });
    const failure = convert.failure(other, () => "");
    expect(failure).toMatchObject({ where: "studio.cameras.plug", status: "unavailable", message: "Its server has left.", retryable: true });
    const unknown = new RangeError("else");
    expect(convert.failure(unknown, () => "")).toBe(unknown);
  });
});
