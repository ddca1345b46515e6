/**
 * Eight bytes seen as two 32-bit halves, a 64-bit integer or a float. Moving a number through them is the cheapest way
 * that engines offer between a `bigint` or a float and its bits (docs/decisions/typescript-codec.md).
 */
const bits = new ArrayBuffer(8);

/** The two halves, at `LOW` and `HIGH`. */
export const halves: Uint32Array = new Uint32Array(bits);
/** The same bits as an unsigned integer. */
export const unsigned: BigUint64Array = new BigUint64Array(bits);
/** The same bits as a signed integer. */
export const signed: BigInt64Array = new BigInt64Array(bits);
/** The same bits as a float. */
export const float64: Float64Array = new Float64Array(bits);
/** The first half as a float; its bits are `halves[0]`. */
export const float32: Float32Array = new Float32Array(bits);

float64[0] = 1;
/** Where the low half stands on this machine. */
export const LOW: 0 | 1 = halves[0] === 0 ? 0 : 1;
/** Where the high half stands on this machine. */
export const HIGH: 0 | 1 = LOW === 0 ? 1 : 0;
