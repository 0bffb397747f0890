import { describe, expect, it, vi } from 'vitest';
import { startedApp } from '../../test/hosts';
import type { Host, PlanView, PreflightView, RepoSummary } from '../host';
import { fakePlanning } from '../host/fake-planning';
import { fakeError } from '../host/fake-script';

/** Questions that the test answers, in the order it likes. */
class Held<Q, A> {
  asked: { question: Q; answer: (a: A) => void; fail: (reason: unknown) => void }[] = [];
  readonly ask = (question: Q) =>
    new Promise<A>((answer, fail) => this.asked.push({ question, answer, fail }));
}

const found = (repo: string): RepoSummary => ({
  repo,
  downloads: 1,
  likes: 1,
  updatedMs: null,
  gated: false,
  licence: null,
});
const settled = () => new Promise((done) => setTimeout(done));
const repo = 'bartowski/Llama-3.1-8B-Instruct-GGUF';

async function searching() {
  const held = new Held<string, RepoSummary[]>();
  const { app } = await startedApp({}, { searchHub: held.ask });
  return { held, discover: app.discover, app };
}

describe('a search', () => {
  it('drops the answer to words that have changed since', async () => {
    const { held, discover } = await searching();
    discover.words = 'old';
    void discover.search();
    discover.words = 'new';
    void discover.search();
    held.asked[1]!.answer([found('a/new')]);
    await settled();
    held.asked[0]!.answer([found('a/old'), found('b/old')]);
    await settled();
    expect(discover.results?.map((r) => r.repo)).toEqual(['a/new']);
    expect(discover.searched).toBe('new');
    expect(discover.searching).toBe(false);
  });

  it('says why it failed, and forgets that with the next one', async () => {
    const { held, discover } = await searching();
    discover.words = 'x y';
    void discover.search();
    held.asked[0]!.fail(fakeError('internal'));
    await settled();
    expect(discover.problem?.code).toBe('internal');
    void discover.search();
    expect(discover.problem).toBeNull();
  });

  it('opens a pasted address instead of looking for it', async () => {
    const { held, discover } = await searching();
    discover.words = `https://huggingface.co/${repo}/tree/main`;
    await discover.search();
    expect(held.asked).toHaveLength(0);
    expect(discover.details?.repo).toBe(repo);
  });

  it('asks nothing without words', async () => {
    const { held, discover } = await searching();
    discover.words = '  ';
    await discover.search();
    expect(held.asked).toHaveLength(0);
  });
});

describe('the plans of an opened repository', () => {
  async function planning() {
    const held = new Held<string, PlanView>();
    const planRemote: Host['planRemote'] = (_repo, model) => held.ask(model);
    const { app } = await startedApp({}, { planRemote });
    await app.discover.open(repo);
    const plan = await fakePlanning({}).planFile('', 8192);
    return { held, plan, discover: app.discover };
  }

  it('are read two at a time', async () => {
    const { held, plan, discover } = await planning();
    for (const path of ['a', 'b', 'c', 'd']) discover.want(path);
    await settled();
    expect(held.asked.map((a) => a.question)).toEqual(['a', 'b']);
    held.asked[1]!.answer(plan);
    await settled();
    expect(held.asked.map((a) => a.question)).toEqual(['a', 'b', 'c']);
    expect(discover.planOf('b')?.kind).toBe('known');
    expect(discover.planOf('d')?.kind).toBe('reading');
  });

  it('are asked for once, and again only after a failure', async () => {
    const { held, discover } = await planning();
    discover.want('a');
    discover.want('a');
    await settled();
    expect(held.asked).toHaveLength(1);
    held.asked[0]!.fail(fakeError('internal'));
    await settled();
    expect(discover.planOf('a')?.kind).toBe('failed');
    discover.want('a');
    await settled();
    expect(held.asked).toHaveLength(2);
  });

  it('of another repository do not come into the one that is open now', async () => {
    const { held, plan, discover } = await planning();
    for (const path of ['a', 'b', 'c']) discover.want(path);
    await settled();
    await discover.open('Qwen/Qwen2.5-7B-Instruct-GGUF');
    held.asked[0]!.answer(plan);
    held.asked[1]!.answer(plan);
    await settled();
    expect(discover.planOf('a')).toBeNull();
    expect(held.asked).toHaveLength(2);
    discover.want('a');
    await settled();
    expect(held.asked).toHaveLength(3);
  });
});

describe('an offer', () => {
  const request = { repo, model: 'Q4_K_M' };

  it('wants a Llama licence accepted once, before anything is started', async () => {
    const { app, host } = await startedApp();
    const start = vi.spyOn(host, 'startDownload');
    await app.offers.check(request);
    const licence = app.offers.licenceAsked(app.offers.of(request)!);
    expect(licence?.name).toBe('Llama 3.1 Community License');
    expect(start).not.toHaveBeenCalled();
    await app.offers.accept(request, licence!);
    expect(app.offers.licenceAsked(app.offers.of(request)!)).toBeNull();
    expect(await app.offers.start(request)).toBe(true);
    await vi.waitFor(() => expect(app.downloads.list[0]?.state.kind).toBe('ready'));
    await app.offers.check({ repo, model: 'Q8_0' });
    expect(app.offers.licenceAsked(app.offers.of({ repo, model: 'Q8_0' })!)).toBeNull();
  });

  it('knows a licence that was accepted beside another model', async () => {
    const { app } = await startedApp();
    const other = { repo, model: 'Q8_0' };
    await app.offers.check(request);
    await app.offers.check(other);
    await app.offers.accept(request, app.offers.licenceAsked(app.offers.of(request)!)!);
    expect(app.offers.licenceAsked(app.offers.of(other)!)).toBeNull();
  });

  it('asks for no licence that needs no accepting', async () => {
    const { app } = await startedApp();
    const qwen = { repo: 'Qwen/Qwen2.5-7B-Instruct-GGUF', model: 'Q4_K_M' };
    await app.offers.check(qwen);
    expect(app.offers.of(qwen)?.preflight?.licence?.name).toBe('Apache 2.0');
    expect(app.offers.licenceAsked(app.offers.of(qwen)!)).toBeNull();
  });

  it('is not brought back by an answer that comes after it was put away', async () => {
    const held = new Held<unknown, PreflightView>();
    const { app } = await startedApp({}, { checkDownload: held.ask });
    void app.offers.check(request);
    app.offers.forget(request);
    held.asked[0]!.fail(fakeError('internal'));
    await settled();
    expect(app.offers.of(request)).toBeNull();
  });

  it('stays, with the reason, where the download could not be started', async () => {
    const { app } = await startedApp(
      { acceptedLicences: ['llama3.1'] },
      { startDownload: () => Promise.reject(fakeError('storage')) },
    );
    await app.offers.check(request);
    expect(await app.offers.start(request)).toBe(false);
    expect(app.offers.problemOf(app.offers.of(request)!)?.code).toBe('storage');
  });
});
