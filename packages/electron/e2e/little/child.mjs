// A utility process that echoes what comes through its port, after what it was sent with.
process.parentPort.on("message", ({ data, ports: [port] }) => {
  port.on("message", (event) => port.postMessage(event.data));
  port.start();
  port.postMessage(data);
});
