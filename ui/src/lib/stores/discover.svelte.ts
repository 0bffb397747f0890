import { SvelteMap } from 'svelte/reactivity';
import { repositoryIn } from '../format/downloads';
import {
  asApiError,
  type ApiError,
  type Host,
  type PlanView,
  type RepoSummary,
  type RepoView,
} from '../host';
import { t } from '../i18n';
import type { Announcer } from './announcer.svelte';
import type { PlanningStore } from './planning.svelte';

/** How many headers are read at the same time. */
const atOnce = 2;

export type RemotePlan =
  { kind: 'reading' } | { kind: 'known'; plan: PlanView } | { kind: 'failed'; error: ApiError };

/**
 * Owns what is looked for on Hugging Face, what was found, and the repository that is open with
 * the plans of its models. Does not own downloads. Asks nothing before Enter or a click; a plan only
 * for a row that is on screen.
 */
export class DiscoverStore {
  words = $state('');
  results = $state.raw<readonly RepoSummary[] | null>(null);
  /** What the results answer. */
  searched = $state('');
  searching = $state(false);
  problem = $state.raw<ApiError | null>(null);

  /** The repository that is open, or being opened. */
  repo = $state<string | null>(null);
  details = $state.raw<RepoView | null>(null);
  repoProblem = $state.raw<ApiError | null>(null);
  /** A header was refused because the repository is gated. */
  refused = $state(false);
  /** The context length that the plans are for. */
  nCtx = $state(0);

  #plans = new SvelteMap<string, RemotePlan>();
  #host: Host;
  #planning: PlanningStore;
  #announcer: Announcer;
  #asked = 0;
  #opened = 0;
  #waiting: string[] = [];
  #reading = 0;

  constructor(host: Host, planning: PlanningStore, announcer: Announcer) {
    this.#host = host;
    this.#planning = planning;
    this.#announcer = announcer;
  }

  /** A pasted address or `owner/name` is opened at once. */
  async search() {
    const words = this.words.trim();
    if (words === '') return;
    const repo = repositoryIn(words);
    if (repo !== null) return this.open(repo);
    this.#asked += 1;
    const asked = this.#asked;
    this.close();
    this.searching = true;
    this.problem = null;
    try {
      const results = await this.#host.searchHub(words);
      if (asked !== this.#asked) return;
      this.results = results;
      this.searched = words;
      this.#announcer.say(t('find.found', { count: results.length }));
    } catch (reason) {
      if (asked === this.#asked) this.problem = asApiError(reason);
    } finally {
      if (asked === this.#asked) this.searching = false;
    }
  }

  async open(repo: string) {
    this.#opened += 1;
    const opened = this.#opened;
    // Whatever is still being looked for is not what is wanted any more.
    this.#asked += 1;
    this.searching = false;
    this.repo = repo;
    this.details = null;
    this.repoProblem = null;
    this.refused = false;
    this.#waiting = [];
    this.#plans.clear();
    this.nCtx = this.#planning.request.nCtx;
    try {
      const details = await this.#host.repoDetails(repo);
      if (opened === this.#opened) this.details = details;
    } catch (reason) {
      if (opened === this.#opened) this.repoProblem = asApiError(reason);
    }
  }

  /** Back to what was found. */
  close() {
    this.#opened += 1;
    this.repo = null;
    this.details = null;
    this.repoProblem = null;
    this.#waiting = [];
  }

  planOf(path: string): RemotePlan | null {
    return this.#plans.get(path) ?? null;
  }

  /** A row came on screen, or somebody wants it tried again. */
  want(path: string) {
    const known = this.#plans.get(path);
    if (known && known.kind !== 'failed') return;
    this.#plans.set(path, { kind: 'reading' });
    this.#waiting.push(path);
    void this.#read();
  }

  async #read() {
    if (this.#reading >= atOnce) return;
    const path = this.#waiting.shift();
    const { repo } = this;
    if (path === undefined || repo === null) return;
    const opened = this.#opened;
    this.#reading += 1;
    let answer: RemotePlan;
    try {
      answer = { kind: 'known', plan: await this.#host.planRemote(repo, path, this.nCtx) };
    } catch (reason) {
      answer = { kind: 'failed', error: asApiError(reason) };
    }
    this.#reading -= 1;
    if (opened === this.#opened) {
      this.#plans.set(path, answer);
      if (answer.kind === 'failed' && answer.error.code === 'gated') this.refused = true;
    }
    void this.#read();
  }
}
