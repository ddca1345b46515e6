// `utilityProcess`: a real child process, with Electron's `process.parentPort` over Node's own channel.
import { fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import { Link, outgoing } from "./ports.mjs";

const SHIM = new URL("utility-child.mjs", import.meta.url).href;

class UtilityProcess extends EventEmitter {
  #child;
  #link;
  #pid;

  constructor(path, args, { env, execArgv = [], stdio = "inherit" } = {}) {
    super();
    const pipes = stdio === "pipe" ? "pipe" : stdio;
    const child = fork(path instanceof URL ? fileURLToPath(path) : path, args, {
      env: env ?? process.env, execArgv: ["--import", SHIM, ...execArgv], serialization: "advanced", stdio: ["ignore", pipes, pipes, "ipc"],
    });
    this.#child = child;
    this.#link = new Link((message) => this.#post(message), "m");
    child.on("spawn", () => {
      this.#pid = child.pid;
      this.emit("spawn");
    });
    child.on("message", (message) => {
      if (message.type === "parent") this.emit("message", message.data);
      else this.#link.take(message);
    });
    child.on("exit", (code, signal) => {
      this.#pid = undefined;
      this.#link.end();
      this.emit("exit", code ?? signal);
    });
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
  }

  /** Undefined before `spawn` and after `exit`. */
  get pid() {
    return this.#pid;
  }

  get stdout() {
    return this.#child.stdout;
  }

  get stderr() {
    return this.#child.stderr;
  }

  postMessage(message, transfer = []) {
    const { data, ends } = outgoing(message, transfer);
    this.#post({ type: "parent", data, ports: ends.map((end) => this.#link.give(end)) });
  }

  kill() {
    return this.#child.kill();
  }

  #post(message) {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

export const utilityProcess = {
  fork: (path, args = [], options = {}) => new UtilityProcess(path, args, options),
};
