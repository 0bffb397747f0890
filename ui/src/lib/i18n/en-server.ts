/** The local server, in the settings. */
export const server = {
  serverSettings: {
    on: 'Answer other programs',
    onHint:
      'A local server with the interfaces of OpenAI and Anthropic. Editors, scripts and agents on this computer can use your model.',
    address: 'Address',
    addressHint: 'What other programs ask for as the base URL.',
    copyAddress: 'Copy the address',
    off: 'Off. Nothing listens on any port of this computer.',
    load: 'Running: {{running}} · waiting: {{waiting}}',
    lanAddress: 'From other computers',
    key: 'Key',
    keyHint: 'Programs have to show it. It stands where they ask for an API key.',
    keySession:
      'This system has no keychain, so the key is good until Paddock is closed, and then another one is made.',
    showKey: 'Show',
    hideKey: 'Hide',
    copyKey: 'Copy the key',
    copyKeyShort: 'Copy',
    renewKey: 'Renew',
    renewAsk: 'Make another key?',
    renewText: 'Programs that use the present one are refused until they have the new one.',
    saidRenewed: 'There is another key now.',
    port: 'Port',
    portHint: '1024 to 65535; 12434 is the usual one.',
    portProblem: 'A whole number from 1024 to 65535.',
    parallel: 'Answers at once',
    parallelHint: 'They share the context of the model. Counts from its next load.',
    parallelProblem: 'A whole number from 1 to 64.',
    lan: 'Open to the network',
    lanHint:
      'Other computers of your network can use the model if they have the key. What they send and get is not encrypted on its way.',
  },
};
