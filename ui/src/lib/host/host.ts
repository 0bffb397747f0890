import type {
  AppInfo,
  ChatEvent,
  Conversation,
  ConversationSummary,
  DownloadRequest,
  DownloadSettings,
  DownloadView,
  EngineState,
  HardwareView,
  LibraryView,
  LoadSettings,
  ModelEntry,
  PlanningTables,
  PlanView,
  PreflightView,
  RecommendationView,
  RecommendRequest,
  RepoSummary,
  RepoView,
  TokenPlace,
} from './bindings';

/**
 * Everything the window can ask of the program behind it. Two implementations: `tauri.ts` (the
 * real one) and `fake.ts` (in memory, for tests and `npm run dev:fake`).
 *
 * Every rejected promise rejects with an `ApiError`.
 */
export interface Host {
  appInfo(): Promise<AppInfo>;
  listConversations(): Promise<ConversationSummary[]>; // newest updated first
  getConversation(id: string): Promise<Conversation>;
  renameConversation(id: string, title: string): Promise<void>;
  deleteConversation(id: string): Promise<void>; // gone from the list; can be restored until the app restarts
  restoreConversation(id: string): Promise<ConversationSummary>;
  /** conversationId null = new conversation. parentId null = at the root, else the message to answer after (normally the head). Resolves when the answer has ended. */
  chatSend(
    request: { conversationId: string | null; parentId: string | null; content: string },
    onEvent: (e: ChatEvent) => void,
  ): Promise<void>;
  /** A new answer beside the given one (same parent). */
  chatRetry(answerId: string, onEvent: (e: ChatEvent) => void): Promise<void>;
  /** Joins the answer on its way in a conversation: its events so far in short, then as they come. Resolves without an event where there is none. */
  chatFollow(conversationId: string, onEvent: (e: ChatEvent) => void): Promise<void>;
  chatStop(conversationId: string): Promise<void>;
  listModels(): Promise<ModelEntry[]>; // the self-test model always first
  pickModelFile(): Promise<string | null>; // OS dialog, *.gguf
  loadModel(path: string, settings: LoadSettings): Promise<void>; // progress and result come as engine state; rejects with ApiError too
  unloadModel(): Promise<void>;
  engineState(): Promise<EngineState>;
  hardware(): Promise<HardwareView>; // this computer
  /** Takes about three seconds, and frees a loaded model first. */
  measureHardware(): Promise<HardwareView>;
  planningTables(): Promise<PlanningTables>;
  recommend(request: RecommendRequest): Promise<RecommendationView>;
  planFile(path: string, nCtx: number): Promise<PlanView>; // on this computer
  firstRunPending(): Promise<boolean>;
  setFirstRunDone(done: boolean): Promise<void>;
  searchHub(words: string): Promise<RepoSummary[]>; // asks the network, as do the next four
  repoDetails(repo: string): Promise<RepoView>;
  planRemote(repo: string, model: string, nCtx: number): Promise<PlanView>; // from the model's real header
  checkDownload(request: DownloadRequest): Promise<PreflightView>;
  startDownload(request: DownloadRequest): Promise<string>; // its id; progress comes through `onDownloads`
  listDownloads(): Promise<DownloadView[]>; // in the order they are made in
  pauseDownload(id: string): Promise<void>;
  /** Goes on after a pause, and tries again after a failure. */
  resumeDownload(id: string): Promise<void>;
  /** Ends it and deletes what is there. */
  cancelDownload(id: string): Promise<void>;
  moveDownload(id: string, position: number): Promise<void>; // 0 is first
  /** Takes one that is ready or failed off the list; what is on the disk stays. */
  dismissDownload(id: string): Promise<void>;
  downloadSettings(): Promise<DownloadSettings>;
  setDownloadSettings(settings: DownloadSettings): Promise<DownloadSettings>; // as they are now
  pickFolder(): Promise<string | null>; // OS dialog
  hubToken(): Promise<TokenPlace>;
  setHubToken(token: string | null): Promise<TokenPlace>; // null forgets it
  acceptLicence(id: string): Promise<void>;
  library(): Promise<LibraryView>;
  scanLibrary(): Promise<LibraryView>;
  addLibraryFolder(path: string): Promise<void>;
  removeLibraryFolder(path: string): Promise<void>;
  verifyModel(path: string): Promise<void>; // resolves when it is compared; progress comes through `onLibrary`
  repairModel(path: string): Promise<string>; // the id of the download that does it
  deleteModel(path: string): Promise<void>; // can be undone until Paddock is closed
  undoDelete(id: string): Promise<void>;
  onDownloads(listener: (list: DownloadView[]) => void): Promise<() => void>; // all of them each time
  onLibrary(listener: (library: LibraryView) => void): Promise<() => void>; // the whole of it each time
  onEngineState(listener: (s: EngineState) => void): Promise<() => void>; // full state each time
  onConversations(listener: (list: ConversationSummary[]) => void): Promise<() => void>; // list changed (other window, background)
}
