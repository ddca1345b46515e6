/** What this window exchanges with the other windows: a notice for all, a snapshot from the viewer. @module */

import type { Delivery, StudioApi } from "../api";
import { byId, make, setText } from "../shared/dom";
import * as format from "../shared/format";
import { withButton } from "../shared/shell";

/** Connects both panels. */
export function startExchange(api: StudioApi): void {
  startNotice(api);
  startSnapshot(api);
}

function startNotice(api: StudioApi): void {
  const text = byId("notice", HTMLInputElement);
  const send = byId("send-notice", HTMLButtonElement);
  const form = byId("notice-form", HTMLFormElement);
  const enable = (): void => {
    send.disabled = text.value.trim() === "";
  };
  text.addEventListener("input", enable);
  enable();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void withButton(send, "The notice was not sent", async () => {
      const deliveries = await api.announce(text.value.trim());
      text.value = "";
      enable();
      showDeliveries(deliveries);
    });
  });
}

function showDeliveries(deliveries: readonly Delivery[]): void {
  const rows = deliveries.map(({ peer, outcome }) => {
    const row = make("li");
    const status = outcome === "delivered" ? "live" : "failed";
    const pill = make("span", "pill", outcome === "delivered" ? "Delivered" : outcome, { "data-status": status });
    row.append(make("span", "mono", peer), pill);
    return row;
  });
  byId("deliveries", HTMLElement).replaceChildren(...rows);
  const reached = deliveries.filter(({ outcome }) => outcome === "delivered").length;
  setText(byId("deliveries-figure", HTMLElement), `Reached ${reached} of ${format.count(deliveries.length, "window")}`);
}

function startSnapshot(api: StudioApi): void {
  const take = byId("take-snapshot", HTMLButtonElement);
  const image = byId("snapshot", HTMLImageElement);
  let url = "";
  take.addEventListener("click", () => {
    void withButton(take, "No snapshot was taken", async () => {
      const began = performance.now();
      const { from, png } = await api.takeSnapshot();
      const us = (performance.now() - began) * 1000;
      URL.revokeObjectURL(url);
      url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
      image.src = url;
      image.hidden = false;
      byId("snapshot-empty", HTMLElement).hidden = true;
      setText(byId("snapshot-figure", HTMLElement), `From ${from}: ${format.bytes(png.length)} in ${format.duration(us)}`);
    });
  });
}
