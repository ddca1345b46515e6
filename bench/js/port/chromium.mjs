// The host in Chromium: a real page, the other end a dedicated worker of its own, the port the browser's MessageChannel.
import { createServer } from 'node:http';
import { launch } from '../../../examples/camera-studio/pages/scripts/browser.mjs';
import { meterOf } from '../meter.mjs';
import { bundle } from './bundle.mjs';

const PAGE = `import { makeCases } from './cases.js';
  const worker = new Worker('/far.js', { type: 'module' });
  globalThis.ready = makeCases((system, ...args) => {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ system, port: port2, args }, [port2]);
    return port1;
  });
  globalThis.measure = async (at) => {
    const cases = await ready;
    const started = performance.now();
    await cases[at].run();
    return (performance.now() - started) * 1000;
  };`;

export async function chromiumHost() {
  const files = {
    '/': ['text/html', '<!doctype html><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', await bundle(PAGE, 'browser')],
    '/far.js': ['text/javascript', await bundle(`import { begin } from './far.js'; onmessage = ({ data }) => begin(data);`, 'browser')],
  };
  const server = createServer(({ url }, response) => {
    const [type, text] = files[url] ?? ['text/plain', ''];
    response.writeHead(type === 'text/plain' ? 404 : 200, { 'content-type': type });
    response.end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launch();
  const page = await browser.page();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const list = `(async () => {
    while (globalThis.ready === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    return (await ready).map(({ name, system, count }) => ({ name, system, count }));
  })()`;
  const cases = await page.evaluate(list);
  const meter = await meterOf(page);
  return {
    variant: meter.browser,
    cases,
    async measure(at) {
      await meter.collect();
      await page.evaluate(`measure(${at})`);
      const cpu = await meter.cpuUs();
      const wall = await page.evaluate(`measure(${at})`);
      return { wall, cpu: (await meter.cpuUs()) - cpu };
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
