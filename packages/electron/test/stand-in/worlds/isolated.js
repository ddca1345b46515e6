// The first thing that runs in the preload's isolated world, in every new document: it gives the preload its
// `require('electron')`, and carries the ports that leave it to Node and back. `pack`, `unpack`, `OUT` and `IN` are put
// before this text; what is returned runs a preload script.
const say = globalThis[OUT];
delete globalThis[OUT];
const ports = new Map();
const functions = [];
let last = 0;

// A node that only the two prologues know; it carries strings between the worlds, at once.
const wire = document.createElement("span");
window.dispatchEvent(new FocusEvent("portcullis-stand-in", { relatedTarget: wire }));

/** Hands a port to main: from here on what arrives at it goes there. */
function bridge(port) {
  const id = ++last;
  ports.set(id, port);
  port.onmessage = ({ data, ports }) => {
    let packed;
    try {
      packed = pack(data);
    } catch {
      return; // What main cannot read is lost without an error, as in Electron.
    }
    say(JSON.stringify({ type: "message", id, data: packed, ports: ports.map(bridge) }));
  };
  port.onclose = () => {
    if (ports.delete(id)) say(JSON.stringify({ type: "close", id }));
  };
  return id;
}

// Main's answers, in order, many at a time.
Object.defineProperty(globalThis, IN, {
  value(text) {
    for (const { type, id, data } of JSON.parse(text)) {
      const port = ports.get(id);
      if (type === "message") port?.postMessage(unpack(data));
      if (type === "close" && ports.delete(id)) {
        port.onclose = null;
        port.close();
      }
    }
  },
});

const ipcRenderer = {
  postMessage(channel, message, transfer = []) {
    const list = [...transfer];
    list.forEach((port, at) => {
      if (!(port instanceof MessagePort)) throw new TypeError(`Port at index ${at} is not a valid port`);
    });
    const packed = pack(message);
    say(JSON.stringify({ type: "post", channel: `${channel}`, message: packed, ports: list.map(bridge) }));
  },
};

/** What the main world's prologue has to know of a value: its functions by number, everything else as it is. */
function describe(value) {
  if (typeof value === "function") return { call: functions.push(value) - 1 };
  if (value !== null && typeof value === "object") {
    return { members: Object.entries(value).map(([key, each]) => [key, describe(each)]) };
  }
  return { value };
}

const contextBridge = {
  exposeInMainWorld(name, api) {
    wire.setAttribute("text", JSON.stringify({ name, ...describe(api) }));
    wire.dispatchEvent(new Event("expose"));
    const refused = wire.getAttribute("refused");
    if (refused !== null) throw new Error(refused);
  },
};

wire.addEventListener("call", () => {
  let result;
  try {
    const { call, args } = JSON.parse(wire.getAttribute("text"));
    const value = functions[call](...unpack(args));
    result = value !== null && (typeof value === "object" || typeof value === "function") ? {} : { value };
  } catch (error) {
    result = { error: error instanceof Error ? error.message : `${error}` };
  }
  wire.setAttribute("text", JSON.stringify(result));
});

// The page is told by nobody which of its ports lead to main, so the other prologue is, before it can see them.
const post = window.postMessage.bind(window);
window.postMessage = (message, target, transfer = []) => {
  if (typeof message === "string" && transfer.length > 0) {
    wire.setAttribute("text", message);
    wire.dispatchEvent(new Event("announce"));
  }
  post(message, target, transfer);
};

const require = (name) => {
  if (name !== "electron") throw new Error(`module not found: ${name}`);
  return { contextBridge, ipcRenderer };
};

return (path, script) => {
  const module = { exports: {} };
  try {
    script(module, module.exports, require);
  } catch (error) {
    say(JSON.stringify({ type: "failed", path, message: error instanceof Error ? error.message : `${error}` }));
  }
};
