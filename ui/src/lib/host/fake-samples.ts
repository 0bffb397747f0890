import type {
  Conversation,
  LoadedModel,
  LoadSettings,
  ModelEntry,
  SamplingChoice,
} from './bindings';
import { answerFor } from './fake-answers';

/** What is there when the fake host starts: models on a pretended disk, a few old conversations. */

const day = 24 * 60 * 60 * 1000;
const selfTestPath = '/opt/paddock/models/self-test.gguf';

/** What a message has beside its text when nothing special happened to it. */
export const plainMessage = { edited: false, cut: null, thinkingMs: null, attachments: [] };

/** How a conversation is set up when nobody has. */
export const plainConversation = {
  setup: {
    presetId: null,
    system: '',
    sampling: usualSampling(),
    contextPolicy: null,
    format: { kind: 'text' as const },
  },
  draft: '',
};

/** Where a conversation is in the list when nobody has moved it. */
export const plainSummary = { titleIsAuto: true, pinned: false, archived: false, folderId: null };

export function usualSampling(): Required<SamplingChoice> {
  return {
    temperature: null,
    topK: null,
    topP: null,
    minP: null,
    repeatPenalty: null,
    seed: null,
    maxTokens: null,
  };
}

export function startingModels(now: number): ModelEntry[] {
  const entry = (
    path: string,
    name: string,
    quant: string,
    sizeBytes: number,
    daysAgo: number,
  ) => ({
    path,
    name,
    quant,
    sizeBytes,
    selfTest: false,
    lastUsedMs: now - daysAgo * day,
    present: true,
  });
  return [
    {
      path: selfTestPath,
      name: 'Self-test model',
      quant: 'F16',
      sizeBytes: 2_700_000,
      selfTest: true,
      lastUsedMs: null,
      present: true,
    },
    entry('/models/Llama-3.3-70B-Q3_K_M.gguf', 'Llama 3.3 70B Instruct', 'Q3_K_M', 34.3e9, 1),
    entry('/models/broken.gguf', 'broken', 'Q4_0', 4.1e9, 3),
    { ...entry('/old/gone.gguf', 'Mistral Small 24B', 'Q4_K_M', 14.3e9, 9), present: false },
  ];
}

export function newEntry(path: string): ModelEntry {
  const file = path.split(/[\\/]/).at(-1) ?? path;
  const quant = /(I?Q\d\w*|F16|BF16)/.exec(file)?.[1] ?? null;
  const name = file.replace(/\.gguf$/, '').replace(/[.-](I?Q\d\w*|F16|BF16)$/, '');
  return { path, name, quant, sizeBytes: 4.4e9, selfTest: false, lastUsedMs: null, present: true };
}

export function loadedModel(entry: ModelEntry, settings?: LoadSettings): LoadedModel {
  const nLayers = entry.selfTest ? 2 : 80;
  return {
    path: entry.path,
    name: entry.name,
    quant: entry.quant,
    selfTest: entry.selfTest,
    remote: entry.remote ?? null,
    nParams: entry.selfTest ? 1_300_000 : 70_600_000_000,
    nCtx: settings?.nCtx ?? (entry.selfTest ? 512 : 8192),
    nCtxTrain: entry.selfTest ? 512 : 131_072,
    nLayers,
    nGpuLayers: settings?.nGpuLayers ?? (entry.selfTest ? 0 : 54),
    loadMs: 5400,
    buffers: [{ device: 'CPU', weightsBytes: entry.sizeBytes, kvBytes: 1e8, computeBytes: 3e8 }],
    warnings: [],
  };
}

export function sampleConversations(now: number): Conversation[] {
  return [
    sample('s1', 'Quantum things', 'explain quantum entanglement', now - 2 * 60 * 60 * 1000),
    sample('s2', 'Rust lifetimes', 'Show me hello world in Rust.', now - 1.1 * day),
    sample('s3', 'Every kind of Markdown', '/demo', now - 4 * day),
    sample(
      's4',
      'A title that is far too long for the width of any sidebar',
      'Count to 20',
      now - 40 * day,
    ),
  ];
}

/** What is there in the browser: also one that is longer than anybody's. */
export function browserConversations(now: number): Conversation[] {
  return [...sampleConversations(now), longConversation('s5', 10_000, now - 50 * day)];
}

/** A conversation that somebody has lived in for years. */
export function longConversation(id: string, nMessages: number, at: number): Conversation {
  const first = sample(id, 'Ten thousand messages', 'Count to 20', at);
  const [question, answer] = first.messages;
  if (!question || !answer) return first;
  const texts = [answerFor('rust'), answerFor('count'), answerFor('quantum'), 'Yes.'];
  const messages = Array.from({ length: nMessages }, (_, i) => ({
    ...(i % 2 === 0 ? question : answer),
    id: `${id}-${i}`,
    parentId: i === 0 ? null : `${id}-${i - 1}`,
    createdAtMs: at + i * 1000,
    content: i % 2 === 0 ? `Question number ${i}` : (texts[(i >> 1) % texts.length] ?? ''),
  }));
  return { ...first, headId: `${id}-${nMessages - 1}`, messages };
}

function sample(id: string, title: string, prompt: string, at: number): Conversation {
  const base = { ...plainMessage, conversationId: id, createdAtMs: at, error: null };
  return {
    id,
    title,
    headId: `${id}-a`,
    ...plainConversation,
    messages: [
      {
        ...base,
        id: `${id}-u`,
        parentId: null,
        role: 'user',
        content: prompt,
        finishReason: null,
        timings: null,
        modelName: null,
      },
      {
        ...base,
        id: `${id}-a`,
        parentId: `${id}-u`,
        role: 'assistant',
        content: answerFor(prompt),
        finishReason: 'stop',
        timings: { cacheN: 0, promptN: 39, promptMs: 6952, predictedN: 212, predictedMs: 43_270 },
        modelName: 'Llama 3.3 70B Instruct',
      },
    ],
  };
}
