/**
 * What all three windows share: the connection's state in the header and in a banner, notices from
 * other windows, and messages about calls that failed.
 *
 * @module
 */

import { type Connection, type StudioApi, StudioError, type WindowKind } from "../api";
import { byId, make, setText } from "./dom";

/** How long a message stays, unless the pointer or the focus is on it. */
const TOAST_MS = 6000;
/** More messages than this push the oldest out. */
const TOASTS_MAX = 4;
/** A connection that stands sooner than this is not announced as missing. */
const PATIENCE_MS = 700;

/** Connects the parts of the page that every window has. */
export function startShell(api: StudioApi, kind: WindowKind): void {
  // So that the links in the other windows' headers find this window again.
  window.name = `studio-${kind}`;
  api.connection.watch(showConnection);
  api.onNotice((notice) => toast("notice", `Notice from ${notice.from}`, notice.text));
}

let patience: ReturnType<typeof setTimeout> | undefined;

function showConnection(connection: Connection): void {
  clearTimeout(patience);
  const chip = byId("connection", HTMLElement);
  chip.dataset["state"] = connection.type;
  document.documentElement.dataset["connection"] = connection.type;
  const text = byId("connection-text", HTMLElement);
  switch (connection.type) {
    case "connecting":
      setText(text, "Connecting");
      patience = setTimeout(() => banner("Connecting to the studio", "This usually takes a moment."), PATIENCE_MS);
      break;
    case "connected":
      setText(text, connection.label);
      banner("", "");
      break;
    case "closed":
      setText(text, "Closed");
      banner("Window closed", "It was closed from the list of windows. Reload it to open it again.");
      break;
    case "lost":
      setText(text, "Not connected");
      banner(
        "Connection lost",
        `${connection.reason} ${connection.retrying ? "Trying again." : "Start the studio again, and open its address."}`,
      );
      break;
  }
}

function banner(title: string, text: string): void {
  const element = byId("banner", HTMLElement);
  setText(byId("banner-title", HTMLElement), title);
  setText(byId("banner-text", HTMLElement), text);
  element.hidden = title === "";
}

/** Shows a message in the corner; it goes by itself, or by its button. */
export function toast(kind: "notice" | "done" | "failed", title: string, text: string): void {
  const list = byId("toasts", HTMLElement);
  const item = make("div", "toast", "", { "data-kind": kind });
  const words = make("div", "toast-words");
  words.append(make("strong", "", title), make("span", "", text));
  const close = make("button", "icon-button", "×", { type: "button", "aria-label": `Dismiss: ${title}` });
  close.addEventListener("click", () => item.remove());
  item.append(words, close);
  list.append(item);
  while (list.children.length > TOASTS_MAX) list.firstElementChild?.remove();
  const leave = (): void => {
    if (item.matches(":hover, :focus-within")) setTimeout(leave, TOAST_MS);
    else item.remove();
  };
  setTimeout(leave, TOAST_MS);
}

/** Says that something could not be done, and why. */
export function report(what: string, error: unknown): void {
  if (error instanceof StudioError) toast("failed", what, `${error.message} (${error.where}: ${error.status})`);
  else toast("failed", what, error instanceof Error ? error.message : String(error));
}

/** Runs a call from a button, which is busy until the call ends. */
export async function withButton(button: HTMLButtonElement, what: string, run: () => Promise<void>): Promise<void> {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await run();
  } catch (error) {
    report(what, error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}
