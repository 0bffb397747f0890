export type ErrorCode =
  | 'noModel' | 'modelRefused' | 'loadFailed' | 'engineDied' | 'engineHung'
  | 'promptTooLong' | 'busy' | 'notFound' | 'badInput' | 'storage' | 'internal';
/** What happened (message), what to do (hint), and the technical rest (details, shown on request). */
export type ApiError = { code: ErrorCode; message: string; hint: string | null; details: string | null };

export type AppInfo = { version: string; dataDir: string; licence: string; platform: 'linux' | 'macos' | 'windows' };

export type ConversationSummary = {
  id: string; title: string; createdAtMs: number; updatedAtMs: number;
  /** First words of the last message, plain text. */ preview: string;
};
export type Role = 'system' | 'user' | 'assistant';
/** Why an answer ended. null while it is being written. */
export type FinishReason = 'stop' | 'length' | 'stopString' | 'cancelled' | 'interrupted' | 'failed';
//  stop: the model ended it · length: token or context limit · cancelled: the user pressed Stop
//  interrupted: engine or app died in mid-answer, partial text kept · failed: no answer (see error)
export type Timings = { cacheN: number; promptN: number; promptMs: number; predictedN: number; predictedMs: number };
export type Message = {
  id: string; conversationId: string; parentId: string | null; role: Role; content: string; createdAtMs: number;
  finishReason: FinishReason | null; timings: Timings | null; error: ApiError | null; modelName: string | null;
};
/** messages: all nodes of the tree, oldest first. headId: leaf of the shown branch (walk parentId up from it). */
export type Conversation = { id: string; title: string; headId: string | null; messages: Message[] };

export type ModelEntry = {
  path: string; name: string; /** e.g. "Q8_0", null if unknown */ quant: string | null; sizeBytes: number;
  selfTest: boolean; /** last time it was used, null if never */ lastUsedMs: number | null;
  /** false when the file has gone */ present: boolean;
};
export type LoadSettings = { nCtx: number | null; nGpuLayers: number | null; nThreads: number | null }; // null = automatic
export type BufferUse = { device: string; weightsBytes: number; kvBytes: number; computeBytes: number };
export type LoadedModel = {
  path: string; name: string; quant: string | null; selfTest: boolean; nParams: number; nCtx: number; nCtxTrain: number;
  nLayers: number; nGpuLayers: number; loadMs: number; buffers: BufferUse[]; warnings: string[];
};
export type EngineState =
  | { status: 'noModel' }
  | { status: 'loading'; path: string; name: string; phase: 'starting' | 'reading' | 'warmingUp'; fraction: number; elapsedMs: number }
  | { status: 'ready'; model: LoadedModel }
  | { status: 'understanding'; model: LoadedModel; conversationId: string; processed: number; total: number; cached: number }
  | { status: 'writing'; model: LoadedModel; conversationId: string }
  | { status: 'failed'; path: string | null; name: string | null; error: ApiError };

export type ChatEvent =
  /** Always first: what was stored. answer is empty. isNew: a conversation made by this send. */
  | { type: 'started'; conversation: ConversationSummary; userMessage: Message; answer: Message }
  | { type: 'progress'; processed: number; total: number; cached: number }   // "Understanding n of m"; cached of total were reused
  | { type: 'text'; delta: string; predictedN: number }                       // at most one per frame (16 ms), already coalesced
  | { type: 'done'; message: Message };                                       // always last: the stored answer, whole
