import type {
  AppInfo,
  Backup,
  BenchEvent,
  BenchForm,
  BenchRecord,
  BenchRequest,
  ChatEvent,
  ChatRequest,
  ChatSettings,
  ChatSetup,
  ContextUse,
  Conversation,
  ConversationSummary,
  CopyEvent,
  CopyOptions,
  DownloadRequest,
  DownloadSettings,
  DownloadView,
  EngineNotes,
  EngineState,
  EraseReport,
  ExportFormat,
  Folder,
  HardwareView,
  ImportReport,
  LibraryView,
  LoadingSettings,
  LoadSettings,
  LoadWish,
  ModelEntry,
  NewRemote,
  NewAttachment,
  Place,
  PlaceKind,
  PlanningTables,
  PlanView,
  PreflightView,
  Preset,
  PromptTemplate,
  RecommendationView,
  RecommendRequest,
  RemoteServer,
  RepoSummary,
  RepoView,
  SearchHit,
  SearchRequest,
  ServerSettings,
  ServerToken,
  ServerView,
  StartReport,
  TokenCounts,
  TokenPlace,
  WindowKey,
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
  chatSend(request: ChatRequest, onEvent: (e: ChatEvent) => void): Promise<void>;
  /** A new answer beside the given one (same parent). */
  chatRetry(answerId: string, onEvent: (e: ChatEvent) => void): Promise<void>;
  /** Goes on with an answer that was cut off, stopped or edited: its events as of `chatSend`; `started` holds the text it had. */
  chatContinue(answerId: string, onEvent: (e: ChatEvent) => void): Promise<void>;
  /** Joins the answer on its way in a conversation: its events so far in short, then as they come. Resolves without an event where there is none. */
  chatFollow(conversationId: string, onEvent: (e: ChatEvent) => void): Promise<void>;
  chatStop(conversationId: string): Promise<void>;
  folders(): Promise<Folder[]>; // by name
  createFolder(name: string): Promise<Folder>;
  renameFolder(id: string, name: string): Promise<void>;
  deleteFolder(id: string): Promise<void>; // what is in it stays, in no folder
  pinConversation(id: string, pinned: boolean): Promise<void>;
  archiveConversation(id: string, archived: boolean): Promise<void>;
  moveConversation(id: string, folderId: string | null): Promise<void>;
  search(request: SearchRequest): Promise<SearchHit[]>; // the best first; within one conversation in its order
  forkConversation(messageId: string): Promise<ConversationSummary>; // a copy of the branch up to this message
  showBranch(conversationId: string, messageId: string): Promise<void>; // remembers which branch is shown
  editAnswer(messageId: string, content: string): Promise<Conversation>; // a new message beside it, which is then the head
  deleteMessage(messageId: string): Promise<Conversation>; // with what follows it; can be restored until the app restarts
  restoreMessage(messageId: string): Promise<Conversation>;
  attachmentText(id: string): Promise<string>;
  draft(conversationId: string | null): Promise<string>; // null: the chat that does not exist yet
  saveDraft(conversationId: string | null, text: string): Promise<void>;
  eraseConversations(ids: string[]): Promise<EraseReport>; // for good; no ids: all deleted ones
  backups(): Promise<Backup[]>; // newest first
  backUpNow(): Promise<Backup>;
  restoreBackup(name: string): Promise<void>; // what is there now is backed up first
  startReport(): Promise<StartReport>;
  setChatSetup(conversationId: string, setup: ChatSetup): Promise<void>; // from the next answer on
  presets(): Promise<Preset[]>; // by name
  savePreset(preset: Preset): Promise<Preset>; // empty id: a new one
  deletePreset(id: string): Promise<void>;
  templates(): Promise<PromptTemplate[]>; // by name
  saveTemplate(template: PromptTemplate): Promise<PromptTemplate>; // empty id: a new one
  deleteTemplate(id: string): Promise<void>;
  chatSettings(): Promise<ChatSettings>;
  setChatSettings(settings: ChatSettings): Promise<ChatSettings>; // as they are now
  extractText(name: string, base64: string): Promise<NewAttachment>; // rejects with badInput for what has no text
  countTokens(texts: string[]): Promise<TokenCounts>;
  contextUse(conversationId: string | null, headId: string | null): Promise<ContextUse>;
  conversationAs(id: string, format: ExportFormat): Promise<string>;
  exportConversation(id: string, format: ExportFormat): Promise<string | null>; // OS dialog; where it was written
  exportAll(): Promise<string | null>; // OS dialog; all as JSON
  importConversations(): Promise<ImportReport | null>; // OS dialog
  openLink(url: string): Promise<void>; // in the browser; http and https only
  places(): Promise<Place[]>;
  openPlace(kind: PlaceKind): Promise<void>; // in the file manager
  setZoom(factor: number): Promise<void>; // of the whole page; 1 is 100 %
  listModels(): Promise<ModelEntry[]>; // the self-test model always first
  pickModelFile(): Promise<string | null>; // OS dialog, *.gguf
  listRemotes(): Promise<RemoteServer[]>; // as they were added; asks none of them
  addRemote(server: NewRemote): Promise<RemoteServer>; // asks it for its models; kept only if it tells
  refreshRemote(id: string): Promise<RemoteServer>; // asks it for its models again
  renameRemote(id: string, name: string): Promise<RemoteServer>;
  setRemoteKey(id: string, key: string | null): Promise<RemoteServer>; // a new one is tried first; null: none
  removeRemote(id: string): Promise<void>;
  loadModel(path: string, settings: LoadSettings): Promise<void>; // progress and result come as engine state; rejects with ApiError too
  /** The same, with what is insisted on. */
  loadModelAs(path: string, settings: LoadSettings, wish: LoadWish): Promise<void>;
  stopLoad(): Promise<void>; // the load under way; it then resolves
  unloadModel(): Promise<void>;
  engineState(): Promise<EngineState>;
  engineNotes(): Promise<EngineNotes>; // of the load under way, the loaded model, or the one that was not loaded
  loadingSettings(): Promise<LoadingSettings>;
  setLoadingSettings(settings: LoadingSettings): Promise<LoadingSettings>; // as they are now
  hardware(): Promise<HardwareView>; // this computer
  /** Takes about three seconds, and frees a loaded model first. */
  measureHardware(): Promise<HardwareView>;
  planningTables(): Promise<PlanningTables>;
  recommend(request: RecommendRequest): Promise<RecommendationView>;
  planFile(path: string, nCtx: number): Promise<PlanView>; // on this computer
  /** Takes the engine, and frees a loaded model first. Resolves with what was measured, also when it was stopped. */
  bench(
    path: string,
    request: BenchRequest,
    onEvent: (e: BenchEvent) => void,
  ): Promise<BenchRecord>;
  stopBench(): Promise<void>;
  benches(): Promise<BenchRecord[]>; // newest first
  exportBenches(form: BenchForm): Promise<string | null>; // OS dialog; where it was written
  copiesOf(path: string): Promise<CopyOptions>; // the smaller ones, the smallest first
  /** The new file; null: it was stopped, and nothing is left. */
  copyModel(path: string, quant: string, onEvent: (e: CopyEvent) => void): Promise<string | null>;
  stopCopy(): Promise<void>;
  firstRunPending(): Promise<boolean>;
  setFirstRunDone(done: boolean): Promise<void>;
  remembered(): Promise<Partial<Record<WindowKey, string>>>; // what the window was told to remember
  remember(key: WindowKey, text: string | null): Promise<void>; // null: forget
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
  server(): Promise<ServerView>;
  setServer(settings: ServerSettings): Promise<ServerView>; // what keeps it from running is in its state
  serverToken(): Promise<ServerToken>; // made when it is asked for the first time
  renewServerToken(): Promise<ServerToken>;
  onServer(listener: (server: ServerView) => void): Promise<() => void>; // the whole of it each time
  onDownloads(listener: (list: DownloadView[]) => void): Promise<() => void>; // all of them each time
  onLibrary(listener: (library: LibraryView) => void): Promise<() => void>; // the whole of it each time
  onEngineState(listener: (s: EngineState) => void): Promise<() => void>; // full state each time
  onEngineNotes(listener: (notes: EngineNotes) => void): Promise<() => void>; // all of them each time
  onConversations(listener: (list: ConversationSummary[]) => void): Promise<() => void>; // list changed (other window, background)
}
