import { isPicture, kindName, mostBytes, mostFiles } from '../format/attachments';
import { tokensText, type Count } from '../format/context';
import { errorWords, tell } from '../format/errors';
import { bytes } from '../format/numbers';
import { asApiError, type ApiError, type Host, type NewAttachment } from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { Thread } from './thread.svelte';

/** A file on its way into a message. */
export type Chip = { id: number; name: string; sizeBytes: number } & (
  | { state: 'reading' }
  | { state: 'ready'; file: NewAttachment; tokens: Count | null }
  | { state: 'failed'; reason: string }
);

/** The files of one conversation that are not sent yet, and why some were not even looked at. */
interface Files {
  readonly chips: readonly Chip[];
  readonly notice: string | null;
}

const none: Files = { chips: [], notice: null };

/**
 * Owns the files that go with the next message of each conversation: reading them, what they
 * weigh, and why one cannot go. Does not own files that were sent (thread). They live as long as
 * the page; only typed text is stored.
 */
export class AttachmentsStore {
  #host: Host;
  #announcer: Announcer;
  #files = $state.raw<ReadonlyMap<Thread, Files>>(new Map());
  #ids = 0;

  constructor(host: Host, announcer: Announcer) {
    this.#host = host;
    this.#announcer = announcer;
  }

  of(thread: Thread): readonly Chip[] {
    return this.#of(thread).chips;
  }

  /** Whether a file could go now. */
  hasReady(thread: Thread): boolean {
    return this.of(thread).some((chip) => chip.state === 'ready');
  }

  noticeOf(thread: Thread): string | null {
    return this.#of(thread).notice;
  }

  /** Tokens of all files that are ready. */
  tokensOf(thread: Thread): Count {
    const ready = this.of(thread).filter((chip) => chip.state === 'ready');
    return {
      count: ready.reduce((sum, chip) => sum + (chip.tokens?.count ?? 0), 0),
      exact: ready.every((chip) => chip.tokens?.exact),
    };
  }

  async add(thread: Thread, files: readonly File[]) {
    const room = mostFiles - this.of(thread).length;
    this.#notice(thread, files.length > room);
    await Promise.all(files.slice(0, Math.max(0, room)).map((file) => this.#read(thread, file)));
  }

  /** Text that was pasted and is better off as a file. */
  async addText(thread: Thread, text: string) {
    const full = this.of(thread).length >= mostFiles;
    this.#notice(thread, full);
    if (full) return;
    const sizeBytes = new TextEncoder().encode(text).length;
    const name = t('attach.pasted');
    const id = this.#put(thread, { name, sizeBytes });
    await this.#ready(id, { name, kind: 'text', sizeBytes, nTokens: null, text });
  }

  remove(thread: Thread, id: number) {
    const { chips } = this.#of(thread);
    const gone = chips.find((chip) => chip.id === id);
    this.#keep(thread, { chips: chips.filter((chip) => chip.id !== id), notice: null });
    if (gone) this.#announcer.say(t('attach.removed', { name: gone.name }));
  }

  /** They go with a message now. What could not be read stays behind and is gone. */
  take(thread: Thread): NewAttachment[] {
    const { chips } = this.#of(thread);
    this.#keep(thread, none);
    return chips.flatMap((chip) => (chip.state === 'ready' ? [chip.file] : []));
  }

  /** They go on in another conversation, also those that are still being read. */
  move(from: Thread, to: Thread) {
    const { chips } = this.#of(from);
    this.#keep(from, none);
    this.#keep(to, { chips: [...this.of(to), ...chips], notice: this.noticeOf(to) });
  }

  /** The message was refused. */
  giveBack(thread: Thread, attachments: readonly NewAttachment[]) {
    if (attachments.length === 0) return;
    const back = attachments.map((file): Chip => {
      const tokens = file.nTokens === null ? null : { count: file.nTokens, exact: true };
      const { name, sizeBytes } = file;
      return { id: this.#newId(), name, sizeBytes, state: 'ready', file, tokens };
    });
    const { chips, notice } = this.#of(thread);
    this.#keep(thread, { chips: [...back, ...chips], notice });
    if (back.some((chip) => chip.state === 'ready' && chip.tokens === null))
      void this.recount(thread);
  }

  /** Another model counts otherwise. */
  async recount(thread: Thread) {
    const ready = this.of(thread).filter((chip) => chip.state === 'ready');
    if (ready.length === 0) return;
    const counts = await this.#count(ready.map((chip) => chip.file.text));
    for (const [i, chip] of ready.entries()) {
      const tokens = counts[i];
      if (tokens) this.#change(chip.id, () => counted(chip, tokens));
    }
  }

  async #read(thread: Thread, file: File) {
    const id = this.#put(thread, { name: file.name, sizeBytes: file.size });
    const refusal = refusalOf(file);
    if (refusal !== null) return this.#fail(id, refusal);
    try {
      const extracted = await this.#host.extractText(file.name, await base64(file));
      await this.#ready(id, extracted);
    } catch (reason) {
      this.#fail(id, sentence(asApiError(reason)));
    }
  }

  #put(thread: Thread, { name, sizeBytes }: { name: string; sizeBytes: number }): number {
    const id = this.#newId();
    const { chips, notice } = this.#of(thread);
    const chip: Chip = { id, name, sizeBytes, state: 'reading' };
    this.#keep(thread, { chips: [...chips, chip], notice });
    this.#announcer.say(t('attach.readingNow', { name }));
    return id;
  }

  async #ready(id: number, file: NewAttachment) {
    const exact = file.nTokens === null ? null : { count: file.nTokens, exact: true };
    const tokens = exact ?? (await this.#count([file.text]))[0] ?? null;
    const { name, sizeBytes } = file;
    const chip = { id, name, sizeBytes, state: 'ready' as const, file, tokens };
    if (!this.#change(id, () => (tokens ? counted(chip, tokens) : chip))) return;
    this.#announcer.say(
      t('attach.attached', {
        name,
        kind: kindName(file.kind),
        tokens: tokens ? tokensText(tokens) : bytes(sizeBytes),
      }),
    );
  }

  #fail(id: number, reason: string) {
    this.#change(id, ({ name, sizeBytes }) => {
      this.#announcer.say(t('attach.failedNow', { name, reason }));
      return { id, name, sizeBytes, state: 'failed', reason };
    });
  }

  async #count(texts: string[]): Promise<Count[]> {
    try {
      const { counts, exact } = await this.#host.countTokens(texts);
      return counts.map((count) => ({ count, exact }));
    } catch {
      // The file can go without its number.
      return [];
    }
  }

  /** Wherever the file is by now. Nothing happens, and false is said, when it was removed in the meantime. */
  #change(id: number, change: (chip: Chip) => Chip): boolean {
    for (const [thread, { chips, notice }] of this.#files) {
      if (!chips.some((chip) => chip.id === id)) continue;
      const changed = chips.map((chip) => (chip.id === id ? change(chip) : chip));
      this.#keep(thread, { chips: changed, notice });
      return true;
    }
    return false;
  }

  #notice(thread: Thread, tooMany: boolean) {
    const notice = tooMany ? t('attach.tooMany', { most: mostFiles }) : null;
    this.#keep(thread, { chips: this.of(thread), notice });
    if (notice !== null) this.#announcer.say(notice);
  }

  #of(thread: Thread): Files {
    return this.#files.get(thread) ?? none;
  }

  #keep(thread: Thread, files: Files) {
    const next = new Map(this.#files);
    if (files.chips.length === 0 && files.notice === null) next.delete(thread);
    else next.set(thread, files);
    this.#files = next;
  }

  #newId(): number {
    this.#ids += 1;
    return this.#ids;
  }
}

/** Only what the model itself counted is kept with the message. */
function counted(chip: Chip & { state: 'ready' }, tokens: Count): Chip {
  return { ...chip, tokens, file: { ...chip.file, nTokens: tokens.exact ? tokens.count : null } };
}

function refusalOf(file: File): string | null {
  if (isPicture(file)) return t('attach.picture');
  if (file.size > mostBytes)
    return t('attach.tooLarge', { size: bytes(file.size), most: bytes(mostBytes) });
  return file.size === 0 ? t('attach.empty') : null;
}

function sentence(error: ApiError): string {
  return [errorWords(error), tell(error).hint].filter(Boolean).join(' ');
}

/** The browser does this without holding up the page. */
function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const url = String(reader.result);
      resolve(url.slice(url.indexOf(',') + 1));
    };
    reader.onerror = () =>
      reject({ code: 'badInput', message: t('attach.unreadable'), hint: null, details: null });
    reader.readAsDataURL(file);
  });
}
