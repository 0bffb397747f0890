import type { ApiError, ErrorCode, FinishReason, What } from './bindings';
import { answerFor, longAnswer } from './fake-answers';

/** How the fake host answers a message: the text, its pace, and the error it ends in. */

export interface Script {
  text: string;
  tokensPerSecond: number;
  promptSteps: number;
  error: ApiError | null;
}

/**
 * What a message can ask of it:
 *   /demo                         every kind of Markdown
 *   /think                        thoughts before the answer
 *   /long 100000 5000             so many tokens at so many tokens per second
 *   /code 5000 3000              a block of so many lines of code
 *   /wait 20                      a prompt that takes that many seconds to understand
 *   /fail engineDied              partial text, then this error (any ErrorCode)
 *   /nothing internal             this error before the first word
 *   /refuse promptTooLong         rejected before anything is stored
 */
export function scriptFor(prompt: string): Script {
  const [word = '', first = '', second = ''] = prompt.split(/\s+/);
  const script: Script = { text: '', tokensPerSecond: 30, promptSteps: 8, error: null };
  switch (word) {
    case '/long':
      return {
        ...script,
        text: longAnswer(Number(first) || 2000),
        tokensPerSecond: Number(second) || 200,
      };
    case '/code': {
      const lines = Array.from(
        { length: Number(first) || 1000 },
        (_, i) => `    let x${i} = step(${i}); // line`,
      );
      const text = `\`\`\`rust\nfn main() {\n${lines.join('\n')}\n}\n\`\`\`\n`;
      return { ...script, text, tokensPerSecond: Number(second) || 200 };
    }
    case '/wait':
      return { ...script, text: 'Thank you for waiting.', promptSteps: (Number(first) || 10) * 8 };
    case '/fail':
      return {
        ...script,
        text: 'This answer begins well, and then',
        error: fakeError((first || 'engineDied') as ErrorCode),
      };
    case '/nothing':
      return { ...script, error: fakeError((first || 'internal') as ErrorCode) };
    default:
      return { ...script, text: answerFor(prompt) };
  }
}

export function finishReason(error: ApiError | null, text: string, stopped: boolean): FinishReason {
  if (stopped) return 'cancelled';
  if (error) return text ? 'interrupted' : 'failed';
  return 'stop';
}

const file = 'Llama-3.3-70B-Instruct-Q4_K_M.gguf';
const repo = 'google/gemma-3-27b-it-GGUF';

/** In English as Paddock says it, and where it has a sentence in every language, what it says. */
const errors: Record<ErrorCode, [message: string, hint: string | null, what?: What]> = {
  noModel: ['No model is loaded.', 'Choose a model first.', { kind: 'noModel' }],
  modelRefused: [
    'This file is not a model Paddock can run. Its header names the architecture "resnet".',
    'Choose a GGUF file of a language model.',
  ],
  loadFailed: [
    `There is not enough memory for “${file}”.`,
    'Choose a shorter context, fewer GPU layers, or a smaller model.',
    { kind: 'noMemoryForModel', file },
  ],
  heldBack: [
    '“Llama 3.3 70B” was not loaded: it may not fit into the memory that is free now.',
    'Load it anyway, close other programs, or choose a smaller model.',
    { kind: 'loadHeldBack', name: 'Llama 3.3 70B' },
  ],
  engineDied: [
    'The engine was ended from outside; mostly this means that the computer ran out of memory.',
    'Your next message starts it again. If it happens again, choose a smaller model or context.',
    { kind: 'engineKilled' },
  ],
  engineHung: [
    'The engine gave no sign of life for 60 seconds and was ended.',
    'Your next message starts it again.',
    { kind: 'engineHung', seconds: 60 },
  ],
  promptTooLong: [
    'This conversation is 9120 tokens long and does not fit in the context of 8192 tokens.',
    'Load the model with a longer context, or start a new chat.',
    { kind: 'promptTooLong', nTokens: 9120, nCtx: 8192 },
  ],
  busy: [
    'An answer is still being written in this conversation.',
    'Wait for its end, or stop it.',
    { kind: 'answerUnderway' },
  ],
  notFound: ['That is no longer there.', 'It may have been deleted in another window.'],
  badInput: ['That cannot be sent as it is.', 'Change it and send it again.'],
  gated: [
    `${repo} is only open to people who accepted its licence.`,
    null,
    { kind: 'gated', repo, page: `https://huggingface.co/${repo}`, hadToken: false },
  ],
  licenceNotAccepted: [
    'This model comes under the Llama 3.3 Community License.',
    'Read it and accept it once; then the download can begin.',
    { kind: 'licenceNotAccepted', repo, licence: 'Llama 3.3 Community License' },
  ],
  storage: [
    'The disk is full, so nothing more can be saved. Free some space and try again.',
    null,
    { kind: 'storageFull' },
  ],
  remoteKey: [
    'gpu-box:8000 refuses the key (status 401).',
    'Check the key under Settings, Other servers.',
    { kind: 'remoteKeyRefused', host: 'gpu-box:8000', status: 401 },
  ],
  remoteFailed: [
    'gpu-box:8000 cannot be reached: Connection refused.',
    'Start the server, or check its address and the network.',
    { kind: 'remoteUnreachable', host: 'gpu-box:8000', reason: 'Connection refused' },
  ],
  remoteRefused: [
    'gpu-box:8000 refused the request (status 400): the context is too long',
    'Change what it names, or choose another model.',
    { kind: 'remoteRefused', host: 'gpu-box:8000', status: 400, said: 'the context is too long' },
  ],
  internal: ['Something in Paddock went wrong.', 'Restart Paddock if it happens again.'],
};

export function fakeError(code: ErrorCode): ApiError {
  const [message, hint, what = null] = errors[code];
  const details = `code: ${code}\nexit status: 134\nGGML_ASSERT(n > 0)`;
  return { code, message, hint, details, what };
}
