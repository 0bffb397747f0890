import { describe, expect, it } from 'vitest';
import { startedApp } from '../../test/hosts';
import type { EngineState, LoadSettings } from '../host';
import { fakeError } from '../host/fake-script';

describe('the engine store', () => {
  it('starts without a model and lists the self-test model first', async () => {
    const { app } = await startedApp({ loaded: false });
    expect(app.engine.state.status).toBe('noModel');
    expect(app.engine.model).toBeNull();
    expect(app.engine.models[0]?.selfTest).toBe(true);
  });

  it('follows a load through its phases to ready', async () => {
    const { app, host } = await startedApp({ loaded: false });
    const seen: string[] = [];
    await host.onEngineState((s: EngineState) =>
      seen.push(s.status === 'loading' ? s.phase : s.status),
    );
    await app.engine.load(app.engine.selfTest!.path);
    expect([...new Set(seen)]).toEqual(['starting', 'reading', 'warmingUp', 'ready']);
    expect(app.engine.model?.selfTest).toBe(true);
    expect(app.engine.error).toBeNull();
  });

  it('shows a failed load once, and can put it away', async () => {
    const { app } = await startedApp({ loaded: false });
    await app.engine.load('/models/broken.gguf');
    expect(app.engine.state.status).toBe('failed');
    expect(app.engine.error?.code).toBe('loadFailed');
    app.engine.dismissError();
    expect(app.engine.error).toBeNull();
  });

  it('shows a load that is refused without a change of state', async () => {
    const { app } = await startedApp(
      {},
      { loadModel: () => Promise.reject(fakeError('modelRefused')) },
    );
    await app.engine.load('/models/picture.gguf');
    expect(app.engine.state.status).toBe('ready');
    expect(app.engine.error?.code).toBe('modelRefused');
    app.engine.dismissError();
    expect(app.engine.error).toBeNull();
  });

  it('opens the file that was picked, and nothing when none was', async () => {
    const { app } = await startedApp({ pickedFile: '/models/Mistral-7B.Q4_K_M.gguf' });
    await app.engine.openFile();
    expect(app.engine.model?.name).toBe('Mistral-7B');
    expect(app.engine.model?.quant).toBe('Q4_K_M');
    const other = await startedApp({ pickedFile: null });
    const before = other.app.engine.state;
    await other.app.engine.openFile();
    expect(other.app.engine.state).toBe(before);
  });

  it('loads with the settings that were typed, and not at all while one is wrong', async () => {
    const loads: LoadSettings[] = [];
    const loadModel = (_: string, settings: LoadSettings) =>
      Promise.resolve(void loads.push(settings));
    const { app } = await startedApp({}, { loadModel });
    app.engine.settings.nCtx = '4096';
    await app.engine.load('/a.gguf');
    app.engine.settings.nThreads = 'many';
    await app.engine.load('/a.gguf');
    expect(loads).toEqual([{ nCtx: 4096, nGpuLayers: null, nThreads: null }]);
  });

  it('unloads', async () => {
    const { app } = await startedApp();
    await app.engine.unload();
    expect(app.engine.state.status).toBe('noModel');
  });
});
