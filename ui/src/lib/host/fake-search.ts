import type { SearchHit, SearchRequest, SnippetPart } from './bindings';
import type { Stored } from './fake-chats';

/** Characters of a message that are shown before the first hit, and in all. */
const lead = 30;
const shown = 160;

/** Words found in titles and messages: titles first, then the newest. The real one ranks better. */
export function fakeSearch(conversations: Stored[], request: SearchRequest): SearchHit[] {
  const words = request.words.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const titles: SearchHit[] = [];
  const messages: SearchHit[] = [];
  for (const c of conversations) {
    if (request.conversationId !== null && c.id !== request.conversationId) continue;
    const base = { conversationId: c.id, conversationTitle: c.title, archived: c.archived };
    if (request.conversationId === null && found(c.title)) {
      const snippet = parts(c.title, words);
      titles.push({ ...base, messageId: null, role: null, atMs: c.updatedAtMs, snippet });
    }
    for (const m of c.messages) {
      if (!found(m.content)) continue;
      const snippet = parts(around(m.content, words), words);
      messages.push({ ...base, messageId: m.id, role: m.role, atMs: m.createdAtMs, snippet });
    }
  }
  if (request.conversationId === null) messages.sort((a, b) => b.atMs - a.atMs);
  return [...titles, ...messages].slice(0, request.limit);
}

function around(text: string, words: string[]): string {
  const lower = text.toLowerCase();
  const first = Math.min(...words.map((word) => lower.indexOf(word)));
  const from = Math.max(0, first - lead);
  const piece = text.slice(from, from + shown);
  return `${from > 0 ? '…' : ''}${piece}${from + shown < text.length ? '…' : ''}`;
}

function parts(text: string, words: string[]): SnippetPart[] {
  const any = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return text
    .split(new RegExp(`(${any})`, 'gi'))
    .map((piece, index) => ({ text: piece, hit: index % 2 === 1 }))
    .filter((part) => part.text !== '');
}
