import type { Component } from 'svelte';
import { Late } from '../../lib/late.svelte';

/** What is not in the window when it opens. It comes while the reader looks at the first picture. */
const late = <P extends Record<string, unknown>>(
  fetch: () => Promise<{ default: Component<P> }>,
): Late<Component<P>> => new Late(async () => (await fetch()).default);

export const conversation = late(() => import('../chat/Conversation.svelte'));
export const searchPalette = late(() => import('../chat/SearchPalette.svelte'));
export const firstRun = late(() => import('./FirstRun.svelte'));
export const modelsView = late(() => import('./ModelsView.svelte'));
export const benchmarkView = late(() => import('./BenchmarkView.svelte'));
export const settingsView = late(() => import('./SettingsView.svelte'));
export const shortcutSheet = late(() => import('./ShortcutSheet.svelte'));

/** Fetches all of them, the likeliest first. */
export async function loadLateViews() {
  for (const view of [
    conversation,
    searchPalette,
    modelsView,
    benchmarkView,
    settingsView,
    shortcutSheet,
  ])
    await view.load();
}
