/** The form of the settings: shows what all windows share, and sends what is changed here. @module */

import { ANNOTATION_CHARACTERS_MAX, type Quality, type Settings, SETTINGS_DEFAULT, type SettingsState, type StudioApi } from "../api";
import { byId, setText } from "../shared/dom";
import * as format from "../shared/format";
import { report } from "../shared/shell";
import { PatchSender } from "./patches";

const input = (id: string): HTMLInputElement => byId(id, HTMLInputElement);

const isQuality = (value: string): value is Quality => value === "full" || value === "half" || value === "quarter";

/** Connects the form. */
export function startSettings(api: StudioApi): void {
  const qualities = [...document.querySelectorAll<HTMLInputElement>("input[name=quality]")];
  const sender = new PatchSender(
    (patch) => api.updateSettings(patch),
    (error) => {
      report("The settings were not changed", error);
      if (api.settings.current !== undefined) show(api.settings.current);
    },
  );

  /** Shows one field, unless a change of it from here is still on its way. */
  const field = <K extends keyof Settings>(name: K, settings: Settings, set: (value: Settings[K]) => void): void => {
    if (!sender.isChanging(name)) set(settings[name]);
  };

  function show({ settings, revision, changedBy }: SettingsState): void {
    field("exposure", settings, (value) => (input("exposure").value = String(value)));
    field("gain", settings, (value) => (input("gain").value = String(value)));
    field("framesPerSecondMax", settings, (value) => (input("rate").value = String(value)));
    field("mirror", settings, (value) => (input("mirror").checked = value));
    field("quality", settings, (value) => qualities.forEach((each) => (each.checked = each.value === value)));
    // Setting an equal value would move the cursor of whoever is writing.
    field("annotation", settings, (value) => {
      if (input("annotation").value !== value) input("annotation").value = value;
    });
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
      showFigures();
    });
  };
  changed("exposure", (each) => sender.change({ exposure: each.valueAsNumber }));
  changed("gain", (each) => sender.change({ gain: each.valueAsNumber }));
  changed("rate", (each) => sender.change({ framesPerSecondMax: each.valueAsNumber }));
  changed("mirror", (each) => sender.change({ mirror: each.checked }));
  changed("annotation", (each) => sender.change({ annotation: each.value }));
  for (const each of qualities) {
    each.addEventListener("input", () => {
      if (isQuality(each.value)) sender.change({ quality: each.value });
    });
  }
  byId("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
  byId("reset", HTMLButtonElement).addEventListener("click", () => {
    sender.change(SETTINGS_DEFAULT);
    // The fields wait for the answer, as they do when another window resets them.
  });
  api.settings.watch(show);
}
