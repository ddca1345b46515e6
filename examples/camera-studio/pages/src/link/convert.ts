/** From what travels to what the windows know, and back. Pure. @module */

import { ApplicationError, type Arrival, CallError } from "@portcullis/client";
import * as api from "../api";
import type * as wire from "../generated/types.js";

/** A camera, without its unions. */
export function camera({ id, name, source, width, height, framesPerSecond, status }: wire.Camera): api.Camera {
  const detail = status.type === "failed" ? status.reason : "";
  return { id, name, source, width, height, framesPerSecond, status: status.type, detail };
}

/** All cameras. */
export const cameraList = ({ cameras, selected }: wire.CameraList): api.CameraList => ({ cameras: cameras.map(camera), selected });

/** Milliseconds with a fraction, as moments and times travel, in whole microseconds. */
const micros = (ms: number): number => Math.round(ms * 1000);

/** A picture, and how many were missed before it; its bytes are not copied. */
export const frame = ({ camera, sequence, captured, width, height, data }: wire.Frame, { missed }: Arrival): api.Frame => ({
  camera, sequence, capturedUs: BigInt(micros(captured)), width, height, data, missed,
});

/** A line of the log. */
export const logRecord = ({ at, duration, ...rest }: wire.LogRecord): api.LogRecord => ({
  ...rest, atUs: BigInt(micros(at)), durationUs: duration === null ? null : micros(duration),
});

/** Whether a window got a notice. */
export const delivery = ({ peer, problem }: wire.Delivery): api.Delivery => ({ peer, outcome: problem ?? "delivered" });

/** What a window is doing; the worst of it, in one word. */
function windowStatus({ phase, connected, hidden, unresponsive }: wire.WindowInfo): api.WindowStatus {
  switch (phase) {
    case "opening":
    case "crashed":
    case "closing":
      return phase;
    case "open":
    case "closed":
      if (!connected) return "away";
      if (unresponsive) return "unresponsive";
      return hidden ? "hidden" : "open";
  }
}

/** All windows, each with what its kind lets be done with it. */
export function windowList({ kinds, windows }: wire.WindowList): api.WindowList {
  const of = (name: string): wire.WindowKind[] => kinds.filter((kind) => kind.name === name);
  const room = ({ name, windowsMax }: wire.WindowKind): boolean => windows.filter(({ kind }) => kind === name).length < windowsMax;
  return {
    windows: windows.flatMap((window) =>
      of(window.kind).map(({ title, closes, focuses }) => ({
        label: window.label, title, status: windowStatus(window), detail: window.problem ?? "", closes, focuses,
      })),
    ),
    openable: kinds.filter((kind) => kind.opens && room(kind)).map(({ name, title }) => ({ name, title })),
  };
}

/** Why a call failed, in the windows' words. `say` puts the application's own error into a sentence. */
export function failure<E>(error: unknown, say: (error: E) => string): unknown {
  if (error instanceof ApplicationError) {
    return new api.StudioError(error.channel, error.status, say((error as ApplicationError<E>).error));
  }
  if (error instanceof CallError) {
    const { channel, status, detail, retry } = error;
    return new api.StudioError(channel, status, sentence(detail), retry.type !== "never");
  }
  return error;
}

/** Why something cannot be done with a camera. */
export function cameraError(error: wire.CameraError): string {
  switch (error.type) {
    case "noSuchCamera":
      return `There is no camera ${error.camera}.`;
    case "unplugged":
      return "It must be plugged in first.";
    case "cannotStart":
      return sentence(error.reason);
  }
}

/** Why there is no snapshot. */
export function snapshotError(error: wire.SnapshotError): string {
  switch (error.type) {
    case "noPicture":
      return "The viewer has not shown a picture yet.";
    case "failed":
      return sentence(error.reason);
  }
}

/** Why something was not done with a window. */
export function windowError(error: wire.WindowError): string {
  switch (error.type) {
    case "unknownKind":
      return `There are no windows of the kind ${error.kind}.`;
    case "noSuchWindow":
      return `The window ${error.label} has closed already.`;
    case "tooMany":
      return `There are ${error.windowsMax} of them already, which is as many as there may be.`;
    case "refused":
    case "notPossible":
    case "failed":
      return sentence(error.reason);
  }
}

/** Why the studio does not end. */
export function quitError(error: wire.QuitError): string {
  switch (error.type) {
    case "refused":
      return sentence(error.reason);
    case "quitting":
      return "It is ending already.";
  }
}

/** A text that begins with a capital letter and ends with a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" ? "" : `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? "" : "."}`;
}
