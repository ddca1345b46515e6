// JSON, a line each, over a stream: the least that a protocol between two processes needs.
export function lines(socket, take) {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    const all = (rest + text).split('\n');
    rest = all.pop();
    for (const line of all) take(JSON.parse(line));
  });
}
