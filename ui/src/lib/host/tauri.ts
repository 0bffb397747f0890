import { Channel } from '@tauri-apps/api/core';
import { asApiError } from './api-error';
import { commands, events, type ChatEvent } from './bindings';
import type { Host } from './host';

/** The real host: Paddock's commands and events, through Tauri. */
export function createTauriHost(): Host {
  return {
    appInfo: () => call(commands.appInfo()),
    listConversations: () => call(commands.listConversations()),
    getConversation: (id) => call(commands.getConversation(id)),
    renameConversation: (id, title) => done(commands.renameConversation(id, title)),
    deleteConversation: (id) => done(commands.deleteConversation(id)),
    restoreConversation: (id) => call(commands.restoreConversation(id)),
    chatSend: (request, onEvent) => done(commands.chatSend(request, channel(onEvent))),
    chatRetry: (answerId, onEvent) => done(commands.chatRetry(answerId, channel(onEvent))),
    chatFollow: (conversationId, onEvent) =>
      done(commands.chatFollow(conversationId, channel(onEvent))),
    chatStop: (conversationId) => done(commands.chatStop(conversationId)),
    listModels: () => call(commands.listModels()),
    pickModelFile: () => call(commands.pickModelFile()),
    loadModel: (path, settings) => done(commands.loadModel(path, settings)),
    unloadModel: () => done(commands.unloadModel()),
    engineState: () => call(commands.engineState()),
    hardware: () => call(commands.hardware()),
    measureHardware: () => call(commands.measureHardware()),
    planningTables: () => call(commands.planningTables()),
    recommend: (request) => call(commands.recommend(request)),
    planFile: (path, nCtx) => call(commands.planFile(path, nCtx)),
    firstRunPending: () => call(commands.firstRunPending()),
    setFirstRunDone: (isDone) => done(commands.setFirstRunDone(isDone)),
    searchHub: (words) => call(commands.searchHub(words)),
    repoDetails: (repo) => call(commands.repoDetails(repo)),
    planRemote: (repo, model, nCtx) => call(commands.planRemote(repo, model, nCtx)),
    checkDownload: (request) => call(commands.checkDownload(request)),
    startDownload: (request) => call(commands.startDownload(request)),
    listDownloads: () => call(commands.listDownloads()),
    pauseDownload: (id) => done(commands.pauseDownload(id)),
    resumeDownload: (id) => done(commands.resumeDownload(id)),
    cancelDownload: (id) => done(commands.cancelDownload(id)),
    moveDownload: (id, position) => done(commands.moveDownload(id, position)),
    dismissDownload: (id) => done(commands.dismissDownload(id)),
    downloadSettings: () => call(commands.downloadSettings()),
    setDownloadSettings: (settings) => call(commands.setDownloadSettings(settings)),
    pickFolder: () => call(commands.pickFolder()),
    hubToken: () => call(commands.hubToken()),
    setHubToken: (token) => call(commands.setHubToken(token)),
    acceptLicence: (id) => done(commands.acceptLicence(id)),
    library: () => call(commands.library()),
    scanLibrary: () => call(commands.scanLibrary()),
    addLibraryFolder: (path) => done(commands.addLibraryFolder(path)),
    removeLibraryFolder: (path) => done(commands.removeLibraryFolder(path)),
    verifyModel: (path) => done(commands.verifyModel(path)),
    repairModel: (path) => call(commands.repairModel(path)),
    deleteModel: (path) => done(commands.deleteModel(path)),
    undoDelete: (id) => done(commands.undoDelete(id)),
    onDownloads: (listener) => events.downloadsChanged.listen((event) => listener(event.payload)),
    onLibrary: (listener) => events.libraryChanged.listen((event) => listener(event.payload)),
    onEngineState: (listener) =>
      events.engineStateChanged.listen((event) => listener(event.payload)),
    onConversations: (listener) =>
      events.conversationsChanged.listen((event) => listener(event.payload)),
  };
}

/** A rejection is an ApiError of ours, or text of Tauri's own (a command that is not granted, say). */
async function call<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asApiError(error);
  }
}

async function done(answer: Promise<unknown>): Promise<void> {
  await call(answer);
}

function channel(onEvent: (event: ChatEvent) => void): Channel<ChatEvent> {
  const stream = new Channel<ChatEvent>();
  stream.onmessage = onEvent;
  return stream;
}
