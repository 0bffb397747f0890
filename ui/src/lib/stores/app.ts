import { createContext } from 'svelte';
import type { Host } from '../host';
import { Announcer } from './announcer.svelte';
import { AppearanceStore } from './appearance.svelte';
import { AttachmentsStore } from './attachments.svelte';
import { ChatStore } from './chat.svelte';
import { ContextStore } from './context.svelte';
import { ConversationsStore } from './conversations.svelte';
import { DiscoverStore } from './discover.svelte';
import { DownloadsStore } from './downloads.svelte';
import { DraftsStore } from './drafts.svelte';
import { EngineStore } from './engine.svelte';
import { FindStore } from './find.svelte';
import { FirstRunStore } from './first-run.svelte';
import { HubSettingsStore } from './hub-settings.svelte';
import { LibraryStore } from './library.svelte';
import { MessagesStore } from './messages.svelte';
import { NavigationStore } from './navigation.svelte';
import { OffersStore } from './offers.svelte';
import { Outgoing } from './outgoing';
import { PlanningStore } from './planning.svelte';
import { SetupStore } from './setup.svelte';
import { TemplatesStore } from './templates.svelte';
import { ReadingStore } from './reading.svelte';

/** All stores over one host. Components get it with `useApp`; tests make one over the fake host. */
export interface App {
  announcer: Announcer;
  appearance: AppearanceStore;
  conversations: ConversationsStore;
  engine: EngineStore;
  chat: ChatStore;
  drafts: DraftsStore;
  attachments: AttachmentsStore;
  setup: SetupStore;
  templates: TemplatesStore;
  context: ContextStore;
  messages: MessagesStore;
  find: FindStore;
  reading: ReadingStore;
  planning: PlanningStore;
  downloads: DownloadsStore;
  offers: OffersStore;
  discover: DiscoverStore;
  library: LibraryStore;
  hubSettings: HubSettingsStore;
  firstRun: FirstRunStore;
  navigation: NavigationStore;
}

export function createApp(host: Host): App {
  const announcer = new Announcer();
  const conversations = new ConversationsStore(host, announcer);
  const engine = new EngineStore(host, announcer);
  const attachments = new AttachmentsStore(host, announcer);
  const setup = new SetupStore(host, announcer);
  const outgoing = new Outgoing(attachments, setup);
  const chat = new ChatStore(host, conversations, announcer, outgoing);
  const planning = new PlanningStore(host, engine, announcer);
  const downloads = new DownloadsStore(host, announcer);
  return {
    announcer,
    appearance: new AppearanceStore(),
    conversations,
    engine,
    chat,
    drafts: new DraftsStore(host),
    attachments,
    setup,
    templates: new TemplatesStore(host, announcer),
    context: new ContextStore(host, { chat, engine, attachments, setup }),
    messages: new MessagesStore(host, { chat, conversations }, announcer),
    find: new FindStore(host, chat),
    reading: new ReadingStore(host),
    planning,
    downloads,
    offers: new OffersStore(host),
    discover: new DiscoverStore(host, planning, announcer),
    library: new LibraryStore(host, planning, announcer),
    hubSettings: new HubSettingsStore(host, announcer),
    firstRun: new FirstRunStore(host, { engine, conversations, downloads }, announcer),
    navigation: new NavigationStore(),
  };
}

export async function startApp(app: App) {
  await Promise.all([
    app.engine.start(),
    app.conversations.start(),
    app.downloads.start(),
    app.library.start(),
  ]);
  await app.firstRun.start();
}

const [useApp, provideApp] = createContext<App>();
export { provideApp, useApp };
