import type { Conversation, ExportFormat } from './bindings';

/** A conversation in another form, as far as a test needs to tell the forms apart. */
export function fakeExport(conversation: Conversation, format: ExportFormat): string {
  const title = conversation.title || 'Untitled';
  switch (format) {
    case 'json':
      return JSON.stringify(conversation, null, 2);
    case 'markdown': {
      const parts = conversation.messages.map((m) => `## ${m.role}\n\n${m.content}`);
      return [`# ${title}`, ...parts].join('\n\n');
    }
    case 'html': {
      const parts = conversation.messages.map((m) => `<p>${escaped(m.content)}</p>`);
      return `<!doctype html><title>${escaped(title)}</title>${parts.join('')}`;
    }
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
