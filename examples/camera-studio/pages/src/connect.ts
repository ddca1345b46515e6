/** The studio as its windows reach it: the interface of `api`, over one connection to main. @module */

import { ApplicationError, serve } from "@portcullis/client";
import { isPortcullisPage } from "@portcullis/electron/renderer";
import type { Arrived, Notice, StudioApi, WindowKind } from "./api";
import {
  Application, CameraId, Cameras, Live, type LogBatch, Measurements, MessageLog, Notices, OpenOptions, Reports, SettingsStore, type SnapshotError,
  Snapshots, Windows,
} from "./generated/index.js";
import * as convert from "./link/convert";
import { overPort, overWebSocket } from "./link/dial";
import { feed, Link } from "./link/link";
import { Value } from "./shared/watch";

/** How often a window tells main how pictures reach it, in milliseconds. */
const REPORT_MS = 1000;

/** What each window may use; others are refused to it. */
const INTERFACES = {
  viewer: [Cameras, SettingsStore, Notices, Live, Measurements, Reports, Snapshots],
  controls: [Cameras, SettingsStore, Notices, Snapshots, Windows, Application],
  log: [Cameras, SettingsStore, Notices, MessageLog],
} as const;

/** Reaches the studio as one of its windows. */
export function connect(kind: WindowKind): StudioApi {
  const link = new Link(kind, INTERFACES[kind], isPortcullisPage() ? overPort : overWebSocket(kind));

  /** Makes a call, and puts its failure into words. */
  async function call<T, E = never>(make: () => Promise<T>, say: (error: E) => string = () => ""): Promise<T> {
    try {
      return await make();
    } catch (error) {
      throw convert.failure(error, say);
    }
  }

  const cameras = new Value<ReturnType<typeof convert.cameraList>>();
  link.onConnect(async () => void (await link.client(Cameras)).onCameras((list) => cameras.set(convert.cameraList(list))));
  const settings = new Value<Parameters<Parameters<StudioApi["settings"]["watch"]>[0]>[0]>();
  link.onConnect(async () => void (await link.client(SettingsStore)).onSettings((state) => settings.set(state)));

  const windows = new Value<ReturnType<typeof convert.windowList>>();
  if (kind === "controls") {
    link.onConnect(async () => void (await link.client(Windows)).onWindows((list) => windows.set(convert.windowList(list))));
  }

  return {
    connection: link.connection,
    cameras,
    settings,
    windows,
    openWindow: (name) => call(async () => void (await (await link.client(Windows)).open(name, OpenOptions())), convert.windowError),
    closeWindow: (label) => call(async () => (await link.client(Windows)).close(label), convert.windowError),
    focusWindow: (label) => call(async () => (await link.client(Windows)).focus(label), convert.windowError),
    quit: () => call(async () => (await link.client(Application)).quit(), convert.quitError),
    plug: (id) => call(async () => (await link.client(Cameras)).plug(CameraId(id)), convert.cameraError),
    unplug: (id) => call(async () => (await link.client(Cameras)).unplug(CameraId(id)), convert.cameraError),
    select: (id) => call(async () => (await link.client(Cameras)).select(CameraId(id)), convert.cameraError),
    updateSettings: (patch) => call(async () => void (await (await link.client(SettingsStore)).update(convert.settingsPatch(patch)))),
    // A picture is drawn once: no copy of it is made.
    onFrame: feed(link, async (emit) => (await link.client(Live)).onFrame((frame) => emit(convert.frame(frame)), { bytes: "view" })),
    onMeasurement: feed(link, async (emit) => (await link.client(Measurements)).onMeasured(emit)),
    onStatistics: feed(link, async (emit) => (await link.client(Reports)).onReported(emit)),
    onNotice: feed<Notice>(link, async (emit) => (await link.client(Notices)).onNotice(emit)),
    onLog: feed(link, async (emit) => {
      const show = ({ records }: LogBatch): void => emit(records.map(convert.logRecord));
      const log = await link.client(MessageLog);
      // Subscribed first, so that nothing is missed; shown behind what was before.
      let waiting: LogBatch[] | undefined = [];
      log.onRecorded((batch) => (waiting === undefined ? show(batch) : void waiting.push(batch)));
      for await (const batch of log.history()) show(batch);
      waiting.forEach(show);
      waiting = undefined;
    }),
    announce: (text) => call(async () => (await (await link.client(Notices)).announce(text)).deliveries.map(convert.delivery)),
    takeSnapshot: () =>
      call(async () => {
        // Whichever viewer is open now; it may be another one the next time.
        const viewer = await link.portcullis.bind(Snapshots);
        try {
          return await viewer.take();
        } finally {
          void link.portcullis.release(viewer);
        }
      }, convert.snapshotError),
    serveSnapshots(take) {
      link.onConnect(async (portcullis) => {
        await serve(portcullis, Snapshots, {
          take: async () => {
            let png: Uint8Array<ArrayBuffer> | null;
            try {
              png = await take();
            } catch (error) {
              const reason = error instanceof Error ? error.message : String(error);
              throw new ApplicationError<SnapshotError>({ type: "failed", reason });
            }
            if (png === null) throw new ApplicationError<SnapshotError>({ type: "noPicture" });
            return { from: link.label, png };
          },
        });
      });
    },
    reportArrivals(report) {
      link.onConnect(async (portcullis) => {
        async function* items(): AsyncGenerator<Arrived & { readonly receiver: string }> {
          while (portcullis.state.status !== "closed") {
            // Main writes who it is.
            yield { ...report(), receiver: "" };
            await new Promise((resolve) => setTimeout(resolve, REPORT_MS));
          }
        }
        await (await link.client(Reports)).report(items());
      });
    },
  };
}
