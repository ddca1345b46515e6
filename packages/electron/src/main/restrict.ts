/** Keeps a window at its origins, and from opening others: items 13 and 14 of Electron's security checklist. */
import { clip, type Grant } from './judge.js';
import type { Reporter } from './log.js';
import { originOf } from './origins.js';
import type { ContentsParts } from './parts.js';

/** What holds for a window now; it may be attached anew under another grant. */
const current = new WeakMap<ContentsParts, Grant>();

/**
 * Prevents navigation of the page to origins that are not on its list, and all new windows. An application with a rule of its own for new
 * windows calls `setWindowOpenHandler` after this: the last one holds.
 */
export function restrict(contents: ContentsParts, grant: Grant, reporter: Reporter): void {
  const known = current.has(contents);
  current.set(contents, grant);
  if (known) return;
  const prevented = (what: 'navigation' | 'window', url: string) =>
    reporter.tell({ type: 'prevented', what, url: clip(url), webContents: contents.id, label: current.get(contents)?.label, origin: originOf(contents.getURL()) });
  const check = (details: { readonly url: string; readonly isMainFrame?: boolean; preventDefault(): void }) => {
    // Redirects of frames inside the page are told, too, and are none of the page's own.
    if (details.isMainFrame === false) return;
    const origin = originOf(details.url);
    if (origin !== undefined && current.get(contents)?.origins.has(origin) === true) return;
    details.preventDefault();
    prevented('navigation', details.url);
  };
  contents.on('will-navigate', check);
  // The answer of a server may lead elsewhere than the link did.
  contents.on('will-redirect', check);
  contents.setWindowOpenHandler(({ url }) => {
    prevented('window', url);
    return { action: 'deny' };
  });
}
