import type { ApiError, ErrorCode, FinishReason } from './bindings';
import { answerFor, longAnswer } from './fake-answers';

/** How the fake host answers a message: the text, its pace, and the error it ends in. */

export interface Script {
  text: string;
  tokensPerSecond: number;
  promptSteps: number;
  error: ApiError | null;
}

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

const hints: Record<ErrorCode, [message: string, hint: string]> = {
  noModel: ['There is no model to answer with.', 'Choose a model first.'],
  modelRefused: [
    'This file is not a model Paddock can run. Its header names the architecture "resnet".',
    'Choose a GGUF file of a language model.',
  ],
  loadFailed: [
    'Not enough memory. The model needs 42.5 GB and 21.3 GB are free.',
    'Choose a smaller quant of the same model.',
  ],
  engineDied: [
    'The engine stopped while it was writing: it ran out of memory.',
    'What was written so far is kept. Try again.',
  ],
  engineHung: [
    'The engine has not answered for 60 seconds, so it was ended.',
    'What was written so far is kept. Try again.',
  ],
  promptTooLong: [
    'The conversation is too long for this model: 9,120 tokens, and the context holds 8,192.',
    'Start a new chat, or load the model with a longer context.',
  ],
  busy: ['Another answer is still being written.', 'Wait for it, or stop it.'],
  notFound: ['That is no longer there.', 'It may have been deleted in another window.'],
  badInput: ['That cannot be sent as it is.', 'Change it and send it again.'],
  gated: [
    'This repository is only open to people who accepted its terms on its page.',
    'Accept them there with your account, then give Paddock an access token of it.',
  ],
  licenceNotAccepted: [
    'The licence of this model has to be accepted before it is downloaded.',
    'Read it and accept it here.',
  ],
  storage: ['The conversation could not be saved: the disk is full.', 'Free some space.'],
  internal: ['Something in Paddock went wrong.', 'Restart Paddock if it happens again.'],
};

export function fakeError(code: ErrorCode): ApiError {
  const [message, hint] = hints[code];
  return { code, message, hint, details: `code: ${code}\nexit status: 134\nGGML_ASSERT(n > 0)` };
}
