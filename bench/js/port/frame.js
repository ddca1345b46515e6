/** Bytes of one frame of a camera. */
export const FRAME_BYTES = 8 << 20;
