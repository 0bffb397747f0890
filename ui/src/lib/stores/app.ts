import { createContext } from 'svelte';
import type { Host } from '../host';
import { Announcer } from './announcer.svelte';
import { AppearanceStore } from './appearance.svelte';
import { ChatStore } from './chat.svelte';
import { ConversationsStore } from './conversations.svelte';
import { EngineStore } from './engine.svelte';
import { FirstRunStore } from './first-run.svelte';
import { NavigationStore } from './navigation.svelte';
import { PlanningStore } from './planning.svelte';

/** All stores over one host. Components get it with `useApp`; tests make one over the fake host. */
export interface App {
  announcer: Announcer;
  appearance: AppearanceStore;
  conversations: ConversationsStore;
  engine: EngineStore;
  chat: ChatStore;
  planning: PlanningStore;
  firstRun: FirstRunStore;
  navigation: NavigationStore;
}

export function createApp(host: Host): App {
  const announcer = new Announcer();
  const conversations = new ConversationsStore(host, announcer);
  const engine = new EngineStore(host, announcer);
  return {
    announcer,
    appearance: new AppearanceStore(),
    conversations,
    engine,
    chat: new ChatStore(host, conversations, announcer),
    planning: new PlanningStore(host, engine, announcer),
    firstRun: new FirstRunStore(host, engine, conversations, announcer),
    navigation: new NavigationStore(),
  };
}

export async function startApp(app: App) {
  await Promise.all([app.engine.start(), app.conversations.start()]);
  await app.firstRun.start();
}

const [useApp, provideApp] = createContext<App>();
export { provideApp, useApp };
