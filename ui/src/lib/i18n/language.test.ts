import { render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytes, decimalsOrWhole, range, whole } from '../format/numbers';
import { startedApp } from '../../test/hosts';
import { browserMemory } from '../host/fake-memory';
import { WindowMemory } from '../stores/memory';
import App from '../../App.svelte';
import { isolate, language, locale, t } from '.';

const systemSpeaks = (...tags: string[]) =>
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(tags);

afterEach(async () => {
  vi.restoreAllMocks();
  await language.set('system');
});

describe('the language', () => {
  it('is the first of the system that there are words in', async () => {
    systemSpeaks('fr-CA', 'es-MX', 'en');
    await language.start(await WindowMemory.of(browserMemory));
    expect(language.chosen).toBe('system');
    expect(language.current).toBe('es');
    expect(document.documentElement.lang).toBe('es');
    expect(document.documentElement.dir).toBe('ltr');
    expect(locale()).toBe('es-MX');
  });

  it('is English where the system speaks none of them', async () => {
    systemSpeaks('fr-CA', 'ja');
    await language.start(await WindowMemory.of(browserMemory));
    expect(language.current).toBe('en');
  });

  it('that is expected is fetched and not yet shown', async () => {
    systemSpeaks('es');
    language.expect();
    await import('./es');
    expect(language.current).toBe('en');
    expect(document.documentElement.lang).toBe('en');
  });

  it('follows the system while nothing else is chosen', async () => {
    systemSpeaks('es');
    window.dispatchEvent(new Event('languagechange'));
    await vi.waitFor(() => expect(language.current).toBe('es'));
    await language.set('en');
    systemSpeaks('ar');
    window.dispatchEvent(new Event('languagechange'));
    await language.start(await WindowMemory.of(browserMemory));
    expect(language.current).toBe('en');
  });

  it('that was chosen is kept, and turns the window around where it is Arabic', async () => {
    await language.set('ar');
    expect(document.documentElement.dir).toBe('rtl');
    expect(language.dir).toBe('rtl');
    expect(localStorage.getItem('paddock.language')).toBe('ar');
    await language.set('system');
    expect(localStorage.getItem('paddock.language')).toBeNull();
    expect(document.documentElement.dir).toBe('ltr');
  });

  it('that was chosen last is shown, whichever is loaded first', async () => {
    await Promise.all([language.set('ar'), language.set('es'), language.set('en')]);
    expect(language.current).toBe('en');
    expect(t('app.name')).toBe('Paddock');
    expect(t('message.you')).toBe('You');
  });

  it('changes every word of the window without a reload', async () => {
    const { app } = await startedApp();
    render(App, { app });
    expect(await screen.findByText('New chat')).toBeTruthy();
    await language.set('es');
    await tick();
    expect(screen.queryByText('New chat')).toBeNull();
    expect(screen.getByText('Chat nuevo')).toBeTruthy();
    expect(screen.getByPlaceholderText(t('composer.placeholder'))).toBeTruthy();
  });
});

describe('a word that is counted', () => {
  it('has the six forms of Arabic', async () => {
    await language.set('ar');
    const forms = [0, 1, 2, 3, 11, 100].map((count) => t('computer.cores', { count }));
    expect(new Set(forms).size).toBe(6);
  });

  it('has the form of whole millions in Spanish', async () => {
    await language.set('es');
    expect(t('find.downloads', { count: 1_000_000 })).toContain('de descargas');
    expect(t('find.downloads', { count: 2 })).not.toContain('de descargas');
  });
});

describe('figures and names', () => {
  it('are written as the reader’s country writes them', async () => {
    systemSpeaks('es-ES');
    await language.set('es');
    expect(bytes(34_300_000_000)).toBe('34,3 GB');
    expect(t('find.likes', { count: 12_345 })).toContain('12.345');
    systemSpeaks('ar-EG');
    await language.set('ar');
    expect(whole(42)).toBe('٤٢');
    expect(decimalsOrWhole(12, 1)).toBe('١٢');
    systemSpeaks('en-US');
    await language.set('ar');
    expect(whole(42)).toBe('42');
  });

  it('stand on their own among words that run from right to left', async () => {
    expect(isolate('Q4_K_M')).toBe('Q4_K_M');
    expect(range('3.2', '4.9')).toBe('3.2–4.9');
    await language.set('ar');
    expect(t('announce.loading', { name: 'Llama 3.3 (70B)' })).toContain(
      '\u2068Llama 3.3 (70B)\u2069',
    );
    expect(isolate(isolate('a'))).toBe('\u2068a\u2069');
    expect(isolate('')).toBe('');
  });
});
