// Runs in a utility process before its module: `process.parentPort`, whose messages bring ports with them.
import { EventEmitter } from "node:events";
import { Link, MessagePortMain } from "./ports.mjs";

const post = (message) => {
  if (process.connected) process.send(message, () => {});
};
const link = new Link(post, "u");
const parentPort = new EventEmitter();
/** What came before anybody listened. */
const early = [];

const deliver = (event) => parentPort.emit("message", event);

process.on("message", (message) => {
  if (message.type !== "parent") return link.take(message);
  // What follows through the ports may be here before anybody listens.
  const event = { data: message.data, ports: message.ports.map((id) => new MessagePortMain(link.adopt(id))) };
  if (parentPort.listenerCount("message") > 0) deliver(event);
  else early.push(event);
});
parentPort.on("newListener", (name) => {
  if (name === "message") setImmediate(() => early.splice(0).forEach(deliver));
});
parentPort.postMessage = (data) => post({ type: "parent", data });
process.parentPort = parentPort;

// It does not outlive the app.
process.on("disconnect", () => {
  link.end();
  process.exit(0);
});
