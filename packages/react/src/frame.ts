/** When something that changes often is shown. */

/**
 * Runs it once with the next picture where pictures are drawn, elsewhere a microtask later. A page that nobody sees draws
 * none, and waits. What it returns takes it back.
 */
export function nextFrame(run: () => void): () => void {
  if (typeof requestAnimationFrame === 'function') {
    const frame = requestAnimationFrame(run);
    return () => cancelAnimationFrame(frame);
  }
  let wanted = true;
  queueMicrotask(() => {
    if (wanted) run();
  });
  return () => {
    wanted = false;
  };
}
