/** The viewer window: the live picture, and how it arrives. @module */

import type { CameraList, Connection, Frame, Statistics } from "../api";
import { connect } from "../connect";
import { byId, make, setText } from "../shared/dom";
import * as format from "../shared/format";
import { startShell, toast, withButton } from "../shared/shell";
import { Sparkline } from "../shared/sparkline";
import { Arrivals } from "./arrivals";
import { Stage } from "./stage";

/** How often the charts go on. */
const CHARTS_MS = 250;
/** How many steps of the charts a figure stays the same, so that it can be read. */
const FIGURE_STEPS = 2;
/** A picture that is older than this is not called live. */
const STALE_MS = 1500;
/** More receivers than this are not listed. */
const RECEIVERS_MAX = 8;
/** What is told of each receiver, in the order of the table's columns. */
const RECEIVER_CELLS = ["rate", "bytes", "p50", "p99", "missed", "copies"];
/** A receiver that has not reported for so long is gone: they report once a second. */
const RECEIVER_GONE_MS = 4000;

const api = connect("viewer");
startShell(api, "viewer");

const arrivals = new Arrivals();
const save = byId("save", HTMLButtonElement);
const frameBox = byId("stage", HTMLElement);
let drawnAtMs = Number.NEGATIVE_INFINITY;
let size = "";

/** Microseconds since the Unix epoch, to the precision that the browser gives. */
const nowUs = (): number => (performance.timeOrigin + performance.now()) * 1000;

function drawn(frame: Frame): void {
  drawnAtMs = performance.now();
  save.disabled = false;
  arrivals.drawn(drawnAtMs, nowUs() - Number(frame.capturedUs));
  size = `${frame.width} × ${frame.height}`;
  // For whoever drives this page from outside, a test say.
  frameBox.dataset["sequence"] = frame.sequence.toString();
  if (frameBox.dataset["live"] !== "true") showStatus();
}

const stage = new Stage(byId("picture", HTMLCanvasElement), drawn);
api.onFrame((frame) => {
  arrivals.arrived(frame.camera, frame.sequence, frame.data.length, nowUs() - Number(frame.capturedUs), frame.missed);
  stage.show(frame);
});
api.reportArrivals(() => arrivals.report(performance.now()));

// ---- What is shown over the picture ----

function showStatus(): void {
  const live = performance.now() - drawnAtMs < STALE_MS;
  frameBox.dataset["live"] = String(live);
  const list = api.cameras.current;
  const shown = list?.cameras.find((each) => each.id === list.selected);
  setText(byId("camera-name", HTMLElement), shown?.name ?? "No camera");
  setText(byId("camera-size", HTMLElement), live ? size : "");
  setText(byId("live-text", HTMLElement), live ? "Live" : "No signal");
  const [title, text] = live ? ["", ""] : reason(api.connection.current, list);
  setText(byId("no-signal-title", HTMLElement), title);
  setText(byId("no-signal-text", HTMLElement), text);
}

function reason(connection: Connection | undefined, list: CameraList | undefined): [string, string] {
  if (connection?.type === "closed") return ["Window closed", "Reload it to see the picture again."];
  if (connection?.type === "lost") return ["Not connected", "The picture comes back with the connection."];
  if (connection?.type !== "connected" || list === undefined) return ["Connecting", ""];
  const shown = list.cameras.find((each) => each.id === list.selected);
  if (shown === undefined) return ["No camera selected", "Select one in the controls window."];
  switch (shown.status) {
    case "unplugged":
      return [`${shown.name} is unplugged`, "Plug it in, or select another one, in the controls window."];
    case "failed":
      return [`${shown.name} has failed`, shown.detail];
    case "starting":
      return [`${shown.name} is starting`, ""];
    case "live":
      return ["Waiting for a picture", ""];
  }
}

api.cameras.watch(showStatus);
api.connection.watch(showStatus);
api.settings.watch(({ settings }) => {
  const annotation = byId("annotation", HTMLElement);
  setText(annotation, settings.annotation);
  annotation.hidden = settings.annotation === "";
});

// ---- Figures ----

const charts = {
  rate: new Sparkline(byId("rate-chart", SVGElement), 30),
  latency: new Sparkline(byId("latency-chart", SVGElement), 5),
  brightness: new Sparkline(byId("brightness-chart", SVGElement), 1),
  motion: new Sparkline(byId("motion-chart", SVGElement), 0.2),
};
const levels = { brightness: 0, motion: 0 };
let measuredAtMs = Number.NEGATIVE_INFINITY;

api.onMeasurement((measurement) => {
  levels.brightness = measurement.brightness;
  levels.motion = measurement.motion;
  measuredAtMs = performance.now();
});

let step = 0;

function showFigures(): void {
  const now = performance.now();
  const { framesPerSecond, latencyUs } = arrivals.summary(now);
  charts.rate.push(framesPerSecond);
  charts.latency.push((latencyUs ?? 0) / 1000);
  const measured = now - measuredAtMs < STALE_MS;
  charts.brightness.push(measured ? levels.brightness : 0);
  charts.motion.push(measured ? levels.motion : 0);
  showStatus();
  if (step++ % FIGURE_STEPS !== 0) return;
  setText(byId("rate", HTMLElement), framesPerSecond.toFixed(1));
  setText(byId("latency", HTMLElement), latencyUs === null ? "–" : format.milliseconds(latencyUs));
  setText(byId("dropped", HTMLElement), arrivals.dropped === 0n ? "none dropped" : `${arrivals.dropped.toLocaleString("en")} dropped`);
  setText(byId("brightness", HTMLElement), measured ? format.percent(levels.brightness) : "–");
  setText(byId("motion", HTMLElement), measured ? format.percent(levels.motion, 1) : "–");
}
setInterval(showFigures, CHARTS_MS);

// ---- The receivers' own figures ----

const receivers = new Map<string, { readonly row: HTMLTableRowElement; seenMs: number }>();

api.onStatistics((statistics: Statistics) => {
  let receiver = receivers.get(statistics.receiver);
  if (receiver === undefined) {
    if (receivers.size >= RECEIVERS_MAX) return;
    const row = make("tr");
    row.append(make("th", "", statistics.receiver, { scope: "row" }), ...RECEIVER_CELLS.map((name) => make("td", "", "", { "data-cell": name })));
    receiver = { row, seenMs: 0 };
    receivers.set(statistics.receiver, receiver);
    // In the order of their names, wherever they came in.
    const after = [...receivers].filter(([name]) => name > statistics.receiver).sort(([a], [b]) => (a < b ? -1 : 1))[0];
    byId("receivers", HTMLElement).insertBefore(row, after?.[1].row ?? null);
  }
  receiver.seenMs = performance.now();
  const { received, copies } = statistics;
  const cells = [
    statistics.framesPerSecond.toFixed(1),
    format.bytes(statistics.bytesPerSecond),
    format.duration(Number(statistics.latencyP50Us)),
    format.duration(Number(statistics.latencyP99Us)),
    statistics.missed.toLocaleString("en"),
    received === 0n ? "–" : (Number(copies) / Number(received)).toFixed(1),
  ];
  receiver.row.querySelectorAll("td").forEach((cell, i) => setText(cell, cells[i] ?? ""));
  byId("receivers-empty", HTMLElement).hidden = true;
});

/** Those who have stopped reporting are gone. */
function forgetReceivers(): void {
  for (const [name, { row, seenMs }] of receivers) {
    if (performance.now() - seenMs < RECEIVER_GONE_MS) continue;
    row.remove();
    receivers.delete(name);
  }
  byId("receivers-empty", HTMLElement).hidden = receivers.size > 0;
}
setInterval(forgetReceivers, RECEIVER_GONE_MS / 4);

// ---- Buttons, and the picture for other windows ----

const annotation = (): string => api.settings.current?.settings.annotation ?? "";

api.serveSnapshots(() => stage.png(annotation()));

save.addEventListener("click", () => {
  void withButton(save, "The picture was not saved", async () => {
    const png = await stage.png(annotation());
    if (png === null) return;
    const url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    const name = `camera-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.png`;
    make("a", "", "", { href: url, download: name }).click();
    URL.revokeObjectURL(url);
    toast("done", "Picture saved", name);
  });
});

const full = byId("full-screen", HTMLButtonElement);
const toggleFullScreen = (): void => {
  void withButton(full, "Full screen is not available", () =>
    document.fullscreenElement === null ? frameBox.requestFullscreen() : document.exitFullscreen(),
  );
};
full.addEventListener("click", toggleFullScreen);
frameBox.addEventListener("dblclick", toggleFullScreen);
