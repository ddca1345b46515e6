/** The list of cameras: which there are, which is shown, and plugging them. @module */

import type { Camera, CameraList, CameraStatus, StudioApi } from "../api";
import { byId, make, setText } from "../shared/dom";
import { report, withButton } from "../shared/shell";

const STATUS_WORDS: Readonly<Record<CameraStatus, string>> = {
  live: "Live",
  starting: "Starting",
  unplugged: "Unplugged",
  failed: "Failed",
};

/** One camera's row, which is kept while the camera is listed, so that the focus stays. */
class Row {
  readonly element = make("li", "camera");
  readonly #radio = make("input", "", "", { type: "radio", name: "camera" });
  readonly #name = make("span", "camera-name");
  readonly #about = make("span", "camera-about");
  readonly #status = make("span", "pill");
  readonly #button = make("button", "button", "", { type: "button" });
  #plugged = false;

  constructor(api: StudioApi, id: number) {
    const label = make("label", "camera-label");
    const words = make("span", "camera-words");
    words.append(this.#name, this.#about);
    label.append(this.#radio, words, this.#status);
    this.element.append(label, this.#button);
    this.#radio.value = String(id);

    this.#radio.addEventListener("change", () => {
      api.select(id).catch((error: unknown) => {
        report("The camera was not selected", error);
        if (api.cameras.current !== undefined) this.showSelected(api.cameras.current.selected === id);
      });
    });
    this.#button.addEventListener("click", () => {
      const what = this.#plugged ? "The camera was not unplugged" : "The camera was not plugged in";
      void withButton(this.#button, what, () => (this.#plugged ? api.unplug(id) : api.plug(id)));
    });
  }

  show(camera: Camera, selected: boolean): void {
    this.#plugged = camera.status !== "unplugged" && camera.status !== "failed";
    this.element.dataset["status"] = camera.status;
    setText(this.#name, camera.name);
    const about = `${camera.source} · ${camera.width} × ${camera.height} at ${+camera.framesPerSecond.toFixed(2)}/s`;
    setText(this.#about, camera.detail === "" ? about : camera.detail);
    setText(this.#status, STATUS_WORDS[camera.status]);
    this.#status.dataset["status"] = camera.status;
    setText(this.#button, this.#plugged ? "Unplug" : "Plug in");
    this.#button.setAttribute("aria-label", `${this.#plugged ? "Unplug" : "Plug in"} ${camera.name}`);
    this.#radio.disabled = !this.#plugged;
    this.showSelected(selected);
  }

  showSelected(selected: boolean): void {
    this.#radio.checked = selected;
    this.element.dataset["selected"] = String(selected);
  }
}

/** Connects the list. */
export function startCameras(api: StudioApi): void {
  const list = byId("cameras", HTMLElement);
  const rows = new Map<number, Row>();

  function show({ cameras, selected }: CameraList): void {
    for (const [id, row] of rows) {
      if (cameras.some((camera) => camera.id === id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const camera of cameras) {
      let row = rows.get(camera.id);
      if (row === undefined) {
        row = new Row(api, camera.id);
        rows.set(camera.id, row);
        list.append(row.element);
      }
      row.show(camera, camera.id === selected);
    }
    const plugged = cameras.filter((camera) => camera.status === "live" || camera.status === "starting").length;
    setText(byId("cameras-figure", HTMLElement), `${plugged} of ${cameras.length} plugged in`);
  }

  api.cameras.watch(show);
}
