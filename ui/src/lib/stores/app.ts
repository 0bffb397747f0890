import { createContext } from 'svelte';
import type { Host } from '../host';
import { Announcer } from './announcer.svelte';
import { AppearanceStore } from './appearance.svelte';
import { AttachmentsStore } from './attachments.svelte';
import { BackupsStore } from './backups.svelte';
import { BenchmarksStore } from './benchmarks.svelte';
import { ChatSettingsStore } from './chat-settings.svelte';
import { ChatStore } from './chat.svelte';
import { ContextStore } from './context.svelte';
import { ConversationsStore } from './conversations.svelte';
import { CopiesStore } from './copies.svelte';
import { DiscoverStore } from './discover.svelte';
import { DownloadsStore } from './downloads.svelte';
import { DraftsStore } from './drafts.svelte';
import { EngineStore } from './engine.svelte';
import { FindStore } from './find.svelte';
import { FirstRunStore } from './first-run.svelte';
import { FoldersStore } from './folders.svelte';
import { HubSettingsStore } from './hub-settings.svelte';
import { LibraryStore } from './library.svelte';
import type { WindowMemory } from './memory';
import { LoadingSettingsStore } from './loading-settings.svelte';
import { MessagesStore } from './messages.svelte';
import { NavigationStore } from './navigation.svelte';
import { OffersStore } from './offers.svelte';
import { Outgoing } from './outgoing';
import { PlanningStore } from './planning.svelte';
import { ServerStore } from './server.svelte';
import { SetupStore } from './setup.svelte';
import { TemplatesStore } from './templates.svelte';
import { RemotesStore } from './remotes.svelte';
import { ReadingStore } from './reading.svelte';
import { PlacesStore } from './places.svelte';
import { SearchStore } from './search.svelte';
import { SidebarStore } from './sidebar.svelte';
import { StartReportStore } from './start-report.svelte';
import { StorageStore } from './storage.svelte';
import { TransferStore } from './transfer.svelte';

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
  benchmarks: BenchmarksStore;
  copies: CopiesStore;
  downloads: DownloadsStore;
  offers: OffersStore;
  discover: DiscoverStore;
  library: LibraryStore;
  hubSettings: HubSettingsStore;
  server: ServerStore;
  firstRun: FirstRunStore;
  navigation: NavigationStore;
  folders: FoldersStore;
  sidebar: SidebarStore;
  search: SearchStore;
  transfer: TransferStore;
  backups: BackupsStore;
  places: PlacesStore;
  chatSettings: ChatSettingsStore;
  loadingSettings: LoadingSettingsStore;
  startReport: StartReportStore;
  storage: StorageStore;
  remotes: RemotesStore;
}

export function createApp(unwatched: Host, memory: WindowMemory): App {
  const storage = new StorageStore();
  const host = storage.watch(unwatched);
  const announcer = new Announcer();
  const conversations = new ConversationsStore(host, announcer);
  const engine = new EngineStore(host, announcer);
  const attachments = new AttachmentsStore(host, announcer);
  const chatSettings = new ChatSettingsStore(host);
  const setup = new SetupStore(host, announcer, chatSettings);
  const outgoing = new Outgoing(attachments, setup);
  const chat = new ChatStore(host, conversations, announcer, outgoing);
  const planning = new PlanningStore(host, engine, announcer);
  const downloads = new DownloadsStore(host, announcer);
  return {
    announcer,
    appearance: new AppearanceStore(host, memory),
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
    reading: new ReadingStore(host, memory),
    planning,
    benchmarks: new BenchmarksStore(host, announcer),
    copies: new CopiesStore(host, announcer),
    downloads,
    offers: new OffersStore(host),
    discover: new DiscoverStore(host, planning, announcer),
    library: new LibraryStore(host, planning, announcer),
    hubSettings: new HubSettingsStore(host, announcer),
    server: new ServerStore(host, announcer),
    firstRun: new FirstRunStore(host, { engine, conversations, downloads }, announcer),
    navigation: new NavigationStore(),
    folders: new FoldersStore(host, announcer),
    sidebar: new SidebarStore(memory),
    search: new SearchStore(host),
    transfer: new TransferStore(host, announcer),
    backups: new BackupsStore(host, announcer),
    places: new PlacesStore(host),
    chatSettings,
    loadingSettings: new LoadingSettingsStore(host),
    startReport: new StartReportStore(host, memory),
    storage,
    remotes: new RemotesStore(host, engine, announcer),
  };
}

export async function startApp(app: App) {
  await Promise.all([
    app.engine.start(),
    app.conversations.start(),
    app.downloads.start(),
    app.library.start(),
    app.folders.start(),
    app.startReport.start(),
  ]);
  await app.firstRun.start();
}

const [useApp, provideApp] = createContext<App>();
export { provideApp, useApp };
