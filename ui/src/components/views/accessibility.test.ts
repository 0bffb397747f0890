import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import App from '../../App.svelte';
import { sample } from '../../lib/host/fake-library';
import { fakeServer } from '../../lib/host/fake-remotes';
import { sampleConversations } from '../../lib/host/fake-samples';
import { language } from '../../lib/i18n';
import { themes } from '../../lib/stores/appearance.svelte';
import { modelsTabs, type ModelsTab } from '../../lib/stores/navigation.svelte';
import { axeViolations } from '../../test/axe';
import { download } from '../../test/downloads';
import { startedApp } from '../../test/hosts';

interface View {
  name: string;
  host?: Parameters<typeof startedApp>[0];
  /** From the start to the view. */
  open: (user: UserEvent) => Promise<unknown>;
}

/** What is there when a part of the Models view has come. */
const inTab: Record<ModelsTab, string> = {
  computer: 'plan',
  library: 'library-model',
  find: 'find-words',
  downloads: 'download',
};

async function say(user: UserEvent, text: string) {
  await user.type(screen.getByTestId('composer'), `${text}{Enter}`);
  await waitFor(() =>
    expect(screen.getByTestId('message-assistant').dataset['state']).not.toBe('writing'),
  );
}

/** Every view there is; a new one is a new line. */
const views: View[] = [
  { name: 'a new chat', open: () => screen.findByTestId('welcome') },
  {
    name: 'a new chat without a model',
    host: { loaded: false, conversations: sampleConversations(Date.now()) },
    open: () => screen.findByTestId('welcome-self-test'),
  },
  { name: 'an answer with code, a table and math', open: (user) => say(user, '/demo') },
  { name: 'an answer that failed', open: (user) => say(user, '/fail engineDied') },
  {
    name: 'the list of models',
    open: async (user) => {
      await user.click(screen.getByTestId('model-picker'));
      await screen.findByTestId('model-menu');
    },
  },
  {
    name: 'the models of another server',
    host: { remotes: [fakeServer] },
    open: async (user) => {
      await user.click(screen.getByTestId('model-picker'));
      await user.click((await screen.findAllByTestId('remote-option'))[0] as HTMLElement);
      await user.click(screen.getByTestId('model-picker'));
      await screen.findByTestId('remote-group');
    },
  },
  {
    name: 'the list of other servers and its forms',
    host: { remotes: [fakeServer] },
    open: async (user) => {
      await user.click(screen.getByTestId('nav-settings'));
      await user.click(await screen.findByTestId('remote-change-key'));
      await user.click(screen.getByTestId('remote-add'));
      await screen.findByTestId('remote-form');
    },
  },
  {
    name: 'the first run',
    host: { firstRunPending: true, loaded: false },
    open: () => screen.findByTestId('first-run'),
  },
  {
    name: 'what suits this computer, in the first run',
    host: { firstRunPending: true, loaded: false },
    open: async (user) => {
      for (const seen of ['computer-cards', 'plan', 'offer-download']) {
        await user.click(await screen.findByTestId('first-run-next'));
        await screen.findByTestId(seen);
      }
    },
  },
  ...modelsTabs.map((tab): View => ({
    name: `the Models view, ${tab}`,
    host: { library: sample, downloads: [download()] },
    open: async (user) => {
      await user.click(screen.getByTestId('nav-models'));
      await user.click(screen.getByTestId(`models-tab-${tab}`));
      await screen.findAllByTestId(inTab[tab]);
    },
  })),
  {
    name: 'a repository',
    open: async (user) => {
      await user.click(screen.getByTestId('nav-models'));
      await user.click(screen.getByTestId('models-tab-find'));
      await user.type(screen.getByTestId('find-words'), 'Qwen/Qwen2.5-7B-Instruct-GGUF{Enter}');
      await screen.findByTestId('remote-models');
    },
  },
];

const looks = (['en', 'ar'] as const).flatMap((code) =>
  themes.filter((theme) => theme !== 'system').map((theme) => [code, theme] as const),
);

describe.each(looks)('axe finds nothing wrong in %s and the %s theme with', (code, theme) => {
  beforeEach(async () => {
    document.title = 'Paddock';
    localStorage.setItem('paddock.theme', theme);
    await language.set(code);
  });
  afterEach(() => language.set('system'));

  it.each(views)('$name', async ({ host, open }) => {
    const { app } = await startedApp(host);
    render(App, { app });
    await open(userEvent.setup());
    expect(await axeViolations()).toEqual([]);
  });
});
