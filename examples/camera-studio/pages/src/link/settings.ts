/** The settings, which all windows share: shown as they will be once main has taken what was changed here. @module */

import { sharedState, UpdateError } from "@portcullis/client";
import * as api from "../api";
import { SettingsStore } from "../generated/index.js";
import type * as wire from "../generated/types.js";
import { Value, type Watch } from "../shared/watch";
import * as convert from "./convert";
import { type Link, unlessLost } from "./link";

/** The settings over a connection, and how they are changed. */
export function shareSettings(link: Link): { readonly settings: Watch<api.SettingsState>; change(patch: Partial<api.Settings>): Promise<void> } {
  const state = sharedState<wire.SettingsState>({
    subscribe: (listener) => {
      // Each connection tells what they are by then, and a main that was started anew begins anew.
      link.client(SettingsStore).then((client) => client.onSettings(listener), unlessLost);
      return () => undefined;
    },
    replace: async (change, options) => (await link.client(SettingsStore)).replace(change, options),
  });
  const settings = new Value<api.SettingsState>();
  state.onChange(() => {
    const { value, version, pending } = state;
    if (value !== undefined && version !== undefined) settings.set({ ...value, revision: version.number, pending });
  });
  // What was sent together fails together, with one error.
  let last: { readonly error: unknown; readonly words: unknown } | undefined;
  return {
    settings,
    async change(patch) {
      try {
        await state.update((now) => ({ ...now, settings: { ...now.settings, ...patch } }));
      } catch (error) {
        if (last?.error !== error) last = { error, words: failure(error) };
        throw last?.words;
      }
    },
  };
}

/** Why they were not changed, and whether that is certain. */
function failure(error: unknown): unknown {
  if (!(error instanceof UpdateError)) return error;
  const { cause, outcome } = error;
  const known = convert.failure(cause, () => "");
  const { where, status, message } =
    known instanceof api.StudioError
      ? known
      : { where: "studio.settings", status: outcome, message: convert.sentence(cause instanceof Error ? cause.message : error.message) };
  return new api.StudioError(where, status, outcome === "unknown" ? `${message} It may have been done all the same.` : message);
}
