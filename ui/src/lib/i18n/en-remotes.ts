/** English: other servers that answer, and what goes wrong with them. */
export const remotes = {
  remotes: {
    list: 'Servers that answer',
    listHint:
      'Any server that speaks OpenAI’s API, such as vLLM, SGLang, llama-server or Ollama. Its models are then in the model picker. A server is only asked when you add it, refresh its models, give it a key or write to one of them; what you write to it leaves this computer.',
    words: 'remote api openai ollama vllm sglang llama-server lm studio key endpoint cloud network',
    none: 'There is none.',
    add: 'Add a server',
    addTitle: 'A new server',
    address: 'Address',
    addressHint: 'As http://192.168.1.5:11434 or https://api.example.com/v1.',
    name: 'Name',
    nameHint: 'Empty: as its address.',
    key: 'Key',
    keyHint:
      'If it wants one. Kept in the system’s keychain, or where there is none until Paddock is closed.',
    newKeyHint: 'The server is asked for its models with it. If it refuses, the old key stays.',
    save: 'Add it and list its models',
    asking: 'Asking the server',
    cancel: 'Cancel',
    models_one: '{{count}} model',
    models_other: '{{count}} models',
    keyIs: {
      none: 'no key',
      keychain: 'key in the keychain',
      session: 'key until Paddock is closed',
      lost: 'key has to be entered again',
    },
    here: 'on this computer',
    away: 'leaves this computer',
    refresh: 'Refresh models',
    refreshLabel: 'Refresh the models of {{name}}',
    rename: 'Rename',
    renameLabel: 'Rename {{name}}',
    renameSave: 'Rename',
    changeKey: 'Change key',
    changeKeyLabel: 'Change the key of {{name}}',
    keySave: 'Use this key',
    keyForget: 'Use no key',
    remove: 'Remove',
    removeLabel: 'Remove {{name}}',
    removeTitle: 'Remove {{name}}?',
    removeText:
      'Its address and its key are forgotten, and its models leave the picker. Conversations with them stay.',
    removing: 'Removing',
    saidAdded: '{{name}} is added',
    saidRefreshed: 'The models of {{name}} are listed anew',
    saidRenamed: 'Renamed to {{name}}',
    saidKey: 'The key of {{name}} is changed',
    saidRemoved: '{{name}} is removed',
    groupAway: 'What you write to these models leaves this computer and goes to {{host}}.',
    groupHere: 'Another program on this computer: {{host}}.',
    addFromPicker: 'Add another server…',
    mark: 'Answers come from {{host}}',
    goesTo: 'What you write goes to {{host}}.',
    waits: 'Waiting for {{host}}',
    context: '{{tokens}} tokens of context',
    loadedAs: '{{name}} on {{host}}',
  },
} as const;

/** The sentences of errors; part of `what`. */
export const remoteWhat = {
  remoteAddress: '{{given}} is no address of a server: {{fault}}.',
  remoteKeyUnsendable: 'This key cannot be sent: it holds characters that no key has.',
  remoteNoTls: 'Encrypted connections are not possible here: {{reason}}.',
  remoteUnreachable: '{{host}} cannot be reached: {{reason}}.',
  remoteSilent_one: '{{host}} has said nothing for {{count}} second.',
  remoteSilent_other: '{{host}} has said nothing for {{count}} seconds.',
  remoteKeyRefused: '{{host}} refuses the key (status {{status}}).',
  remoteKeyLost: 'The key of “{{name}}” could not be read.',
  remoteNoModel: '{{host}} has no model called “{{model}}”.',
  remoteNoApi: '{{host}} does not speak OpenAI’s chat API at this address.',
  remoteBusy: '{{host}} has too much to do. {{again}}',
  remoteRefused: '{{host}} refused the request (status {{status}}): {{said}}',
  remoteCut: 'The connection to {{host}} ended in the middle of the answer.',
  remoteModelGone: 'The server of “{{model}}” is no longer in the list.',
  remoteServerGone: 'This server is no longer in the list.',
  remoteCannotContinue:
    '{{host}} cannot go on with an answer that was begun: its API has no way to.',
  remoteFiltered: '{{host}} ended the answer: its own rules forbid the rest.',
} as const;

/** What is wrong with an address. */
export const addressFaults = {
  unreadable: 'it cannot be read',
  holdsPassword: 'a name or a password belongs into the field for the key',
  noHost: 'it names no host',
  hasQuery: 'it ends in a question or a mark',
  inTheClear: 'outside of your own network it must begin with https://',
  otherScheme: 'it begins neither with https:// nor with http://',
} as const;

/** What to do; part of `whatNow`. */
export const remoteNow = {
  remoteCorrect: 'Correct it and try again.',
  remoteCopyKey: 'Copy the key again, without spaces or line breaks.',
  remoteCheckKey: 'Check the key under Settings, Other servers.',
  remoteKeyAgain:
    'Unlock the system’s keychain, or enter the key again under Settings, Other servers.',
  remoteCertificates: 'Check the certificates of this system.',
  remoteStart: 'Start the server, or check its address and the network.',
  remoteHangs: 'Try again; the server may still be loading the model, or hang.',
  remoteKept: 'What came is kept. Try again for a whole answer.',
  remoteOtherModel: 'Refresh the server’s models, or choose another model.',
  remoteCheckAddress: 'Check the address; most end in /v1.',
  remoteChange: 'Change what it names, or choose another model.',
  remoteAddAgain: 'Choose another model, or add the server again.',
  remoteAskAnew: 'Ask for a new answer, or ask it to go on in your next message.',
  remoteRules: 'Change your message, or choose another model.',
} as const;
