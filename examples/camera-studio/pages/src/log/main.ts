/** The message log window: every message that the hub saw, newest first. @module */

import type { ChannelKind, LogRecord } from "../api";
import { connect } from "../connect";
import { byId, make, setText } from "../shared/dom";
import * as format from "../shared/format";
import { startShell } from "../shared/shell";
import { parseFilter } from "./filter";
import { Ring } from "./ring";

/** Messages that are remembered, so that a filter can look back. */
const REMEMBERED_MAX = 5000;
/** Rows that are shown. */
const ROWS_MAX = 400;
/** How often rows are added: a log that moves with every message cannot be read. */
const REFRESH_MS = 250;

const api = connect("log");
startShell(api, "log");

const records = new Ring<LogRecord>(REMEMBERED_MAX);
const body = byId("rows", HTMLTableSectionElement);
const filterInput = byId("filter", HTMLInputElement);
const pause = byId("pause", HTMLButtonElement);
const kindInputs = [...document.querySelectorAll<HTMLInputElement>("input[name=kind]")];

let filter = parseFilter("");
let kinds = new Set<string>();
let arrived: LogRecord[] = [];
let paused = false;
let missed = 0;
let failures = 0;

const shows = (record: LogRecord): boolean => kinds.has(record.kind) && filter(record);

api.onLog((batch) => {
  for (const record of batch) {
    records.push(record);
    if (record.outcome !== "ok") failures++;
    if (!shows(record)) continue;
    if (paused) missed++;
    else arrived.push(record);
  }
  // A hidden window is not refreshed; what it will not show need not wait.
  if (arrived.length > ROWS_MAX) arrived = arrived.slice(-ROWS_MAX);
});

const KIND_WORDS: Readonly<Record<ChannelKind, string>> = {
  call: "call",
  notification: "notify",
  stream: "stream",
  event: "event",
  state: "state",
};

function row(record: LogRecord): HTMLTableRowElement {
  const element = make("tr");
  const failed = record.outcome !== "ok";
  if (failed) element.dataset["failed"] = "true";
  const channel = make("td", "channel");
  channel.append(make("span", "kind", KIND_WORDS[record.kind], { "data-kind": record.kind }), make("span", "mono", record.channel));
  const outcome = make("td");
  outcome.append(failed ? make("span", "pill", record.outcome, { "data-status": "failed" }) : make("span", "fine", record.outcome));
  element.append(
    make("td", "mono dim", format.timeOfDay(record.atUs)),
    channel,
    make("td", "mono", record.from),
    make("td", "mono", record.to),
    make("td", "number", format.bytes(record.bytes)),
    make("td", "number", record.durationUs === null ? "–" : format.duration(record.durationUs)),
    outcome,
  );
  return element;
}

function rebuild(): void {
  arrived = [];
  missed = 0;
  const rows: HTMLTableRowElement[] = [];
  for (const record of records.newest()) {
    if (rows.length === ROWS_MAX) break;
    if (shows(record)) rows.push(row(record));
  }
  body.replaceChildren(...rows);
  showCounts();
}

function refresh(): void {
  if (arrived.length > 0) {
    const batch = arrived.reverse();
    arrived = [];
    body.prepend(...batch.map(row));
    while (body.children.length > ROWS_MAX) body.lastElementChild?.remove();
  }
  showCounts();
}

function showCounts(): void {
  setText(byId("seen", HTMLElement), format.count(records.total, "message"));
  setText(byId("failures", HTMLElement), failures === 0 ? "none failed" : `${failures.toLocaleString("en")} failed`);
  byId("failures", HTMLElement).dataset["any"] = String(failures > 0);
  setText(byId("shown", HTMLElement), `${format.count(body.children.length, "row")} shown`);
  setText(pause, paused ? (missed === 0 ? "Resume" : `Resume (${Math.min(missed, REMEMBERED_MAX).toLocaleString("en")} new)`) : "Pause");
  const empty = byId("empty", HTMLElement);
  empty.hidden = body.children.length > 0;
  setText(empty, records.length === 0 ? "No messages yet." : "No message matches the filter.");
}

function readFilter(): void {
  filter = parseFilter(filterInput.value);
  kinds = new Set(kindInputs.filter((each) => each.checked).map((each) => each.value));
  rebuild();
}

function setPaused(value: boolean): void {
  paused = value;
  pause.setAttribute("aria-pressed", String(value));
  if (!value) rebuild();
  showCounts();
}

filterInput.addEventListener("input", readFilter);
for (const each of kindInputs) each.addEventListener("input", readFilter);
pause.addEventListener("click", () => setPaused(!paused));
byId("clear", HTMLButtonElement).addEventListener("click", () => {
  records.clear();
  failures = 0;
  rebuild();
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !typing) {
    event.preventDefault();
    filterInput.select();
  } else if (event.key === "Escape" && typing) {
    filterInput.value = "";
    readFilter();
  } else if (event.key === "p" && !typing) {
    setPaused(!paused);
  }
});

readFilter();
setInterval(refresh, REFRESH_MS);
