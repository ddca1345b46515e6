/** The list of windows: which there are, how each is doing, and closing and opening them. @module */

import type { OpenableKind, StudioApi, StudioWindow, WindowList, WindowStatus } from "../api";
import { byId, make, setText } from "../shared/dom";
import * as format from "../shared/format";
import { withButton } from "../shared/shell";

/** Each status in words, and the colour of its pill. */
const STATUS: Readonly<Record<WindowStatus, readonly [words: string, pill: string]>> = {
  opening: ["Opening", "starting"],
  open: ["Open", "live"],
  hidden: ["Hidden", "off"],
  away: ["Away", "starting"],
  unresponsive: ["Not answering", "failed"],
  crashed: ["Crashed", "failed"],
  closing: ["Closing", "starting"],
};

/** The row of a window, or of a kind of which one can be opened; kept while it is listed, so that the focus stays. */
class Row {
  readonly element = make("li", "window");
  readonly #title = make("span", "window-title");
  readonly #about = make("span", "window-about");
  readonly #pill = make("span", "pill");
  readonly #front = make("button", "button", "Show", { type: "button" });
  readonly #button = make("button", "button", "", { type: "button" });

  constructor(
    private readonly api: StudioApi,
    name: string,
    opens: boolean,
  ) {
    const words = make("span", "window-words");
    words.append(this.#title, this.#about);
    this.element.append(words, this.#pill, this.#front, this.#button);
    setText(this.#button, opens ? "Open" : "Close");
    const act = (): Promise<void> => (opens ? api.openWindow(name) : this.#close(name));
    const what = opens ? "The window was not opened" : "The window was not closed";
    this.#button.addEventListener("click", () => void withButton(this.#button, what, act));
    this.#front.addEventListener("click", () => {
      void withButton(this.#front, "The window did not come to the front", () => api.focusWindow(name));
    });
  }

  showWindow({ label, title, status, detail, closes, focuses }: StudioWindow): void {
    const [words, pill] = STATUS[status];
    const connection = this.api.connection.current;
    const own = connection?.type === "connected" && connection.label === label;
    this.#show(title, detail === "" ? label + (own ? " · this window" : "") : `${label} · ${detail}`, words, pill);
    this.element.dataset["status"] = status;
    this.#button.hidden = !closes;
    this.#button.disabled = status === "closing";
    this.#button.setAttribute("aria-label", `Close ${label}`);
    this.#front.hidden = !focuses;
    this.#front.setAttribute("aria-label", `Show ${label}`);
  }

  showKind({ title }: OpenableKind): void {
    this.#show(title, "can be opened", "Closed", "off");
    this.#button.setAttribute("aria-label", `Open ${title}`);
    this.#front.hidden = true;
  }

  async #close(label: string): Promise<void> {
    try {
      await this.api.closeWindow(label);
    } catch (error) {
      // Whoever closes its own window is gone before the answer is there.
      if (this.api.connection.current?.type !== "closed") throw error;
    }
  }

  #show(title: string, about: string, words: string, pill: string): void {
    setText(this.#title, title);
    setText(this.#about, about);
    setText(this.#pill, words);
    this.#pill.dataset["status"] = pill;
  }
}

/** Connects the list, and the button that ends the studio. */
export function startWindows(api: StudioApi): void {
  const list = byId("windows", HTMLElement);
  const rows = new Map<string, Row>();

  function show({ windows, openable }: WindowList): void {
    const wanted = new Set([...windows.map(({ label }) => `window ${label}`), ...openable.map(({ name }) => `kind ${name}`)]);
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      // Whoever works with the keyboard stays in this panel.
      if (row.element.contains(document.activeElement)) byId("windows-title", HTMLElement).focus();
      row.element.remove();
      rows.delete(key);
    }
    const row = (key: string, name: string, opens: boolean): Row => {
      let row = rows.get(key);
      if (row === undefined) rows.set(key, (row = new Row(api, name, opens)));
      return row;
    };
    const shown = [
      ...windows.map((window) => {
        const each = row(`window ${window.label}`, window.label, false);
        each.showWindow(window);
        return each;
      }),
      ...openable.map((kind) => {
        const each = row(`kind ${kind.name}`, kind.name, true);
        each.showKind(kind);
        return each;
      }),
    ];
    // A row that stands where it should is not moved: it would lose the focus.
    shown.forEach(({ element }, i) => {
      if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
    });
    setText(byId("windows-figure", HTMLElement), format.count(windows.length, "window"));
  }

  api.windows.watch(show);
  // Which of them this window is, is known when it is connected.
  api.connection.watch(() => {
    if (api.windows.current !== undefined) show(api.windows.current);
  });
  const quit = byId("quit", HTMLButtonElement);
  quit.addEventListener("click", () => void withButton(quit, "The studio was not closed", () => api.quit()));
}
