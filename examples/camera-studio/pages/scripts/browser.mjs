// Drives headless Chromium over its debugging pipe, without any dependency.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long one command may take. */
const COMMAND_MS_MAX = 20_000;

const FLAGS = [
  "--headless", "--disable-gpu", "--no-proxy-server", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
  "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
];

/** The browser refuses to build its sandbox for root, who can leave it anyway. */
const SANDBOX = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/** Starts a browser with a profile of its own. */
export async function launch({ binary = process.env.CHROMIUM ?? "chromium", flags = [] } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "studio-browser-"));
  const child = spawn(binary, [...FLAGS, ...SANDBOX, ...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const [, , , input, output] = child.stdio;
  const pending = new Map();
  const listeners = new Set();
  let last = 0;
  let text = "";
  output.setEncoding("utf8");
  output.on("data", (part) => {
    text += part;
    const messages = text.split("\0");
    text = messages.pop();
    for (const message of messages.map((each) => JSON.parse(each))) {
      const waiting = pending.get(message.id);
      pending.delete(message.id);
      if (waiting === undefined) for (const listener of listeners) listener(message);
      else if (message.error) waiting.reject(new Error(`${waiting.method}: ${message.error.message}`));
      else waiting.resolve(message.result);
    }
  });
  input.on("error", () => {});
  // A browser that cannot be started, or that has died, answers nothing any more.
  const gone = (why) => {
    for (const waiting of pending.values()) waiting.reject(new Error(`the browser ${why}`));
    pending.clear();
  };
  child.on("error", (error) => gone(`was not started: ${error.message}`));
  child.on("exit", () => gone("has ended"));

  const send = (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), COMMAND_MS_MAX);
      const settle = (then) => (value) => (clearTimeout(timer), then(value));
      pending.set(id, { method, resolve: settle(resolve), reject: settle(reject) });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });

  return {
    /** The number of its first process. */
    id: child.pid,
    /** Opens a page; `problems` gathers what its console and its content policy complain of. */
    async page({ width = 1280, height = 800, dark = false, context } = {}) {
      const { targetId } = await send("Target.createTarget", { url: "about:blank", browserContextId: context, newWindow: true });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      const problems = [];
      listeners.add((message) => {
        if (message.sessionId !== sessionId) return;
        if (message.method === "Runtime.exceptionThrown") problems.push(message.params.exceptionDetails.exception?.description);
        if (message.method === "Runtime.consoleAPICalled" && message.params.type === "error") {
          problems.push(message.params.args.map(({ value, description }) => value ?? description).join(" "));
        }
        if (message.method === "Log.entryAdded" && message.params.entry.level === "error") problems.push(message.params.entry.text);
      });
      const call = (method, params) => send(method, params, sessionId);
      await Promise.all([call("Runtime.enable"), call("Log.enable"), call("Page.enable")]);
      // As if every window were in front: hidden ones are not drawn.
      await call("Emulation.setFocusEmulationEnabled", { enabled: true });
      await call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
      await call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
      return {
        call,
        problems,
        goto: (url) => call("Page.navigate", { url }),
        /** Answers the page's next request itself, whoever it was for; `more` are headers. */
        async answerOnce(html, more = {}) {
          await call("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
          const answer = async (message) => {
            if (message.sessionId !== sessionId || message.method !== "Fetch.requestPaused") return;
            listeners.delete(answer);
            const headers = Object.entries({ "Content-Type": "text/html", ...more }).map(([name, value]) => ({ name, value }));
            await call("Fetch.fulfillRequest", {
              requestId: message.params.requestId, responseCode: 200, responseHeaders: headers, body: Buffer.from(html).toString("base64"),
            });
            await call("Fetch.disable");
          };
          listeners.add(answer);
        },
        evaluate: async (expression) => {
          const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value;
        },
        screenshot: async () => Buffer.from((await call("Page.captureScreenshot", { format: "png" })).data, "base64"),
        close: () => send("Target.closeTarget", { targetId }),
      };
    },
    /** A browser of its own, as it were: with no cookie of the others. */
    context: async () => (await send("Target.createBrowserContext")).browserContextId,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return rm(profile, { recursive: true, force: true, maxRetries: 5 });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      send("Browser.close").catch(() => {});
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(timer);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
