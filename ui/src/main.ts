import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@fontsource-variable/noto-emoji/wght.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { asApiError, openHost } from './lib/host';
import { language, t } from './lib/i18n';
import { createApp, startApp } from './lib/stores/app';
import { WindowMemory } from './lib/stores/memory';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

// Both are needed for the first frame and can be fetched while the host is asked what it remembers. A
// font that came later would have the whole window laid out twice, first with a search for another.
language.expect();
void document.fonts.load('1em "Inter Variable"').catch(() => undefined);

try {
  const host = await openHost();
  const memory = await WindowMemory.of(host);
  await language.start(memory);
  document.title = t('app.name');
  const app = createApp(host, memory);
  mount(App, { target, props: { app } });
  await startApp(app);
} catch (reason) {
  const { message, details } = asApiError(reason);
  target.textContent = [t('app.failed'), message, details].filter(Boolean).join('. ');
}
