import { Channel } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
import { asApiError } from './api-error';
import { commands, events } from './bindings';
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
    chatContinue: (answerId, onEvent) => done(commands.chatContinue(answerId, channel(onEvent))),
    folders: () => call(commands.folders()),
    createFolder: (name) => call(commands.createFolder(name)),
    renameFolder: (id, name) => done(commands.renameFolder(id, name)),
    deleteFolder: (id) => done(commands.deleteFolder(id)),
    pinConversation: (id, pinned) => done(commands.pinConversation(id, pinned)),
    archiveConversation: (id, archived) => done(commands.archiveConversation(id, archived)),
    moveConversation: (id, folderId) => done(commands.moveConversation(id, folderId)),
    search: (request) => call(commands.search(request)),
    forkConversation: (messageId) => call(commands.forkConversation(messageId)),
    showBranch: (conversationId, messageId) => done(commands.showBranch(conversationId, messageId)),
    editAnswer: (messageId, content) => call(commands.editAnswer(messageId, content)),
    deleteMessage: (messageId) => call(commands.deleteMessage(messageId)),
    restoreMessage: (messageId) => call(commands.restoreMessage(messageId)),
    attachmentText: (id) => call(commands.attachmentText(id)),
    draft: (conversationId) => call(commands.draft(conversationId)),
    saveDraft: (conversationId, text) => done(commands.saveDraft(conversationId, text)),
    eraseConversations: (ids) => call(commands.eraseConversations(ids)),
    backups: () => call(commands.backups()),
    backUpNow: () => call(commands.backUpNow()),
    restoreBackup: (name) => done(commands.restoreBackup(name)),
    startReport: () => call(commands.startReport()),
    setChatSetup: (conversationId, setup) => done(commands.setChatSetup(conversationId, setup)),
    presets: () => call(commands.presets()),
    savePreset: (preset) => call(commands.savePreset(preset)),
    deletePreset: (id) => done(commands.deletePreset(id)),
    templates: () => call(commands.templates()),
    saveTemplate: (template) => call(commands.saveTemplate(template)),
    deleteTemplate: (id) => done(commands.deleteTemplate(id)),
    chatSettings: () => call(commands.chatSettings()),
    setChatSettings: (settings) => call(commands.setChatSettings(settings)),
    extractText: (name, base64) => call(commands.extractText(name, base64)),
    countTokens: (texts) => call(commands.countTokens(texts)),
    contextUse: (conversationId, headId) => call(commands.contextUse(conversationId, headId)),
    conversationAs: (id, format) => call(commands.conversationAs(id, format)),
    exportConversation: (id, format) => call(commands.exportConversation(id, format)),
    exportAll: () => call(commands.exportAll()),
    importConversations: () => call(commands.importConversations()),
    openLink: (url) => done(commands.openLink(url)),
    places: () => call(commands.places()),
    openPlace: (kind) => done(commands.openPlace(kind)),
    setZoom: (factor) => done(getCurrentWebview().setZoom(factor)),
    listModels: () => call(commands.listModels()),
    pickModelFile: () => call(commands.pickModelFile()),
    listRemotes: () => call(commands.listRemotes()),
    addRemote: (server) => call(commands.addRemote(server)),
    refreshRemote: (id) => call(commands.refreshRemote(id)),
    renameRemote: (id, name) => call(commands.renameRemote(id, name)),
    setRemoteKey: (id, key) => call(commands.setRemoteKey(id, key)),
    removeRemote: (id) => done(commands.removeRemote(id)),
    loadModel: (path, settings) => done(commands.loadModel(path, settings)),
    loadModelAs: (path, settings, wish) => done(commands.loadModelAs(path, settings, wish)),
    stopLoad: () => done(commands.stopLoad()),
    unloadModel: () => done(commands.unloadModel()),
    engineState: () => call(commands.engineState()),
    engineNotes: () => call(commands.engineNotes()),
    loadingSettings: () => call(commands.loadingSettings()),
    setLoadingSettings: (settings) => call(commands.setLoadingSettings(settings)),
    hardware: () => call(commands.hardware()),
    measureHardware: () => call(commands.measureHardware()),
    planningTables: () => call(commands.planningTables()),
    recommend: (request) => call(commands.recommend(request)),
    planFile: (path, nCtx) => call(commands.planFile(path, nCtx)),
    bench: (path, request, onEvent) => call(commands.bench(path, request, channel(onEvent))),
    stopBench: () => done(commands.stopBench()),
    benches: () => call(commands.benches()),
    exportBenches: (form) => call(commands.exportBenches(form)),
    copiesOf: (path) => call(commands.copiesOf(path)),
    copyModel: (path, quant, onEvent) => call(commands.copyModel(path, quant, channel(onEvent))),
    stopCopy: () => done(commands.stopCopy()),
    firstRunPending: () => call(commands.firstRunPending()),
    setFirstRunDone: (isDone) => done(commands.setFirstRunDone(isDone)),
    remembered: () => call(commands.remembered()),
    remember: (key, text) => done(commands.remember(key, text)),
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
    server: () => call(commands.server()),
    setServer: (settings) => call(commands.setServer(settings)),
    serverToken: () => call(commands.serverToken()),
    renewServerToken: () => call(commands.renewServerToken()),
    onServer: (listener) => events.serverChanged.listen((event) => listener(event.payload)),
    onLibrary: (listener) => events.libraryChanged.listen((event) => listener(event.payload)),
    onEngineState: (listener) =>
      events.engineStateChanged.listen((event) => listener(event.payload)),
    onEngineNotes: (listener) =>
      events.engineNotesChanged.listen((event) => listener(event.payload)),
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

function channel<T>(onEvent: (event: T) => void): Channel<T> {
  const stream = new Channel<T>();
  stream.onmessage = onEvent;
  return stream;
}
