import { render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { longConversation } from '../../lib/host/fake-samples';
import { MarkdownDocument } from '../../lib/markdown/document.svelte';
import { startedApp } from '../../test/hosts';

/** A window whose parts come near only when the test says so. */
const held = vi.hoisted(() => {
  class HeldObserver {
    static all: HeldObserver[] = [];
    targets = new Set<Element>();
    readonly tell: IntersectionObserverCallback;
    constructor(tell: IntersectionObserverCallback) {
      this.tell = tell;
      HeldObserver.all.push(this);
    }
    observe(target: Element) {
      this.targets.add(target);
    }
    unobserve(target: Element) {
      this.targets.delete(target);
    }
    disconnect() {
      this.targets.clear();
    }
    near(target: Element, isIntersecting: boolean) {
      const entry = { target, isIntersecting } as unknown as IntersectionObserverEntry;
      this.tell([entry], this as unknown as IntersectionObserver);
    }
  }
  globalThis.IntersectionObserver = HeldObserver as unknown as typeof IntersectionObserver;
  CSS.supports = () => true;
  return HeldObserver;
});

beforeEach(() => {
  held.all = [];
});

async function opened(nMessages: number) {
  const conversations = [longConversation('s5', nMessages, 1)];
  const { app } = await startedApp({ conversations });
  const parsed = vi.spyOn(MarkdownDocument, 'of');
  render(App, { app });
  await app.chat.open('s5');
  await tick();
  return { app, parsed };
}

const drawn = () => [...document.querySelectorAll<HTMLElement>('[data-message-id]')];
const message = (n: number) => document.querySelector(`[data-message-id="s5-${n}"]`);

describe('a conversation of ten thousand messages', () => {
  it('draws its end and leaves the rest empty, under one observer', async () => {
    const { app, parsed } = await opened(10_000);
    expect(app.chat.current.shown).toHaveLength(10_000);
    expect(drawn().length).toBeLessThanOrEqual(16);
    expect(message(9999)).not.toBeNull();
    expect(parsed.mock.calls.length).toBeLessThanOrEqual(8);
    expect(document.querySelectorAll('*').length).toBeLessThan(1500);
    expect(held.all).toHaveLength(1);
  });

  it('draws what comes near, and takes it away again', async () => {
    await opened(800);
    const observer = held.all[0]!;
    const section = document.querySelector('.column > .group')!;
    expect(section.childElementCount).toBe(0);
    observer.near(section, true);
    await waitFor(() => expect(section.childElementCount).toBeGreaterThan(1));
    expect(message(0)).toBeNull();
    const first = section.querySelector('.group')!;
    observer.near(first, true);
    await waitFor(() => expect(message(0)).not.toBeNull());
    observer.near(first, false);
    await waitFor(() => expect(message(0)).toBeNull());
  });

  it('leads to a message that is far away, and marks it', async () => {
    const { app } = await opened(800);
    expect(message(100)).toBeNull();
    await app.chat.reveal('s5', 's5-100');
    await waitFor(() => expect(message(100)?.hasAttribute('data-flash')).toBe(true));
    expect(drawn().length).toBeLessThanOrEqual(24);
    expect(screen.getByTestId('jump-to-end')).toBeTruthy();
    await waitFor(() => expect(app.chat.current.target).toBeNull());
  });
});
