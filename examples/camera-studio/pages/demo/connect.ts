/**
 * A studio that exists in this page alone, with generated data: only for designing the windows. It is not in the
 * files that the studio serves. `?state=lost`, `connecting`, `unplugged` or `failed` shows the page in that state.
 *
 * @module
 */

import {
  type Camera,
  type CameraList,
  type CameraStatus,
  type ChannelKind,
  type Connection,
  type Frame,
  type LogRecord,
  type Measurement,
  type Notice,
  SETTINGS_DEFAULT,
  type SettingsState,
  type Statistics,
  type StudioApi,
  StudioError,
  type WindowKind,
  type WindowList,
} from "../src/api";
import { Value } from "../src/shared/watch";

const WIDTH = 640;
const HEIGHT = 360;

const state = new URLSearchParams(location.search).get("state") ?? "";
const nowUs = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));

/** A wash of colour with a disc that moves in front of it. */
function picture(sequence: number, mirror: boolean): Uint8Array {
  const data = new Uint8Array((WIDTH * HEIGHT * 3) / 2);
  const t = sequence / 30;
  const cx = WIDTH / 2 + Math.sin(t) * 200;
  const cy = HEIGHT / 2 + Math.cos(t * 1.3) * 90;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const at = mirror ? WIDTH - 1 - x : x;
      const inside = (at - cx) ** 2 + (y - cy) ** 2 < 55 ** 2;
      data[y * WIDTH + x] = inside ? 215 : 90 + 30 * Math.sin(at / 90 + y / 70 + t) + 20 * Math.sin(y / 50 - t);
    }
  }
  const blue = WIDTH * HEIGHT;
  const red = blue + blue / 4;
  for (let y = 0; y < HEIGHT / 2; y++) {
    for (let x = 0; x < WIDTH / 2; x++) {
      const i = y * (WIDTH / 2) + x;
      data[blue + i] = 128 + 55 * Math.sin(x / 75 + t);
      data[red + i] = 128 + 50 * Math.sin(y / 40 + x / 120 - t * 0.7);
    }
  }
  return data;
}

const camera = (id: number, name: string, source: string, status: CameraStatus, detail = ""): Camera => ({
  id, name, source, width: WIDTH, height: HEIGHT, framesPerSecond: 30, status, detail,
});

const CHANNELS: readonly [ChannelKind, string, string, string, number, number | null][] = [
  ["event", "studio.live.frame", "camera-1", "viewer-1", 345_640, null],
  ["event", "studio.live.frame", "camera-1", "light", 345_640, null],
  ["event", "studio.measurements.measured", "light", "viewer-1", 26, null],
  ["call", "studio.settings.replace", "controls-1", "main", 31, 640],
  ["state", "studio.settings.settings", "main", "viewer-1", 44, null],
  ["call", "studio.snapshots.take", "controls-1", "viewer-1", 181_204, 11_400],
  ["call", "studio.cameras.unplug", "controls-1", "main", 5, 3_120],
  ["stream", "studio.worker.frames", "camera-1", "main", 345_640, 33_400],
  ["event", "studio.measurements.received", "statistics", "viewer-1", 64, null],
  ["notification", "studio.worker.adjust", "main", "camera-1", 18, null],
];

class Listeners<T> {
  readonly all = new Set<(value: T) => void>();
  on = (receive: (value: T) => void): (() => void) => {
    this.all.add(receive);
    return () => void this.all.delete(receive);
  };
  emit(value: T): void {
    for (const receive of this.all) receive(value);
  }
}

/** A studio of generated data. */
export function connect(kind: WindowKind): StudioApi {
  const connection = new Value<Connection>({ type: "connecting" });
  const unplugged = state === "unplugged" || state === "failed";
  const cameras = new Value<CameraList>({
    cameras: [
      camera(1, "Camera 1", "pattern:640x360@30", state === "failed" ? "failed" : unplugged ? "unplugged" : "live",
        state === "failed" ? "broken picture 12 in take.y4m: the input ends in the middle of it" : ""),
      camera(2, "Camera 2", "pattern:640x360@30", "live"),
      camera(3, "Camera 3", "y4m:interview-take-2.y4m", "unplugged"),
    ],
    selected: 1,
  });
  const settings = new Value<SettingsState>({
    settings: { ...SETTINGS_DEFAULT, exposure: 0.7, gain: 6, annotation: "Stage left, rehearsal" },
    revision: 12,
    changedBy: "controls-1",
    pending: false,
  });
  const shown = (label: string, title: string, status: WindowList["windows"][number]["status"], detail = "") => ({
    label, title, status, detail, closes: true, focuses: false,
  });
  const windows = new Value<WindowList>({
    windows: [
      shown("statistics", "Statistics", "crashed", "signal: 9 (SIGKILL)"),
      shown("viewer-1", "Viewer", "open"),
      shown("controls-1", "Controls", "open"),
      shown("log-1", "Message log", "away"),
    ],
    openable: [{ name: "light", title: "Light meter" }],
  });
  const frames = new Listeners<Frame>();
  const measurements = new Listeners<Measurement>();
  const statistics = new Listeners<Statistics>();
  const logs = new Listeners<readonly LogRecord[]>();
  const notices = new Listeners<Notice>();

  if (state !== "connecting") {
    setTimeout(() => connection.set({ type: "connected", label: `${kind}-1` }), 200);
    if (state === "lost") {
      setTimeout(() => connection.set({ type: "lost", reason: "The studio has ended.", retrying: true }), 2000);
    }
  }
  const connected = (): boolean => connection.current?.type === "connected";

  let sequence = 0;
  setInterval(() => {
    if (!connected() || unplugged) return;
    const capturedUs = nowUs() - BigInt(700 + Math.round(Math.random() * 900));
    const data = picture(sequence, settings.current?.settings.mirror ?? false);
    const at = { camera: 1, sequence: BigInt(sequence) };
    frames.emit({ ...at, capturedUs, width: WIDTH, height: HEIGHT, data, missed: 0 });
    measurements.emit({
      ...at,
      brightness: 0.42 + 0.1 * Math.sin(sequence / 40),
      motion: 0.05 + 0.03 * Math.sin(sequence / 17) + 0.01 * Math.random(),
    });
    sequence++;
  }, 1000 / 30);
  setInterval(() => {
    if (!connected()) return;
    for (const receiver of ["light", "statistics"]) {
      statistics.emit({
        receiver, framesPerSecond: 30 + (Math.random() - 0.5) / 5, bytesPerSecond: 10_369_200,
        received: BigInt(sequence), dropped: 0n, missed: 0n, copies: 0n, bytes: BigInt(sequence) * 345_600n, latencyP50Us: 412n, latencyP99Us: 1340n,
        totalLatencyP50Us: 410n, totalLatencyP99Us: 1400n,
      });
    }
  }, 1000);
  let turn = 0;
  setInterval(() => {
    if (!connected()) return;
    logs.emit(
      Array.from({ length: 3 }, (_, i): LogRecord => {
        const [channelKind, channel, from, to, bytes, durationUs] = CHANNELS[turn++ % CHANNELS.length]!;
        const outcome = turn % 23 === 0 ? "permission_denied" : turn % 37 === 0 ? "deadline_exceeded" : "ok";
        return { atUs: nowUs() + BigInt(i * 90), kind: channelKind, channel, from, to, bytes, durationUs, outcome };
      }),
    );
  }, 100);

  const update = (id: number, status: CameraStatus): void => {
    const list = cameras.current!;
    cameras.set({ ...list, cameras: list.cameras.map((each) => (each.id === id ? { ...each, status } : each)) });
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  return {
    connection, cameras, settings, windows,
    openWindow: async (name) => {
      await wait(300);
      const openable = windows.current!.openable.filter((each) => each.name !== name);
      windows.set({ windows: [...windows.current!.windows, shown(name, "Light meter", "open")], openable });
    },
    closeWindow: async (label) => {
      await wait(300);
      windows.set({ ...windows.current!, windows: windows.current!.windows.filter((each) => each.label !== label) });
    },
    focusWindow: async () => {},
    quit: async () => connection.set({ type: "lost", reason: "The studio was closed.", retrying: true }),
    plug: async (id) => {
      if (id === 3) throw new StudioError("studio.cameras.plug", "failed_precondition", "missing file: interview-take-2.y4m");
      update(id, "starting");
      await wait(700);
      update(id, "live");
    },
    unplug: async (id) => {
      await wait(150);
      update(id, "unplugged");
    },
    select: async (id) => cameras.set({ ...cameras.current!, selected: id }),
    changeSettings: async (patch) => {
      const { settings: before, revision } = settings.current!;
      settings.set({ settings: { ...before, ...patch }, revision: revision + 1, changedBy: `${kind}-1`, pending: false });
    },
    onFrame: frames.on,
    onMeasurement: measurements.on,
    onStatistics: statistics.on,
    onLog: logs.on,
    onNotice: notices.on,
    announce: async (text) => {
      notices.emit({ from: `${kind}-1`, text });
      await wait(20);
      return [
        { peer: "controls-1", outcome: "delivered" },
        { peer: "log-1", outcome: "delivered" },
        { peer: "viewer-1", outcome: "delivered" },
        { peer: "viewer-2", outcome: "deadline exceeded" },
      ];
    },
    takeSnapshot: async () => {
      const blob = await (await fetch("icon.svg")).blob();
      const image = new Image();
      image.src = URL.createObjectURL(blob);
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = WIDTH;
      canvas.height = HEIGHT;
      canvas.getContext("2d")!.drawImage(image, 170, 30, 300, 300);
      const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
      return { from: "viewer-1", png: new Uint8Array(await png!.arrayBuffer()) };
    },
    // Nobody asks: the other windows are studios of their own.
    serveSnapshots: () => {},
    reportArrivals: () => {},
  };
}
