/** The studio as its windows reach it: the interface of `api`, over one connection to main after the other. @module */

import { ApplicationError, connectWithTicket, serve } from "@portcullis/client";
import { connectElectron, isPortcullisPage } from "@portcullis/electron/renderer";
import { type Arrived, type Notice, type StudioApi, StudioError, type WindowKind } from "./api";
import {
  Application, CameraId, Cameras, Live, type LogBatch, Measurements, MessageLog, Notices, OpenOptions, Reports, SettingsStore, type SnapshotError,
  Snapshots, Windows,
} from "./generated/index.js";
import * as convert from "./link/convert";
import { feed, Link, unlessLost } from "./link/link";
import { shareSettings } from "./link/settings";
import { Value } from "./shared/watch";

/** How often a window tells main how pictures reach it, in milliseconds. */
const REPORT_MS = 1000;

/**
 * What may be on its way to a viewer: a picture of 1920 by 1080 takes 3.1 MB, parcels use half of the window, and one picture can
 * come while the page takes the one before. No more of smaller ones: what is on its way to a page that does not read takes main's
 * memory for pictures.
 */
const VIEWER_LIMITS = { windowBytes: 16 << 20, streamBytes: 4 << 20, streamItems: 2 };

/** What each window may use; others are refused to it. */
const INTERFACES = {
  viewer: [Cameras, SettingsStore, Notices, Live, Measurements, Reports, Snapshots],
  controls: [Cameras, SettingsStore, Notices, Snapshots, Windows, Application],
  log: [Cameras, SettingsStore, Notices, MessageLog],
} as const;

/** Reaches the studio as one of its windows. */
export function connect(kind: WindowKind): StudioApi {
  const options = { client: `studio ${kind}`, interfaces: INTERFACES[kind], limits: kind === "viewer" ? VIEWER_LIMITS : {} };
  const link = isPortcullisPage()
    ? // Which window this is, main knows; and it may be busy for as long as it likes.
      new Link(() => connectElectron(options), { ...options, attemptMs: Infinity })
    : new Link((signal) => connectWithTicket({ window: kind, signal }), options);

  /** Makes a call, and puts its failure into words. */
  async function call<T, E = never>(make: () => Promise<T>, say: (error: E) => string = () => ""): Promise<T> {
    try {
      return await make();
    } catch (error) {
      throw convert.failure(error, say);
    }
  }

  const cameras = new Value<ReturnType<typeof convert.cameraList>>();
  link.client(Cameras).then((client) => client.onCameras((list) => cameras.set(convert.cameraList(list))), unlessLost);
  const { settings, change: changeSettings } = shareSettings(link);

  const windows = new Value<ReturnType<typeof convert.windowList>>();
  if (kind === "controls") {
    link.client(Windows).then((client) => client.onWindows((list) => windows.set(convert.windowList(list))), unlessLost);
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
    changeSettings,
    // A picture is drawn once: no copy of it is made.
    onFrame: feed(async (emit) => (await link.client(Live)).onFrame((frame, arrival) => emit(convert.frame(frame, arrival)), { bytes: "view" })),
    onMeasurement: feed(async (emit) => (await link.client(Measurements)).onMeasured(emit)),
    onStatistics: feed(async (emit) => (await link.client(Reports)).onReported(emit)),
    onNotice: feed<Notice>(async (emit) => (await link.client(Notices)).onNotice(emit)),
    onLog: feed(async (emit) => {
      const log = await link.client(MessageLog);
      const show = ({ records }: LogBatch): void => emit(records.map(convert.logRecord));
      // Subscribed first, so that nothing is missed; shown behind what was before.
      let waiting: LogBatch[] | undefined;
      const begin = async (): Promise<void> => {
        const mine: LogBatch[] = [];
        waiting = mine;
        try {
          for await (const batch of log.history()) show(batch);
        } finally {
          // Unless it has begun anew meanwhile.
          if (waiting === mine) {
            waiting = undefined;
            mine.forEach(show);
          }
        }
      };
      const onAnew = (): void => void begin().catch(unlessLost);
      log.onRecorded((batch) => (waiting === undefined ? show(batch) : void waiting.push(batch)), { onAnew });
      await begin();
    }),
    announce: (text) => call(async () => (await (await link.client(Notices)).announce(text)).deliveries.map(convert.delivery)),
    takeSnapshot: () =>
      call(async () => {
        // Whichever viewer is open now; it may be another one the next time.
        const main = link.main.current;
        if (main === undefined) throw new StudioError("portcullis", "unavailable", "The studio is not connected.", true);
        const viewer = await main.bind(Snapshots);
        try {
          return await viewer.take();
        } finally {
          void main.release(viewer);
        }
      }, convert.snapshotError),
    serveSnapshots(take) {
      link.main.always(async (portcullis) => {
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
      link.main.always(async (portcullis) => {
        async function* items(): AsyncGenerator<Arrived & { readonly receiver: string }> {
          while (portcullis.state.status !== "closed") {
            // Main writes who it is.
            yield { ...report(), receiver: "" };
            await new Promise((resolve) => setTimeout(resolve, REPORT_MS));
          }
        }
        await (await portcullis.bind(Reports)).report(items());
      });
    },
  };
}
