/** The controls window's studio, over mocks of the interfaces that main serves: no browser, no socket, no main. */
import { connectWithTicket, type OwnState, ownState } from "@portcullis/client";
import { mock } from "@portcullis/client/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Connection, SETTINGS_DEFAULT, StudioError } from "../src/api";
import { connect } from "../src/connect";
import { type Camera, CameraId, Cameras, type SettingsState, SettingsStore } from "../src/generated/index.js";

// The one thing that needs a browser: the way to main.
vi.mock("@portcullis/client", async (original) => ({ ...(await original<object>()), connectWithTicket: vi.fn() }));

const camera = (id: number, live: boolean): Camera => ({
  id: CameraId(id),
  name: `Camera ${id}`,
  source: "y4m:-",
  width: 640,
  height: 480,
  framesPerSecond: 30,
  status: { type: live ? "live" : "unplugged" },
  restarts: 0,
});

/** The two interfaces that the controls use, served on one connection. */
async function serveMocks() {
  const cameras = await mock(Cameras, { plug: () => undefined, select: () => undefined }, { label: "controls-1", role: "controls" });
  const owner = ownState<SettingsState>({ settings: SETTINGS_DEFAULT, changedBy: "" });
  const settings = await mock(SettingsStore, { replace: (change) => owner.replace(change) }, { beside: cameras });
  owner.publishTo((state) => settings.publisher.settings(state));
  return { cameras, settings, owner };
}

type Mocks = Awaited<ReturnType<typeof serveMocks>>;
let cameras: Mocks["cameras"];
let settings: Mocks["settings"];
let owner: OwnState<SettingsState>;
beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("addEventListener", () => undefined);
  // A document in which no preload script has run.
  vi.stubGlobal("window", {});
  ({ cameras, settings, owner } = await serveMocks());
  vi.mocked(connectWithTicket).mockImplementation(async () => cameras.transport());
  cameras.publisher.cameras({ cameras: [camera(1, true), camera(2, false)], selected: CameraId(1) });
});

afterEach(() => {
  cameras.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What is under way arrives. */
const arrive = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("the controls window", () => {
  it("shows the cameras that main tells of", async () => {
    const studio = connect("controls");
    await arrive();
    expect(studio.connection.current).toEqual({ type: "connected", label: "controls-1" });
    expect(studio.cameras.current).toMatchObject({ selected: 1, cameras: [{ id: 1, status: "live" }, { id: 2, status: "unplugged" }] });
    cameras.publisher.cameras({ cameras: [camera(2, true)], selected: null });
    await arrive();
    expect(studio.cameras.current).toMatchObject({ selected: null, cameras: [{ id: 2, status: "live" }] });
  });

  it("asks main to plug a camera in, and says why it was not", async () => {
    const studio = connect("controls");
    await arrive();
    await studio.plug(2);
    expect(cameras.callsOf("plug")).toMatchObject([{ arguments: [2], caller: "controls-1", outcome: { ok: true } }]);

    cameras.fail("plug", { error: { type: "cannotStart", camera: CameraId(2), reason: "missing file: a.y4m" } });
    await expect(studio.plug(2)).rejects.toEqual(new StudioError("studio.cameras.plug", "application", "Missing file: a.y4m."));

    // Nobody wrote a handler for it.
    await expect(studio.unplug(1)).rejects.toMatchObject({ status: "unimplemented" });
  });

  it("gives up when main does not answer in time", async () => {
    cameras.delay(60_000, "select");
    const studio = connect("controls");
    await arrive();
    const outcome = studio.select(2).catch((error: unknown) => error);
    await arrive(59_000);
    expect(await outcome).toMatchObject({ where: "studio.cameras.select", status: "deadline_exceeded" });
  });

  it("shows a change at once, and leaves alone what another window has changed meanwhile", async () => {
    const studio = connect("controls");
    await arrive();
    expect(studio.settings.current).toMatchObject({ revision: 0, changedBy: "", pending: false });
    const made = studio.changeSettings({ gain: 3 });
    expect(studio.settings.current).toMatchObject({ revision: 0, settings: { gain: 3, mirror: false }, pending: true });
    owner.update(({ settings }) => ({ settings: { ...settings, mirror: true }, changedBy: "viewer-1" }));
    await arrive();
    await made;
    expect(owner.value.settings).toEqual({ ...SETTINGS_DEFAULT, gain: 3, mirror: true });
    expect(studio.settings.current).toMatchObject({ revision: 2, settings: { gain: 3, mirror: true }, pending: false });
    expect(settings.callsOf("replace").map(({ outcome }) => outcome?.ok)).toEqual([false, true]);
  });

  it("takes back what was refused, and says so once of all that was sent together", async () => {
    const studio = connect("controls");
    await arrive();
    const refusal = { status: "permission_denied", message: "not granted" } as const;
    settings.fail("replace", refusal);
    settings.fail("replace", refusal);
    const made = [1, 2, 3].map((gain) => studio.changeSettings({ gain }).catch((error: unknown) => error));
    expect(studio.settings.current?.settings.gain).toBe(3);
    await arrive();
    const [first, second, third] = await Promise.all(made);
    expect(first).toEqual(new StudioError("studio.settings.replace", "permission_denied", "Not granted."));
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect(studio.settings.current).toMatchObject({ settings: { gain: 0 }, pending: false });
  });

  it("follows a main that was started anew", async () => {
    const studio = connect("controls");
    await arrive();
    await studio.changeSettings({ gain: 3 });
    cameras.disconnect();
    const again = ownState<SettingsState>({ settings: SETTINGS_DEFAULT, changedBy: "" });
    again.publishTo((state) => settings.publisher.settings(state));
    await cameras.reconnect();
    await arrive(5000);
    expect(studio.settings.current).toMatchObject({ settings: { gain: 0 }, revision: 0 });
  });

  it("comes back after the connection was lost, and then knows what has changed", async () => {
    const studio = connect("controls");
    const seen: Connection["type"][] = [];
    studio.connection.watch(({ type }) => seen.push(type));
    await arrive();
    cameras.disconnect();
    await arrive();
    // What is asked for meanwhile waits, inside its deadline.
    const plugged = studio.plug(2);
    // Main is away for a while; the window tries again, ever more rarely.
    const attempts = vi.mocked(connectWithTicket).mock.calls.length;
    await arrive(1000);
    expect(vi.mocked(connectWithTicket).mock.calls.length).toBeGreaterThan(attempts + 2);
    cameras.publisher.cameras({ cameras: [], selected: null });
    await cameras.reconnect();
    await arrive(5000);
    expect(seen.at(0)).toBe("connecting");
    expect(seen.at(-1)).toBe("connected");
    expect(seen).toContain("lost");
    expect(studio.cameras.current).toEqual({ cameras: [], selected: null });
    await plugged;
    expect(cameras.callsOf("plug").map(({ arguments: [camera] }) => camera)).toEqual([2]);
  });
});
