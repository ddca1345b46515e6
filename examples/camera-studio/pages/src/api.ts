/**
 * What the three windows know of the studio: plain objects, calls that reject with a {@link StudioError},
 * and things to watch. How they reach the main process is nobody's business here (see `connect.ts`).
 *
 * @module
 */

import type { Watch } from "./shared/watch";

/** Which of the three windows a page is. */
export type WindowKind = "viewer" | "controls" | "log";

/** How it stands with the main process. */
export type Connection =
  /** Somebody has closed this window; it does not come back by itself. */
  | { readonly type: "closed" }
  | { readonly type: "connecting" }
  | { readonly type: "connected"; /** What main calls this window. */ readonly label: string }
  | { readonly type: "lost"; readonly reason: string; /** Whether a new attempt will be made. */ readonly retrying: boolean };

/** What a camera is doing. */
export type CameraStatus = "unplugged" | "starting" | "live" | "failed";

/** One camera, attached or not. */
export interface Camera {
  readonly id: number;
  readonly name: string;
  /** Where its pictures come from, as it was written on the command line. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
  /** Pictures a second, as the source was recorded. */
  readonly framesPerSecond: number;
  readonly status: CameraStatus;
  /** Why it failed; empty otherwise. */
  readonly detail: string;
}

/** All cameras, and the one whose pictures are shown. */
export interface CameraList {
  readonly cameras: readonly Camera[];
  readonly selected: number | null;
}

/** How much smaller than taken pictures are sent. */
export type Quality = "full" | "half" | "quarter";

/** What every window sees and any controls window may change. */
export interface Settings {
  /** In stops, from -3 to 3. */
  readonly exposure: number;
  /** In decibels, from 0 to 24. */
  readonly gain: number;
  readonly mirror: boolean;
  /** Shown over the picture, at most {@link ANNOTATION_CHARACTERS_MAX} characters. */
  readonly annotation: string;
  readonly quality: Quality;
  /** The most pictures a second, from 1 to 60. */
  readonly framesPerSecondMax: number;
}

/** The settings, and who changed them last. */
export interface SettingsState {
  readonly settings: Settings;
  /** Counts the changes that main has told of. */
  readonly revision: number;
  /** The peer that changed them; empty before the first change. */
  readonly changedBy: string;
  /** Whether changes of this window are in them that main has not told of yet. */
  readonly pending: boolean;
}

/** The longest annotation. */
export const ANNOTATION_CHARACTERS_MAX = 80;

/** The settings that a studio starts with. */
export const SETTINGS_DEFAULT: Settings = {
  exposure: 0,
  gain: 0,
  mirror: false,
  annotation: "",
  quality: "full",
  framesPerSecondMax: 60,
};

/** One picture, as I420 planes in one buffer. */
export interface Frame {
  readonly camera: number;
  readonly sequence: bigint;
  /** When it was taken, in microseconds since the Unix epoch. */
  readonly capturedUs: bigint;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Pictures that main has dropped for this window right before it, because the window was slow. */
  readonly missed: number;
}

/** What one picture measured, both from 0 to 1. */
export interface Measurement {
  readonly camera: number;
  readonly sequence: bigint;
  readonly brightness: number;
  readonly motion: number;
}

/** How pictures reach one receiver: rates and percentiles of the last second, sums and percentiles since its start. */
export interface Arrived {
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly received: bigint;
  /** Pictures that are missing between those that came, whoever has left them out. */
  readonly dropped: bigint;
  /** Those of them that main has dropped for this receiver, because it was slow. */
  readonly missed: bigint;
  /** How often pictures were copied for it alone: a window tells its own copies, main adds those that it has made. */
  readonly copies: bigint;
  readonly bytes: bigint;
  readonly latencyP50Us: bigint;
  readonly latencyP99Us: bigint;
  readonly totalLatencyP50Us: bigint;
  readonly totalLatencyP99Us: bigint;
}

/** The same, of a native renderer or of a viewer window. */
export interface Statistics extends Arrived {
  /** Its label. */
  readonly receiver: string;
}

/** What kind of channel a message went over. */
export type ChannelKind = "call" | "notification" | "stream" | "event" | "state";

/** One message, as the hub saw it. */
export interface LogRecord {
  /** In microseconds since the Unix epoch. */
  readonly atUs: bigint;
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** From request to reply; null for what has none. */
  readonly durationUs: number | null;
  /** `ok`, or the status of its failure. */
  readonly outcome: string;
}

/** A line of text for every window. */
export interface Notice {
  readonly from: string;
  readonly text: string;
}

/** Whether one peer got a notice. */
export interface Delivery {
  readonly peer: string;
  /** `delivered`, or why not. */
  readonly outcome: string;
}

/** A picture that another window took of itself. */
export interface Snapshot {
  readonly from: string;
  readonly png: Uint8Array<ArrayBuffer>;
}

/** What a window is doing, as far as the studio can tell. */
export type WindowStatus = "opening" | "open" | "hidden" | "away" | "unresponsive" | "crashed" | "closing";

/** A window of the studio: a page, or a native renderer. */
export interface StudioWindow {
  readonly label: string;
  /** What people call windows of its kind. */
  readonly title: string;
  readonly status: WindowStatus;
  /** Why it has crashed; empty otherwise. */
  readonly detail: string;
  /** Whether it can be closed from here. */
  readonly closes: boolean;
  /** Whether it can be brought to the front from here. */
  readonly focuses: boolean;
}

/** A kind of window of which one more can be opened. */
export interface OpenableKind {
  readonly name: string;
  readonly title: string;
}

/** All windows, and which could be opened. */
export interface WindowList {
  readonly windows: readonly StudioWindow[];
  readonly openable: readonly OpenableKind[];
}

/** Why a call failed. */
export class StudioError extends Error {
  override readonly name = "StudioError";

  constructor(
    /** Interface and method. */
    readonly where: string,
    /** The status, as the documentation's table names it. */
    readonly status: string,
    message: string,
    readonly retryable = false,
  ) {
    super(message);
  }
}

/** Stops a subscription. */
export type Unsubscribe = () => void;

/** All that a window can ask for and see. */
export interface StudioApi {
  readonly connection: Watch<Connection>;
  readonly cameras: Watch<CameraList>;
  readonly settings: Watch<SettingsState>;

  /** Known to the controls windows. */
  readonly windows: Watch<WindowList>;

  plug(camera: number): Promise<void>;
  unplug(camera: number): Promise<void>;
  select(camera: number): Promise<void>;
  /** Changes fields, which are shown at once; those that are left out stay as they are. */
  changeSettings(patch: Partial<Settings>): Promise<void>;

  openWindow(kind: string): Promise<void>;
  closeWindow(label: string): Promise<void>;
  focusWindow(label: string): Promise<void>;
  /** Asks main to end the studio. */
  quit(): Promise<void>;

  onFrame(receive: (frame: Frame) => void): Unsubscribe;
  onMeasurement(receive: (measurement: Measurement) => void): Unsubscribe;
  onStatistics(receive: (statistics: Statistics) => void): Unsubscribe;
  onLog(receive: (records: readonly LogRecord[]) => void): Unsubscribe;
  onNotice(receive: (notice: Notice) => void): Unsubscribe;

  /** Shows a line of text in every window, and tells who got it. */
  announce(text: string): Promise<readonly Delivery[]>;
  /** Asks a viewer window for the picture that it shows. */
  takeSnapshot(): Promise<Snapshot>;
  /** Answers such requests, as a PNG file; null while there is no picture. */
  serveSnapshots(take: () => Promise<Uint8Array<ArrayBuffer> | null>): void;
  /** Tells main once a second how pictures reach this window. */
  reportArrivals(report: () => Arrived): void;
}
