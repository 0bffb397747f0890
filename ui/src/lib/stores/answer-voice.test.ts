import { describe, expect, it } from 'vitest';
import { MarkdownDocument } from '../markdown/document.svelte';
import { AnswerVoice } from './answer-voice.svelte';

describe('the voice of an answer that is being written', () => {
  it('reads finished blocks as plain text, a few seconds apart', () => {
    const voice = new AnswerVoice();
    const document = new MarkdownDocument();
    voice.begin(document, 0);
    document.push('One **bold** sentence.\n\nTwo');
    voice.follow(document, 1000);
    expect(voice.text).toBe('');
    voice.follow(document, 4000);
    expect(voice.text).toBe('One bold sentence.');
    document.push(' ends.\n\n```rust\nfn main() {}\n```\n\nThree');
    voice.follow(document, 5000);
    expect(voice.text).toBe('One bold sentence.');
    voice.follow(document, 8000);
    expect(voice.text).toBe('Two ends.\ncode, rust');
    document.finish();
    voice.finish(document, 8100);
    expect(voice.text).toBe('Three');
  });

  it('does not read again what a continued answer had', () => {
    const voice = new AnswerVoice();
    const document = new MarkdownDocument();
    document.push('Known.\n\nAlso known.\n\nNew');
    voice.begin(document, 0);
    document.push(' text.');
    document.finish();
    voice.finish(document, 9000);
    expect(voice.text).toBe('New text.');
  });

  it('says nothing of what the model thinks', () => {
    const voice = new AnswerVoice();
    const document = new MarkdownDocument();
    voice.begin(document, 0);
    document.push('<think>First.\n\nSecond.</think>Said.\n\nMore');
    voice.follow(document, 5000);
    expect(voice.text).toBe('Said.');
  });
});
