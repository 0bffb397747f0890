// Paddock against llama.cpp's own llama-bench and llama-server, on the same file with the same threads, taking turns.
//
// LLAMA_BIN names the folder with the two programs (`npm run build:llama` makes it). BENCH_MODEL names another model
// than the made-up one of 1.3 GB, BENCH_ROUNDS how often each side takes its turn, BENCH_PROFILE=debug a build of ours
// that need not be made first (llama.cpp is optimised in it all the same).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buildBinary } from '../build-app.mjs';
import { PlainError, ask, isWindows } from '../process.mjs';

export const name = 'llama';

const PROMPT_TOKENS = 512;
const WRITTEN_TOKENS = 64;
const CHAT_CTX = 4608;
const TURNS = 10;
const STREAMS = 8;
const STREAM_TOKENS = 32;

export async function run({ env, say }) {
  const folder = process.env.LLAMA_BIN;
  if (!folder) {
    say('Skipped: LLAMA_BIN does not name a folder with llama-bench and llama-server.');
    return {};
  }
  const program = (name) => {
    const file = path.join(folder, isWindows ? `${name}.exe` : name);
    return existsSync(file) ? file : null;
  };
  if (!program('llama-bench')) throw new PlainError(`There is no llama-bench in ${folder}.`);
  const profile = process.env.BENCH_PROFILE ?? 'release';
  const setting = {
    env,
    say,
    rounds: Number(process.env.BENCH_ROUNDS ?? 5),
    threads: String(physicalCores()),
    bench: program('llama-bench'),
    server: program('llama-server'),
    paddock: await buildBinary(env, profile, 'paddock'),
    ours: await buildBinary(env, profile, 'bench-llama'),
    model: process.env.BENCH_MODEL ?? (await madeUpModel(env, profile)),
  };
  say(
    'llama-cpp-python is not measured: it has no wheel for every system, and builds llama.cpp anew.',
  );
  const measured = await speeds(setting);
  if (setting.server) return { ...measured, ...(await serving(setting)) };
  say(`There is no llama-server in ${folder}: loading, chats and streams are not compared.`);
  return measured;
}

/** A model with random weights, the one that `npm run bench -- engine` makes. */
async function madeUpModel(env, profile) {
  const file = path.join(env.PADDOCK_CACHE_DIR, 'random-1b-q8_0.gguf');
  if (!existsSync(file)) {
    const maker = await buildBinary(env, profile, 'random-model');
    const args = ['--shape', '1b', '--type', 'q8_0', '--out', file];
    if (ask(maker, args, { env }) === null) throw new PlainError('The model could not be made.');
  }
  return file;
}

/** As many as Paddock takes by itself; both sides are told. */
function physicalCores() {
  const cores = ask('lscpu', ['-p=CORE']);
  const lines = cores?.split('\n').filter((line) => !line.startsWith('#'));
  return lines ? new Set(lines).size : Math.max(1, os.availableParallelism() / 2);
}

/** Understanding and writing, in turns: the ratio of each round, so that both sides of it saw the same computer. */
async function speeds({ env, say, rounds, threads, bench, paddock, model }) {
  const data = mkdtempSync(path.join(os.tmpdir(), 'paddock-bench-'));
  const lengths = ['-p', String(PROMPT_TOKENS), '-r', '1'];
  const taken = [];
  for (let round = 1; round <= rounds; round += 1) {
    const own = JSON.parse(
      mustAsk(
        paddock,
        ['bench', '-m', model, ...lengths, '-n', String(WRITTEN_TOKENS), '-t', threads, '--json'],
        { env: { ...env, PADDOCK_DATA_DIR: data } },
      ),
    );
    const theirs = JSON.parse(
      mustAsk(
        bench,
        ['-m', model, ...lengths, '-n', String(WRITTEN_TOKENS), '-t', threads, '-o', 'json'],
        { env },
      ),
    );
    const speed = (isPrompt) => theirs.find((test) => test.n_prompt > 0 === isPrompt).avg_ts;
    const turn = {
      prompt: own.pp.tok_s,
      generation: own.tg.tok_s,
      llamaPrompt: speed(true),
      llamaGeneration: speed(false),
    };
    say(
      `round ${round}: understood at ${turn.prompt.toFixed(1)} (llama-bench ${turn.llamaPrompt.toFixed(1)}), written at ${turn.generation.toFixed(2)} (${turn.llamaGeneration.toFixed(2)}) tok/s`,
    );
    taken.push(turn);
  }
  rmSync(data, { recursive: true, force: true });
  const of = (value) => median(taken.map(value));
  return {
    'llama.prompt_tok_s': of((turn) => turn.prompt),
    'llama.prompt_llama_bench_tok_s': of((turn) => turn.llamaPrompt),
    'llama.prompt_ratio': of((turn) => turn.prompt / turn.llamaPrompt),
    'llama.generation_tok_s': of((turn) => turn.generation),
    'llama.generation_llama_bench_tok_s': of((turn) => turn.llamaGeneration),
    'llama.generation_ratio': of((turn) => turn.generation / turn.llamaGeneration),
  };
}

/** Loading, the tenth turn of a chat, memory, and eight answers at once, against llama-server. */
async function serving(setting) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'paddock-bench-'));
  const chatFile = path.join(folder, 'chat.json');
  const chat = longChat();
  writeFileSync(chatFile, JSON.stringify(chat));
  const taken = [];
  const rounds = Math.min(setting.rounds, 3);
  for (let round = 1; round <= rounds; round += 1) {
    const args = ['--model', setting.model, '--chat', chatFile, '--ctx', String(CHAT_CTX)];
    const streams = ['--parallel', String(STREAMS), '--parallel-tokens', String(STREAM_TOKENS)];
    const own = JSON.parse(
      mustAsk(setting.ours, [...args, '--threads', setting.threads, ...streams], {
        env: setting.env,
      }),
    );
    const server = await served(setting, ['-c', String(CHAT_CTX), '-np', '1'], (url) =>
      turns(url, chat),
    );
    const parallel = await served(
      setting,
      ['-c', String(512 * STREAMS), '-np', String(STREAMS)],
      streamsAtOnce,
    );
    const turn = {
      load: [own.start_and_load_ms, server.readyMs],
      ttft: [own.turn_ttft_ms.at(-1), server.result.at(-1)],
      peak: [own.peak_rss_bytes, server.peakBytes],
      streams: [own.parallel_tok_s, parallel.result],
    };
    setting.say(
      `round ${round}: ready in ${pair(turn.load)} ms, turn ${TURNS} begins after ${pair(turn.ttft)} ms, ${STREAMS} at once ${pair(turn.streams)} tok/s (Paddock, llama-server)`,
    );
    taken.push(turn);
  }
  rmSync(folder, { recursive: true, force: true });
  const metrics = {};
  const units = { load: 'ms', ttft: 'ms', peak: 'bytes', streams: 'tok_s' };
  const names = { load: 'load', ttft: 'turn10_ttft', peak: 'peak_rss', streams: 'eight_streams' };
  for (const [key, unit] of Object.entries(units)) {
    const values = taken.map((turn) => turn[key]).filter(([a, b]) => a !== null && b !== null);
    if (values.length === 0) continue;
    metrics[`llama.${names[key]}_${unit}`] = median(values.map(([own]) => own));
    metrics[`llama.${names[key]}_server_${unit}`] = median(values.map(([, theirs]) => theirs));
    metrics[`llama.${names[key]}_ratio`] = median(values.map(([own, theirs]) => own / theirs));
  }
  return metrics;
}

/** Ten turns that come to about 4,000 tokens: what is asked of both. */
function longChat() {
  const words = 'Where do the horses sleep tonight, and who closes the gate behind them? ';
  const messages = [];
  for (let turn = 1; turn <= TURNS; turn += 1) {
    messages.push({ role: 'user', content: `Turn ${turn}. ${words.repeat(20)}` });
    if (turn < TURNS)
      messages.push({ role: 'assistant', content: `Answer ${turn}: ${words.repeat(3)}` });
  }
  return messages;
}

/** A llama-server, from its start to the end of `use`; resolves to { readyMs, peakBytes, result }. */
async function served({ env, server, model, threads }, args, use) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawn(
    server,
    ['-m', model, '-t', threads, '--port', String(port), '--cache-ram', '0', ...args],
    { env, stdio: 'ignore' },
  );
  try {
    await ready(url, child);
    const readyMs = performance.now() - started;
    const result = await use(url);
    return { readyMs, peakBytes: peakRssBytes(child.pid), result };
  } finally {
    child.kill();
    await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done()));
  }
}

async function ready(url, child) {
  const deadline = performance.now() + 300_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new PlainError('llama-server ended before it was ready.');
    try {
      if ((await fetch(`${url}/health`)).status === 200) return;
    } catch {
      // It does not listen yet.
    }
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new PlainError('llama-server did not get ready.');
}

/** Time to the first token of each user turn, in milliseconds. */
async function turns(url, chat) {
  const times = [];
  for (const [index, { role }] of chat.entries()) {
    if (role !== 'user') continue;
    const started = performance.now();
    let first = null;
    const body = {
      messages: chat.slice(0, index + 1),
      max_tokens: 1,
      temperature: 0,
      stream: true,
    };
    const response = await post(`${url}/v1/chat/completions`, { ...body, cache_prompt: true });
    for await (const chunk of response.body)
      if (first === null && String(Buffer.from(chunk)).includes('"content":"'))
        first = performance.now() - started;
    times.push(first ?? performance.now() - started);
  }
  return times;
}

/** Tokens of all answers together, per second. */
async function streamsAtOnce(url) {
  const started = performance.now();
  const one = async (_, index) => {
    const messages = [{ role: 'user', content: `Tell me about number ${index}.` }];
    const body = { messages, max_tokens: STREAM_TOKENS, temperature: 0 };
    const answer = await (await post(`${url}/v1/chat/completions`, body)).json();
    return answer.usage.completion_tokens;
  };
  const counts = await Promise.all(Array.from({ length: STREAMS }, one));
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  return (tokens * 1000) / (performance.now() - started);
}

async function post(url, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new PlainError(`llama-server answered ${response.status}.`);
  return response;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** `VmHWM` of proc(5); null where there is no such file. */
function peakRssBytes(pid) {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? Number(line[1]) * 1024 : null;
  } catch {
    return null;
  }
}

function mustAsk(command, args, options) {
  const stdio = ['ignore', 'pipe', 'ignore'];
  const output = ask(command, args, { maxBuffer: 64 << 20, stdio, ...options });
  if (!output) throw new PlainError(`${path.basename(command)} failed.`);
  return output;
}

const pair = ([own, theirs]) =>
  [own, theirs].map((n) => (n === null ? '–' : n.toFixed(1))).join(' and ');

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
