import { mount, unmount } from 'svelte';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import PageView from '../../components/chat/PageView.svelte';
import { MarkdownDocument } from './document.svelte';
import * as render from './render';

vi.mock('./render', async (load) => {
  const real = await load<typeof render>();
  return { ...real, renderMarkdown: vi.fn(real.renderMarkdown) };
});

describe('an answer of two thousand blocks', () => {
  it('has only its last block parsed again as it grows', async () => {
    const parsed = vi.mocked(render.renderMarkdown);
    const document_ = new MarkdownDocument();
    for (let n = 0; n < 2000; n += 1) document_.push(`Paragraph number ${n}.\n\n`);
    document_.push('The last');
    document_.publish();
    const page = document_.pages.at(-1)!;
    const view = mount(PageView, {
      target: document.body,
      props: { page, document: document_, last: true },
    });
    await tick();
    parsed.mockClear();
    for (let n = 0; n < 50; n += 1) {
      document_.push(` word`);
      document_.publish();
      await tick();
    }
    expect(parsed).toHaveBeenCalledTimes(50);
    expect(document.body.textContent).toContain(`The last${' word'.repeat(50)}`);
    await unmount(view);
  });
});
