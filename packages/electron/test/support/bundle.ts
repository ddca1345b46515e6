/** The preload bundles, once for all tests, where main looks for them. */
export default async function setup(): Promise<void> {
  const { preloads } = await import(new URL('../../scripts/preload.mjs', import.meta.url).href);
  await preloads();
}
