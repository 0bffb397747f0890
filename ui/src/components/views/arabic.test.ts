import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { sample } from '../../lib/host/fake-library';
import { language } from '../../lib/i18n';
import { download } from '../../test/downloads';
import { startedApp } from '../../test/hosts';

/**
 * What may stand in Latin letters in an Arabic window: names of models, formats, programs, people's
 * hardware and their files, units, the terms that everybody has in English, and the licence's words.
 */
const stays = [
  // People's hardware and what runs on it.
  /(NVIDIA GeForce )?RTX \d+|AMD Ryzen 9 7950X 16-Core Processor|Intel\(R\) Core\(TM\) i5-8250U CPU/g,
  /Ubuntu [\d.]+ LTS|Debian GNU\/Linux 12 \(bookworm\)|firefox|gnome-shell/g,
  // Addresses, repositories, files and folders.
  /(https:\/\/)?huggingface\.co[\w./-]*|proxy\.example|\b[\w.-]+\/[\w.-]+-GGUF\b/g,
  /[\w.-]+\.gguf|(?:\/[\w.*-]+)+\/?/g,
  // The licence has to be named in its own words.
  /Built with Llama\.?|Llama 3\.3 is licensed under[^\u2069]*|(Llama [\d.]+ Community License|Gemma Terms of Use)/g,
  // Models and quantizations.
  /\b(Llama|Gemma|Qwen|Mistral|Phi|Bitten|Split)[\w.-]*( \d[\w.]*)?( (Instruct|Scout|it|16E|17B|27B|70B|8B|3B|1B))*/gi,
  /\b(IQ|Q)\d_?\w*|\bB?F16\b/g,
  // Programs and makers.
  /Paddock|Hugging Face|LM Studio|Ollama|Jan|llama\.cpp|ggml|HF_TOKEN|HF_ENDPOINT|NVIDIA|Metal|Apple Silicon/g,
  // Terms, formats, units, keys.
  /\b(GPU|RAM|VRAM|GGUF|KV|cache|CUDA|SSD|IQ|GiB|TB|GB|MB|kB|tok|Tok|s|min|Enter|llama 3\.3 70b)\b/g,
  /\b(AVX2?|AVX-512|FMA|F16C)\b/g,
];

/** Every text of the window, read or seen, in which Latin letters are left. */
function latin(of: Element): string[] {
  const found: string[] = [];
  const look = (text: string | null) => {
    let rest = text ?? '';
    for (const name of stays) rest = rest.replace(name, ' ');
    if (/\p{Script=Latin}{2,}/u.test(rest)) found.push((text ?? '').trim());
  };
  const walker = document.createTreeWalker(of, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node: Node | null = walker.currentNode; node; node = walker.nextNode()) {
    if (node instanceof Element) {
      for (const name of ['aria-label', 'title', 'placeholder', 'aria-valuetext', 'alt'])
        look(node.getAttribute(name));
    } else if (!isOwn(node)) look(node.textContent);
  }
  return [...new Set(found)];
}

/** What belongs to a person or to the system: a name they gave, or what the system said in English. */
function isOwn(node: Node): boolean {
  return node.parentElement?.closest('style, script, [lang="en"], pre, option, kbd') !== null;
}

async function opened(options: Parameters<typeof startedApp>[0]) {
  const user = userEvent.setup();
  const { app } = await startedApp({ loaded: false, ...options });
  render(App, { app });
  return { app, user };
}

describe('the window in Arabic', () => {
  beforeEach(() => language.set('ar'));
  afterEach(() => language.set('en'));

  it.each(['rtx4090', 'noGpu'] as const)(
    'has no English words in the first run on %s',
    async (computer) => {
      const { user } = await opened({ firstRunPending: true, computer });
      const card = () => screen.getByTestId('first-run');
      const next = () => user.click(screen.getByTestId('first-run-next'));
      await waitFor(() => expect(card()).toBeTruthy());
      expect(latin(card())).toEqual([]);
      await next();
      await screen.findByTestId('computer-cards');
      expect(latin(card())).toEqual([]);
      await next();
      await screen.findByTestId('pick-recommended');
      await waitFor(() => expect(screen.getByTestId('quality').textContent).toMatch(/\p{L}/u));
      expect(latin(card())).toEqual([]);
      for (const pick of ['pick-faster', 'pick-smarter']) {
        await user.click(screen.getByTestId(pick));
        expect(latin(card())).toEqual([]);
      }
      await next();
      expect(latin(card())).toEqual([]);
      await next();
      await waitFor(() => expect(latin(card())).toEqual([]));
    },
  );

  it('has none where all quantizations, the guide and what weakens the figures are', async () => {
    const { app } = await opened({});
    app.navigation.showModels('computer');
    await screen.findByTestId('quants');
    await screen.findByTestId('guide');
    expect(latin(screen.getByTestId('models-view'))).toEqual([]);
  });

  it('has none in the library, but for what is said in English and marked as that', async () => {
    const { app } = await opened({ library: sample });
    app.navigation.showModels('library');
    await screen.findByTestId('library');
    expect(latin(screen.getByTestId('models-view'))).toEqual([]);
  });

  it('has none where a repository is looked at', async () => {
    const { app } = await opened({});
    app.navigation.showModels('find');
    await app.discover.open('bartowski/Llama-3.3-70B-Instruct-GGUF');
    await screen.findByTestId('remote-models');
    expect(latin(screen.getByTestId('models-view'))).toEqual([]);
  });

  it('has none in downloads that wait, failed or had something happen', async () => {
    const host = 'huggingface.co';
    const waits = {
      kind: 'waiting',
      reason: 'busy',
      why: { kind: 'tooManyRequests', host },
      untilMs: null,
    } as const;
    const error = { message: 'English', hint: null, details: null, code: 'storage' } as const;
    const what = { kind: 'diskFull', folder: '/models', neededBytes: 9e9, freeBytes: 1e9 } as const;
    const { app } = await opened({
      downloads: [
        download({ id: 'd1', state: waits, notices: [{ kind: 'changedMeanwhile' }] }),
        download({ id: 'd2', state: { kind: 'failed', error: { ...error, what } } }),
        download({
          id: 'd3',
          state: { kind: 'failed', error: { ...error, message: 'It fell off.' } },
        }),
      ],
    });
    app.navigation.showModels('downloads');
    await waitFor(() => expect(screen.getAllByTestId('error-card')).toHaveLength(2));
    expect(latin(screen.getByTestId('models-view'))).toEqual([]);
    const english = screen.getByText('It fell off.');
    expect(english.lang).toBe('en');
    expect(english.dir).toBe('ltr');
  });
});
