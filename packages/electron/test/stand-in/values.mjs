// Structured values as JSON, for the way between an isolated world and Node. Both functions are also run inside the
// isolated world, from their own text, so they use nothing but what every realm has.

/**
 * A value as something that JSON carries without loss. Throws for what does not survive the way to another process in
 * Electron either: functions, symbols, ports, blobs, nodes.
 */
export function pack(value) {
  const base64 = (bytes) => (bytes.toBase64 ? bytes.toBase64() : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
  const tagged = (tag, v) => ({ $: tag, v });
  const lose = () => {
    throw new DOMException("An object could not be cloned.", "DataCloneError");
  };
  const walk = (value) => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged("number", Object.is(value, -0) ? "-0" : `${value}`);
    if (value === undefined) return tagged("undefined");
    if (typeof value === "bigint") return tagged("bigint", `${value}`);
    if (typeof value !== "object") return lose();
    if (Array.isArray(value)) return value.map(walk);
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    if (kind === "ArrayBuffer") return tagged("ArrayBuffer", base64(new Uint8Array(value)));
    if (ArrayBuffer.isView(value)) return tagged(kind, base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
    if (kind === "Map") return tagged("Map", [...value].map(([key, each]) => [walk(key), walk(each)]));
    if (kind === "Set") return tagged("Set", [...value].map(walk));
    if (kind === "Date") return tagged("Date", value.getTime());
    if (kind !== "Object") return lose();
    return tagged("object", Object.entries(value).map(([key, each]) => [key, walk(each)]));
  };
  return walk(value);
}

/** What `pack` was given. */
export function unpack(packed) {
  const bytes = (text) => (Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(Buffer.from(text, "base64")));
  const walk = (packed) => {
    if (packed === null || typeof packed !== "object") return packed;
    if (Array.isArray(packed)) return packed.map(walk);
    const { $: tag, v } = packed;
    if (tag === "undefined") return undefined;
    if (tag === "number") return Number(v);
    if (tag === "bigint") return BigInt(v);
    if (tag === "object") {
      const object = {};
      for (const [key, each] of v) Object.defineProperty(object, key, { value: walk(each), enumerable: true, configurable: true, writable: true });
      return object;
    }
    if (tag === "Map") return new Map(v.map(([key, each]) => [walk(key), walk(each)]));
    if (tag === "Set") return new Set(v.map(walk));
    if (tag === "Date") return new Date(v);
    const { buffer } = bytes(v);
    return tag === "ArrayBuffer" ? buffer : new globalThis[tag](buffer);
  };
  return walk(packed);
}
