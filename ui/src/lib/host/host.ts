import type {
  AppInfo,
  ChatEvent,
  Conversation,
  ConversationSummary,
  EngineState,
  HardwareView,
  LoadSettings,
  ModelEntry,
  PlanningTables,
  PlanView,
  RecommendationView,
  RecommendRequest,
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
  onEngineState(listener: (s: EngineState) => void): Promise<() => void>; // full state each time
  onConversations(listener: (list: ConversationSummary[]) => void): Promise<() => void>; // list changed (other window, background)
}
