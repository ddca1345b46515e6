/** The form of the settings: shows what all windows share, and sends what is changed here. @module */

import { ANNOTATION_CHARACTERS_MAX, type Quality, type Settings, SETTINGS_DEFAULT, type SettingsState, type StudioApi } from "../api";
import { byId, setText } from "../shared/dom";
import * as format from "../shared/format";
import { report } from "../shared/shell";

const input = (id: string): HTMLInputElement => byId(id, HTMLInputElement);

const isQuality = (value: string): value is Quality => value === "full" || value === "half" || value === "quarter";

/** Connects the form. */
export function startSettings(api: StudioApi): void {
  const qualities = [...document.querySelectorAll<HTMLInputElement>("input[name=quality]")];
  let reported: unknown;

  /** Changes fields: they are shown at once, also in other windows, and shown as they were when that fails. */
  const change = (patch: Partial<Settings>): void => {
    api.changeSettings(patch).catch((error: unknown) => {
      // What was sent together fails together, and is told once.
      if (error === reported) return;
      reported = error;
      report("The settings were not changed", error);
    });
  };

  function show({ settings, revision, changedBy }: SettingsState): void {
    input("exposure").value = String(settings.exposure);
    input("gain").value = String(settings.gain);
    input("rate").value = String(settings.framesPerSecondMax);
    input("mirror").checked = settings.mirror;
    for (const each of qualities) each.checked = each.value === settings.quality;
    // Setting an equal value would move the cursor of whoever is writing.
    if (input("annotation").value !== settings.annotation) input("annotation").value = settings.annotation;
    showFigures();
    const by = changedBy === "" ? "not changed yet" : `changed by ${changedBy}`;
    setText(byId("revision", HTMLElement), `Revision ${revision}, ${by}`);
  }

  function showFigures(): void {
    const figures: [string, string][] = [
      ["exposure", `${format.signed(input("exposure").valueAsNumber)} EV`],
      ["gain", `${input("gain").valueAsNumber.toFixed(0)} dB`],
      ["rate", `${input("rate").valueAsNumber} /s`],
    ];
    for (const [id, text] of figures) {
      setText(byId(`${id}-figure`, HTMLElement), text);
      const range = input(id);
      range.setAttribute("aria-valuetext", text);
      const share = (range.valueAsNumber - Number(range.min)) / (Number(range.max) - Number(range.min));
      range.style.setProperty("--share", `${share * 100}%`);
    }
    const left = ANNOTATION_CHARACTERS_MAX - input("annotation").value.length;
    setText(byId("annotation-figure", HTMLElement), `${left} left`);
  }

  input("annotation").maxLength = ANNOTATION_CHARACTERS_MAX;
  const changed = (id: string, send: (element: HTMLInputElement) => void): void => {
    input(id).addEventListener("input", () => {
      send(input(id));
      // Before main has told the settings for the first time, nothing else shows them.
      showFigures();
    });
  };
  changed("exposure", (each) => change({ exposure: each.valueAsNumber }));
  changed("gain", (each) => change({ gain: each.valueAsNumber }));
  changed("rate", (each) => change({ framesPerSecondMax: each.valueAsNumber }));
  changed("mirror", (each) => change({ mirror: each.checked }));
  changed("annotation", (each) => change({ annotation: each.value }));
  for (const each of qualities) {
    each.addEventListener("input", () => {
      if (isQuality(each.value)) change({ quality: each.value });
    });
  }
  byId("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
  byId("reset", HTMLButtonElement).addEventListener("click", () => change(SETTINGS_DEFAULT));
  api.settings.watch(show);
}
