// A preload of a few lines: hands out ports by name, and says what it was given.
const { contextBridge, ipcRenderer } = require("electron");

globalThis.littleSecret = "kept";
const shown = (value) => (typeof value === "bigint" ? `${value}n` : value === undefined ? "undefined" : JSON.stringify(value));

contextBridge.exposeInMainWorld("little", {
  ask(name) {
    const { port1, port2 } = new MessageChannel();
    ipcRenderer.postMessage("little", { name }, [port1]);
    window.postMessage(name, "*", [port2]);
  },
  say(...values) {
    if (values[0] === "throw") throw new Error("thrown by the preload");
    return values.map(shown).join(" ");
  },
});
