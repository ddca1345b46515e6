// Rows of figures, the same for every script: what the command line asks for, medians with quartiles, and where rows go.
import { writeFileSync } from 'node:fs';

/** What follows an option on the command line, if it is there. */
export const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);

/** A value of a sorted list, below which this part of them lies. */
export const quantile = (sorted, part) => sorted[Math.round((sorted.length - 1) * part)];

export const sorted = (values) => [...values].sort((a, b) => a - b);

/** Median and quartiles. */
export function summary(values) {
  const all = sorted(values);
  return { median: quantile(all, 0.5), low: quantile(all, 0.25), high: quantile(all, 0.75) };
}

/** Writes them as JSON, if the command line says where. */
export function save(rows) {
  const json = option('--json');
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
}
