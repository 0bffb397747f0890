import { describe, expect, it, vi } from 'vitest';
import { startedApp } from '../../test/hosts';
import type { LoadSettings, RecommendationView, RecommendRequest } from '../host';
import { fakePlanning } from '../host/fake-planning';
import { fakeError } from '../host/fake-script';

/** A recommend whose answers the test gives, in the order it likes. */
class HeldPlans {
  asked: { request: RecommendRequest; answer: (plan: RecommendationView) => void }[] = [];
  readonly recommend = (request: RecommendRequest) =>
    new Promise<RecommendationView>((answer) => this.asked.push({ request, answer }));

  async answer(index: number) {
    const held = this.asked[index];
    if (!held) throw new Error(`question ${index} was not asked`);
    const real = await fakePlanning({}).recommend(held.request);
    held.answer({ ...real, computer: { here: true, gpus: [], ramBytes: held.request.nCtx } });
    await Promise.resolve();
  }
}

const frame = () => new Promise((done) => requestAnimationFrame(done));

describe('the planning store', () => {
  it('asks nothing before somebody looks', async () => {
    const asked: string[] = [];
    const { app } = await startedApp(
      {},
      { hardware: () => Promise.reject(asked.push('hardware')) },
    );
    expect(asked).toEqual([]);
    expect(app.planning.recommendation).toBeNull();
  });

  it('plans the first model of the list for this computer', async () => {
    const { app } = await startedApp();
    await app.planning.open();
    expect(app.planning.hardware?.cpuName).toContain('Ryzen');
    expect(app.planning.request.modelId).toBe('llama-3.3-70b');
    expect(app.planning.selected?.quant).toBe('IQ2_XS');
    expect(app.planning.rows).toHaveLength(30);
    expect(app.planning.isOther).toBe(false);
  });

  it('drops the answers to positions that the slider has left', async () => {
    const held = new HeldPlans();
    const { app } = await startedApp({}, { recommend: held.recommend });
    void app.planning.open();
    await vi.waitFor(() => expect(held.asked).toHaveLength(1));
    app.planning.change({ nCtx: 16_384 });
    await frame();
    app.planning.change({ nCtx: 32_768 });
    await frame();
    expect(held.asked.map((a) => a.request.nCtx)).toEqual([8192, 16_384, 32_768]);
    await held.answer(2);
    await vi.waitFor(() => expect(app.planning.recommendation?.computer.ramBytes).toBe(32_768));
    await held.answer(1);
    await held.answer(0);
    expect(app.planning.recommendation?.computer.ramBytes).toBe(32_768);
    expect(app.planning.waiting).toBe(false);
  });

  it('asks once per frame, however fast the slider moves', async () => {
    const held = new HeldPlans();
    const { app } = await startedApp({}, { recommend: held.recommend });
    for (const nCtx of [2048, 4096, 8192, 16_384]) app.planning.change({ nCtx });
    await frame();
    expect(held.asked.map((a) => a.request.nCtx)).toEqual([16_384]);
  });

  it('keeps the last plan when a question fails, and says why', async () => {
    let broken = false;
    const { recommend } = fakePlanning({});
    const { app } = await startedApp(
      {},
      { recommend: (r) => (broken ? Promise.reject(fakeError('storage')) : recommend(r)) },
    );
    await app.planning.open();
    const before = app.planning.recommendation;
    broken = true;
    app.planning.change({ nCtx: 4096 });
    await vi.waitFor(() => expect(app.planning.problem?.code).toBe('storage'));
    expect(app.planning.recommendation).toBe(before);
    broken = false;
    app.planning.change({ nCtx: 8192 });
    await vi.waitFor(() => expect(app.planning.problem).toBeNull());
  });

  it('stays with this computer when the other one cannot be', async () => {
    const { app } = await startedApp();
    await app.planning.open();
    await app.planning.planFor({ gpu: 'RTX 4090', ramGib: 0 });
    expect(app.planning.otherProblem?.message).toContain('0 GiB cannot be right');
    expect(app.planning.isOther).toBe(false);
    await app.planning.planFor({ gpu: 'RTX 4090', ramGib: 64 });
    expect(app.planning.otherProblem).toBeNull();
    expect(app.planning.isOther).toBe(true);
    expect(app.planning.recommendation?.computer.here).toBe(false);
    app.planning.backToThisComputer();
    await vi.waitFor(() => expect(app.planning.recommendation?.computer.here).toBe(true));
  });

  it('does not call a plan another computer’s before it is', async () => {
    const held = new HeldPlans();
    const { app } = await startedApp({}, { recommend: held.recommend });
    void app.planning.open();
    await vi.waitFor(() => expect(held.asked).toHaveLength(1));
    await held.answer(0);
    void app.planning.planFor({ gpu: 'none', ramGib: 32 });
    expect(app.planning.isOther).toBe(false);
    await held.answer(1);
    await vi.waitFor(() => expect(app.planning.isOther).toBe(true));
    app.planning.backToThisComputer();
    expect(app.planning.isOther).toBe(true);
  });

  it('shortens the context for a model that was not trained for it', async () => {
    const { planningTables } = fakePlanning({});
    const tables = await planningTables();
    const small = { ...tables.models[0]!, id: 'small', nCtxTrain: 4096 };
    const { app } = await startedApp(
      {},
      { planningTables: () => Promise.resolve({ ...tables, models: [...tables.models, small] }) },
    );
    await app.planning.open();
    app.planning.change({ modelId: 'small' });
    expect(app.planning.request.nCtx).toBe(4096);
  });

  it('turns the order round when the same column is asked for again', async () => {
    const { app } = await startedApp();
    await app.planning.open();
    app.planning.sortBy('quality');
    expect(app.planning.rows[0]?.qualityStep).toBe(6);
    app.planning.sortBy('quality');
    expect(app.planning.rows[0]?.qualityStep).toBe(0);
    app.planning.sortBy('size');
    expect(app.planning.rows[0]?.quant).toBe('IQ1_M');
  });

  it('measures, shows what was measured and plans again', async () => {
    const { app } = await startedApp();
    await app.planning.open();
    expect(app.planning.hardware?.ramSpeed).toBeNull();
    const before = app.planning.recommendation;
    await app.planning.measure();
    expect(app.planning.hardware?.ramSpeed?.measured).toBe(true);
    expect(app.planning.recommendation).not.toBe(before);
    expect(app.planning.measuring).toBe(false);
  });

  it('keeps the error of a measurement, and can measure again', async () => {
    const { app } = await startedApp(
      {},
      { measureHardware: () => Promise.reject(fakeError('busy')) },
    );
    await app.planning.open();
    await app.planning.measure();
    expect(app.planning.hardwareProblem?.code).toBe('busy');
    expect(app.planning.hardware).not.toBeNull();
    expect(app.planning.canMeasure).toBe(true);
  });

  it('does not measure while a model works', async () => {
    const { app } = await startedApp();
    app.engine.state = {
      status: 'loading',
      path: '/a',
      name: 'a',
      phase: 'reading',
      fraction: 0,
      elapsedMs: 0,
    };
    expect(app.planning.canMeasure).toBe(false);
  });

  it('opens a file with the layers its plan says', async () => {
    const loads: [string, LoadSettings][] = [];
    const { app } = await startedApp(
      { pickedFile: '/models/a.gguf' },
      { loadModel: (path, settings) => Promise.resolve(void loads.push([path, settings])) },
    );
    await app.planning.open();
    app.planning.change({ nCtx: 4096 });
    expect(await app.planning.openFile()).toBe(true);
    expect(loads).toEqual([['/models/a.gguf', { nCtx: 4096, nGpuLayers: 52, nThreads: null }]]);
  });

  it('says why a file cannot be planned, and loads nothing', async () => {
    const loadModel = vi.fn(() => Promise.resolve());
    const { app } = await startedApp(
      { pickedFile: '/models/picture.gguf' },
      { loadModel, planFile: () => Promise.reject(fakeError('modelRefused')) },
    );
    expect(await app.planning.openFile()).toBe(false);
    expect(app.planning.fileProblem?.code).toBe('modelRefused');
    expect(loadModel).not.toHaveBeenCalled();
  });
});
