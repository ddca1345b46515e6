// What a page under measurement is asked besides its times.

/** The browser's name and version, and how long the page's main thread has worked: not the time that passed. */
export async function meterOf(page) {
  await page.call('Performance.enable', { timeDomain: 'threadTicks' });
  const { product } = await page.call('Browser.getVersion');
  return {
    browser: product.toLowerCase().replace('headless', '').replace('/', ' '),
    /** Microseconds since the page began. */
    async cpuUs() {
      const { metrics } = await page.call('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration').value * 1e6;
    },
    /** What another case has left behind is not the next one's. Collecting throws away what the engine has learnt as well. */
    collect: () => page.call('HeapProfiler.collectGarbage'),
  };
}
