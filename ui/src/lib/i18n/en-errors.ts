import { addressFaults, remoteNow, remoteWhat } from './en-remotes';

/**
 * English: what went wrong, why, and what to do. The same words as Rust's own, which the command line
 * shows; `said.test.ts` compares them.
 */
export const trouble = {
  errors: {
    title: 'Something went wrong',
    internal: 'Something in Paddock went wrong, and there is no better description.',
    details: 'Details',
    copyDetails: 'Copy details',
    tryAgain: 'Try again',
    takeOff: 'Take off the list',
    newChat: 'New chat',
    loadAnyway: 'Load anyway',
    chooseModel: 'Choose another model',
    checkServer: 'Open the servers',
    dismiss: 'Dismiss',
    /** Above a message that there is only in English. */
    says: {
      noModel: 'There is no model to do it with.',
      modelRefused: 'The model cannot be used.',
      loadFailed: 'The model could not be loaded.',
      heldBack: 'The model was not loaded: it may not fit.',
      engineDied: 'The engine has ended.',
      engineHung: 'The engine did not answer any more.',
      promptTooLong: 'The conversation is too long.',
      busy: 'Something else is going on now.',
      notFound: 'It was not found.',
      badInput: 'It cannot be done like this.',
      gated: 'It is only open to people who accepted its terms.',
      licenceNotAccepted: 'The licence has to be accepted first.',
      remoteKey: 'The key of another server is missing or refused.',
      remoteFailed: 'Another server cannot be used now.',
      remoteRefused: 'Another server does not do this.',
      storage: 'The disk or the database refused it.',
      internal: 'Something in Paddock went wrong.',
    },
  },
  addressFaults,
  what: {
    ...remoteWhat,
    engineKilled:
      'The engine was ended from outside; mostly this means that the computer ran out of memory.',
    engineGpuFull: 'The engine ended because the graphics card ran out of memory.',
    engineGpuError: 'The engine ended because the graphics driver reported an error.',
    engineAborted: 'The engine ended itself: llama.cpp met a condition it cannot go on from.',
    engineCrashed: 'The engine crashed.',
    engineTooNew:
      'The engine ended because this processor lacks an instruction that it needs (AVX2, FMA or F16C).',
    engineExited: 'The engine ended unexpectedly (exit code {{exitCode}}).',
    engineHung_one: 'The engine gave no sign of life for {{count}} second and was ended.',
    engineHung_other: 'The engine gave no sign of life for {{count}} seconds and was ended.',
    engineBabbled: 'The engine sent something that makes no sense and was ended.',
    engineNotStarted: 'The engine could not be started: {{reason}}.',
    unknownArchitecture:
      '“{{file}}” has an architecture that this version of llama.cpp does not know ({{architecture}}).',
    fileIncomplete: '“{{file}}” is incomplete: some of its data lies beyond the end of the file.',
    loadHeldBack: '“{{name}}” was not loaded: it may not fit into the memory that is free now.',
    loadStopped: 'The load was stopped.',
    noMemoryForModel: 'There is not enough memory for “{{file}}”.',
    notAWholeModel:
      '“{{file}}” is not a complete model: parts that its kind must have are missing.',
    noDecoder: '“{{file}}” is not a model that writes answers (it has no decoder of its own).',
    cannotLoad: 'llama.cpp could not load “{{file}}”.',
    noMemoryForContext:
      'There is not enough memory for a context of {{nCtx}} tokens beside the model.',
    noModel: 'No model is loaded.',
    promptTooLong:
      'This conversation is {{nTokens}} tokens long and does not fit in the context of {{nCtx}} tokens.',
    conversationTooLong:
      'This conversation is {{nTokens}} tokens long. With {{reserve}} kept free for the answer, that does not fit in the context of {{nCtx}} tokens.',
    messageTooLong:
      'This message, without the messages before it, is {{nTokens}} tokens long. With {{reserve}} kept free for the answer, that does not fit in the context of {{nCtx}} tokens.',
    answerUnderway: 'An answer is still being written in this conversation.',
    modelAtWork: 'The model is working.',
    closing: 'Paddock is being closed.',
    portTaken: 'Port {{port}} is taken by {{by}}.',
    portTakenBySome: 'Port {{port}} is taken by another program.',
    serverNotStarted: 'The local server could not be started: {{reason}}.',
    modelLoaded: '“{{name}}” is loaded, so it was not deleted.',
    modelInCheck: '“{{name}}” is being verified.',
    conversationGone: 'This conversation no longer exists.',
    messageGone: 'This message no longer exists.',
    downloadGone: 'This download is no longer in the list.',
    storageFull: 'The disk is full, so nothing more can be saved. Free some space and try again.',
    storageReadOnly:
      'The conversations file cannot be written. Check that the folder is not read-only.',
    storageBusy: 'Another program is using the conversations file. Close it and try again.',
    fileMissing: 'There is no file {{path}}. It may have been moved or deleted; choose it again.',
    fileForbidden: 'Paddock is not allowed to read {{path}}. Check the file’s permissions.',
    fileEmpty: '“{{file}}” is empty: its download probably never started. Download it again.',
    partMissing:
      'The model is split into {{count}} files, and “{{file}}” is missing. Put all of them into one folder.',
    notGguf: '“{{file}}” is not a GGUF model. Choose a file that ends in .gguf.',
    fileDamaged:
      '“{{file}}” is not what was published: {{value}} of it are damaged. The disk may be failing, or another program changed the file.',
    fileTooLong:
      '“{{file}}” is not what was published: it has bytes too many. The disk may be failing, or another program changed the file.',
    fileOther:
      '“{{file}}” is not what was published: its checksum is another one. The disk may be failing, or another program changed the file.',
    licenceNotAccepted: '{{repo}} comes under the {{licence}}.',
    gated:
      '{{repo}} is only open to people who accepted its licence. Open {{page}}, accept it there, and set an access token of your account (HF_TOKEN, made at huggingface.co/settings/tokens).',
    gatedToken:
      '{{repo}} is only open to people who accepted its licence. Open {{page}}, accept it there, and make sure that the access token (HF_TOKEN) belongs to the same account.',
    tokenRefused:
      '“{{host}}” does not accept the access token: it may have been revoked. Make a new one at huggingface.co/settings/tokens and set it as HF_TOKEN.',
    unreachable:
      '“{{host}}” could not be reached: {{reason}}. Check the internet connection, then try again.',
    proxyLogin:
      'The proxy “{{proxy}}” wants a login before it lets anything through. Log in to the network, or put name and password into its address: HTTPS_PROXY=http://name:password@host:port.',
    certificate:
      '“{{host}}” could not be reached safely: its certificate is not trusted ({{reason}}). If your company or a virus scanner looks into connections, install its certificate in this system; otherwise do not trust this network.',
    silent_one: '“{{host}}” stopped answering: nothing came for {{count}} second. Try again later.',
    silent_other:
      '“{{host}}” stopped answering: nothing came for {{count}} seconds. Try again later.',
    tooSlow_one:
      '“{{host}}” answers too slowly: it was not done after {{count}} second. Try again later or with a better connection.',
    tooSlow_other:
      '“{{host}}” answers too slowly: it was not done after {{count}} seconds. Try again later or with a better connection.',
    cut: 'The connection to “{{host}}” was lost in the middle of an answer: {{reason}}. Try again.',
    noRepo:
      'There is no repository {{repo}} that everybody may see. Check its name at {{page}}; for a private one, set a token of an account that may read it (HF_TOKEN).',
    noRepoToken:
      'There is no repository {{repo}} that this access token may see. Check its name at {{page}}; for a private one, set a token of an account that may read it (HF_TOKEN).',
    noQuant: '{{repo}} has no model “{{wanted}}”.',
    noQuantBut: '{{repo}} has no model “{{wanted}}”. Choose one of those it has: {{nearest}}.',
    noModels:
      '{{repo}} holds no GGUF model. Look for a repository of the same model with “GGUF” in its name.',
    tooManyRequests: '“{{host}}” takes no more requests for now. {{again}}',
    againLater: 'Try again in a few minutes.',
    againSeconds_one: 'Try again in a second.',
    againSeconds_other: 'Try again in {{count}} seconds.',
    againMinutes_one: 'Try again in {{count}} minute.',
    againMinutes_other: 'Try again in {{count}} minutes.',
    serverFault:
      '“{{host}}” has a fault at the moment (status {{status}}). Try again in a few minutes.',
    webPage:
      '“{{host}}” answered with a web page instead of data, as a login page of a network or an error page does. Open a web page in your browser to see whether you have to log in, then try again.',
    noChecksum:
      'The server publishes no checksum of “{{file}}”, so that nobody could tell whether it came whole. Choose another repository.',
    diskFull:
      'There is not enough room in “{{folder}}”. The download needs {{needed}} more and {{free}} are free. Free {{less}}, or choose a folder on another drive.',
    fileTooLarge:
      'The drive of “{{folder}}” takes no file of {{size}}, as drives with the old file system FAT32 do (4 GB at most). Choose a folder on another drive, or format this one with exFAT.',
    folderReadOnly:
      '“{{folder}}” cannot be written to: {{reason}}. Choose a folder that you may write to.',
    occupied:
      'There is already another file at “{{path}}”. Rename or delete it, then start the download again.',
    wrongHash:
      '“{{file}}” came twice with other bytes than those published: something on the way to “{{host}}” changes them. Nothing of it was kept. Try another network, or another server.',
  },
  whatNow: {
    anyway: 'Load it anyway, close other programs, or choose a smaller model.',
    ...remoteNow,
    again: 'Your next message starts it again.',
    againSmaller:
      'Your next message starts it again. If it happens again, choose a smaller model or context.',
    newerProcessor: 'Paddock needs a processor of 2013 or newer (Intel Haswell, AMD Zen).',
    otherFile: 'Choose another file, or download this one again.',
    less: 'Choose a shorter context, fewer GPU layers, or a smaller model.',
    otherModel: 'Try again, or choose another model.',
    chooseModel: 'Choose a model first.',
    longerOrNew: 'Load the model with a longer context, or start a new chat.',
    longerNewOrFewer:
      'Load the model with a longer context, start a new chat, or let old messages be left out.',
    longerOrLess: 'Load the model with a longer context, or send less at once.',
    waitOrStop: 'Wait for its end, or stop it.',
    measureLater: 'Measure when it has finished.',
    otherPort: 'End that program, or choose another port.',
    otherSettings: 'Change its settings and try again.',
    unloadFirst: 'Unload it first.',
    deleteLater: 'Delete it when that is done.',
    acceptOnce: 'Read it and accept it once; then the download can begin.',
    repair: 'Repair it under Models, or download it again.',
  },
  delays: {
    unreachable: '“{{host}}” cannot be reached: {{reason}}.',
    silent_one: '“{{host}}” sent nothing for {{count}} second.',
    silent_other: '“{{host}}” sent nothing for {{count}} seconds.',
    cut: 'The connection to “{{host}}” was lost: {{reason}}.',
    tooSlow: '“{{host}}” answers too slowly.',
    proxyLogin: 'The proxy “{{proxy}}” wants a login.',
    tooManyRequests: '“{{host}}” takes no more requests for now.',
    serverFault: '“{{host}}” has a fault at the moment (status {{status}}).',
  },
  notices: {
    newVersion:
      '{{file}} was changed in the repository since its download began (commit {{commit}} instead of {{before}}). What was here of the old version was dropped, and the new one is downloaded.',
    onceMore: '{{file}} came with other bytes than those published, so it is downloaded once more.',
    changedMeanwhile:
      'Its files were changed on the server meanwhile, so the repository is asked again.',
  },
  remoteProblems: {
    incomplete:
      'The model “{{model}}” is not complete on the server: missing are {{missing}} of its {{count}} files, first of all “{{firstMissing}}”. Choose another quantization, or try again when the upload is finished.',
    dead: 'No engine loads {{quant}} any more. Take {{instead}} instead.',
    deadWhy: 'No engine loads {{quant}} any more. {{why}} Take {{instead}} instead.',
  },
} as const;
