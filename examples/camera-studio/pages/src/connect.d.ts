import type { StudioApi, WindowKind } from "./api";

/** Reaches the studio as one of its windows. */
export function connect(kind: WindowKind): StudioApi;
