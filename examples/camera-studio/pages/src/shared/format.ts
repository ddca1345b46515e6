/** Numbers as people read them. @module */

const DAY_US = 86_400_000_000n;

/** `640 B`, `3.4 kB`, `345 kB`, `1.2 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = count;
  let unit = "";
  for (unit of units) {
    value /= 1000;
    if (value < 999.5) break;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** `85 µs`, `1.2 ms`, `34 ms`, `2.5 s`. */
export function duration(us: number): string {
  if (us < 999.5) return `${Math.round(us)} µs`;
  if (us < 999_500) return `${us < 9_950 ? (us / 1000).toFixed(1) : Math.round(us / 1000)} ms`;
  return `${(us / 1_000_000).toFixed(1)} s`;
}

/** Whole and tenths of milliseconds, for a figure whose unit stands beside it. */
export function milliseconds(us: number): string {
  return us < 99_950 ? (us / 1000).toFixed(1) : Math.round(us / 1000).toString();
}

/** The local time of day with milliseconds: `14:03:07.250`. */
export function timeOfDay(atUs: bigint, offsetMinutes = new Date(Number(atUs / 1000n)).getTimezoneOffset()): string {
  const local = atUs - BigInt(offsetMinutes) * 60_000_000n;
  const ms = Number((((local % DAY_US) + DAY_US) % DAY_US) / 1000n);
  const part = (value: number, digits: number): string => Math.floor(value).toString().padStart(digits, "0");
  return `${part(ms / 3_600_000, 2)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
}

/** `0 %` to `100 %` of a value between 0 and 1. */
export function percent(value: number, digits = 0): string {
  return `${(value * 100).toFixed(digits)}`;
}

/** A number with its sign, and a true minus: `+0.7`, `0.0`, `−1.3`. */
export function signed(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : "+") + text;
}

/** `1 message`, `2,048 messages`. */
export function count(number: number | bigint, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number == 1 ? one : many}`;
}
