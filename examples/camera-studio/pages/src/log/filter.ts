/**
 * The filter's small language. Words are separated by spaces and all must match, anywhere in a message's
 * channel, kind, peers and outcome; `from:`, `to:`, `channel:`, `kind:` and `outcome:` look at that alone; a minus
 * turns a word round.
 *
 * @module
 */

import type { LogRecord } from "../api";

/** Whether a message is to be shown. */
export type Filter = (record: LogRecord) => boolean;

const FIELDS = ["channel", "kind", "from", "to", "outcome"] as const;

/** Reads a filter; anything can be written, and nothing means everything. */
export function parseFilter(text: string): Filter {
  const terms = text.toLowerCase().split(/\s+/).filter((word) => word !== "" && word !== "-").map(term);
  return (record) => terms.every((matches) => matches(record));
}

function term(word: string): Filter {
  if (word.startsWith("-")) {
    const matches = term(word.slice(1));
    return (record) => !matches(record);
  }
  const field = FIELDS.find((name) => word.startsWith(`${name}:`));
  if (field !== undefined) {
    const wanted = word.slice(field.length + 1);
    return (record) => record[field].toLowerCase().includes(wanted);
  }
  return (record) => FIELDS.some((name) => record[name].toLowerCase().includes(word));
}
