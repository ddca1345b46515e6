// The application of the tests: main of the real adapter with the real addon, pages with the real bundles, in the
// stand-in. One to a process, as in Electron.
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as electron from "../test/stand-in/electron.mjs";
import * as control from "../test/stand-in/control.mjs";
import { bundles } from "./bundles.mjs";
import { servePages, until } from "./support.mjs";

/** The contract of the tests. */
export const SCHEMA = new URL("../../../tests/sample-contract/contract.schema", import.meta.url);

/** The addon that the environment names, or the one that cargo has built last. */
export function addonPath() {
  if (process.env.PORTCULLIS_ADDON_PATH) return process.env.PORTCULLIS_ADDON_PATH;
  const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../../target", import.meta.url));
  const name = { win32: "portcullis_node.dll", darwin: "libportcullis_node.dylib" }[process.platform] ?? "libportcullis_node.so";
  const built = ["release", "debug"].map((profile) => join(target, profile, name)).filter((path) => existsSync(path));
  const [found] = built.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  if (found === undefined) throw new Error(`there is no ${name} below ${target}: cargo build -p portcullis-node makes one`);
  return found;
}

/** What a page of the tests is: the bundle, under a policy that allows no other script. */
const PAGE = `<!doctype html><meta http-equiv="content-security-policy" content="default-src 'self'; frame-src *"><title>page</title><script src="/page.js"></script>`;

/** The sample contract with the built-in interfaces, as an application's own contract would hold them. */
async function contract() {
  const read = async (url) => JSON.parse(await readFile(url, "utf8"));
  const [sample, builtIn] = [await read(SCHEMA), await read(new URL("../../../crates/portcullis-desktop/contract.schema", import.meta.url))];
  const order = (one, other) => (one < other ? -1 : 1);
  const interfaces = [...sample.interfaces, ...builtIn.interfaces].sort((one, other) => order(one.name, other.name));
  const types = Object.fromEntries(Object.entries({ ...sample.types, ...builtIn.types }).sort(([one], [other]) => order(one, other)));
  return JSON.stringify({ ...sample, interfaces, types });
}

const ALL = ["sample.echo.*", "sample.flows.*", "sample.topics.*"];
const SERVED = ["sample.echo", "sample.flows", "sample.topics"];
const BUILT_IN = ["portcullis.windows.*", "portcullis.application.*"];

const ROLES = [
  {
    name: "main", call: [...ALL, ...BUILT_IN], publish: ["sample.topics.*"], subscribe: ["sample.topics.*", ...BUILT_IN],
    serve: [...SERVED, "portcullis.windows", "portcullis.application"],
  },
  { name: "window", call: [...ALL, ...BUILT_IN], subscribe: ["sample.topics.*", ...BUILT_IN], serve: ["sample.echo", "sample.flows"] },
  { name: "worker", call: ALL, publish: ["sample.topics.*"], subscribe: ["sample.topics.*"], serve: SERVED },
  { name: "guest", call: ["sample.echo.call"] },
];

/**
 * Starts it. `pages` are further texts by path, `preload` is the name of the bundle; `portcullis` goes to `createPortcullis`. What comes back has `events` of
 * the adapter, `lines` of its log, `noted` of what main serves as its peer `main`.
 */
export async function startApplication(options = {}) {
  const built = await bundles();
  const page = await readFile(built.file("page.js"), "utf8");
  const pages = await servePages({ "/": PAGE, "/page.js": page, ...options.pages });
  const end = async () => {
    electron.app.exit(0);
    await electron.app.exited;
    await Promise.all([pages.close(), built.remove()]);
  };
  try {
    return await assemble(built, pages, end, options);
  } catch (error) {
    await end();
    throw error;
  }
}

async function assemble(built, pages, end, { preload = "preload.cjs", portcullis: options = {} }) {
  const parts = await import(built.file("main.mjs"));
  const [events, lines] = [[], []];
  const note = (message, ...details) => lines.push([message, ...details].join(" "));
  const portcullis = parts.createPortcullis({
    electron,
    hub: { schema: await contract(), roles: ROLES, addon: addonPath() },
    interfaces: [parts.Echo, parts.Flows, parts.Topics],
    origins: [pages.origin],
    preload: built.file(preload),
    logger: { warn: note, error: note },
    onEvent: (event) => events.push(event),
    ...options,
  });
  await electron.app.whenReady();
  await portcullis.ready;
  const noted = parts.nothingYet();
  await parts.serve(portcullis.main, parts.Echo, parts.echo("main", noted), { instance: "main" });
  await parts.serve(portcullis.main, parts.Flows, parts.flows(noted), { instance: "main" });
  const topics = await parts.serve(portcullis.main, parts.Topics, { emit: () => undefined }, { instance: "main" });
  return {
    ...parts, built, events, lines, noted, pages, portcullis, publisher: topics.publisher,
    main: portcullis.main,
    /** A window, attached and loaded. */
    async window(label, { path = "/", role = "window", ...attachment } = {}) {
      const window = new electron.BrowserWindow();
      portcullis.attachWindow(window, { label, role, ...attachment });
      await window.loadURL(`${pages.origin}${path}`);
      return window;
    },
    /** The same, with its page connected. */
    async connected(label, options) {
      const window = await this.window(label, options);
      const opened = await open(window);
      if (opened.label !== label) throw new Error(`${label} was refused: ${opened.message}`);
      return window;
    },
    /** The utility process, attached and serving. */
    async worker() {
      const child = electron.utilityProcess.fork(built.file("worker.mjs"));
      portcullis.attachUtility(child, { label: "worker", role: "worker" });
      await until(() => portcullis.main.bind(parts.Echo, { instance: "worker" }).then(() => true, () => false), "the worker's service");
      return child;
    },
    /** What is open now, everywhere. */
    counts: () => ({
      peers: portcullis.hub.peers().map(({ label }) => label).sort(),
      openWork: portcullis.hub.openWork(),
      standIn: control.counts(),
    }),
    refusals: () => events.filter(({ type }) => type === "refused").map(({ refused }) => refused.code),
    ends: () => events.filter(({ type }) => type === "ended").map(({ label, end }) => `${label}: ${end.by}`),
    async stop() {
      portcullis.close();
      await end();
    },
  };
}

/** Connects the page that is in a window, or in a frame of it: `{ label, role }`, or `{ code, hint, message }`. */
export const open = (window, options = {}, frame = undefined) => control.evaluate(window.webContents, `app.open(${JSON.stringify(options)})`, frame);

/**
 * What a page does that does not use the renderer's bundle: asks the preload by its own token, and hands back the first
 * message of the port that it gets. `where` is an expression for the window in which it asks.
 */
export const ask = (window, token, where = "window") =>
  control.evaluate(window.webContents, `new Promise((resolve) => {
    const [scope, token] = [${where}, ${JSON.stringify(token)}];
    scope.addEventListener("message", ({ data, ports: [port] }) => {
      if (data !== token) return;
      globalThis.asked = port;
      port.onmessage = ({ data }) => resolve(data);
    });
    scope.portcullis.connect(token);
  })`);

/** A token that a page could have made. */
export const token = (version = 1, contract = "") => `v${version}:${randomBytes(16).toString("hex")}:${contract}`;

/** The value of an expression in a window's page, with big numbers made plain; `p` is its connection. */
export const inPage = (window, expression) =>
  control.evaluate(window.webContents, `(async () => {
    const { portcullis: p, Application, Echo, Flows, Topics, Windows } = app;
    const plain = (value) => JSON.parse(JSON.stringify(value, (_, each) => (typeof each === "bigint" ? Number(each) : each)) ?? "null");
    return plain(await (${expression}));
  })().catch((error) => {
    // With nothing on it that cannot be told, as big numbers are.
    throw new Error(error.stack);
  })`);
