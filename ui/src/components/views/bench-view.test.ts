import axe from 'axe-core';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { benchRecord } from '../../lib/host/fake-bench';
import { fakeError } from '../../lib/host/fake-script';
import type { BenchEvent, BenchRecord } from '../../lib/host';
import { startedApp } from '../../test/hosts';

const bare = (text: string | null) => (text ?? '').replace(/[\u2066-\u2069]/g, '');

async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await user.click(screen.getByTestId('nav-bench'));
  await waitFor(() => expect(app.benchmarks.models.length).toBeGreaterThan(0));
  return { app, host, user };
}

const start = () => screen.getByTestId<HTMLButtonElement>('bench-start');

/** A measurement whose events and end the test decides. */
function held() {
  let emit: (event: BenchEvent) => void = () => undefined;
  let end: (record: BenchRecord) => void = () => undefined;
  const bench = vi.fn((_path: string, _request: unknown, onEvent: typeof emit) => {
    emit = onEvent;
    return new Promise<BenchRecord>((resolve) => (end = resolve));
  });
  return { bench, emit: (event: BenchEvent) => emit(event), end: (r: BenchRecord) => end(r) };
}

describe('the benchmark view', () => {
  it('says that nothing was measured yet, and what would be', async () => {
    await opened();
    const view = screen.getByTestId('bench-view');
    expect(view.textContent).toContain('Nothing was measured yet.');
    expect(view.textContent).toContain('Understanding 512 tokens and writing 128');
    expect(document.activeElement?.textContent).toBe('Benchmark');
    expect(screen.queryByTestId('bench-over-size')).toBeNull();
  });

  it('measures the quick one and shows speed, plan and truth', async () => {
    const { app, user } = await opened();
    await user.click(start());
    await waitFor(() => expect(app.benchmarks.running).toBe(false));
    const rows = screen.getAllByTestId('bench-row').map((row) => bare(row.textContent));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toContain('pp512');
    expect(rows[1]).toContain('tg128');
    expect(rows[1]).toContain('±');
    expect(rows[1]).toContain('5 GiB');
    expect(screen.getByTestId('bench-answer').textContent).toContain('Two particles');
    expect(screen.getAllByTestId('bench-record')).toHaveLength(1);
    expect(app.announcer.text).toContain('is measured');
  });

  it('says how far it is, and stops when it is told to', async () => {
    const { bench, emit, end } = held();
    const stopBench = vi.fn(() => Promise.resolve());
    const { user } = await opened({}, { bench, stopBench });
    await user.click(start());
    emit({
      type: 'measuring',
      loadsDone: 0,
      loads: 1,
      testsDone: 1,
      tests: 2,
      repetitionsDone: 0,
      repetitions: 3,
    });
    await waitFor(() =>
      expect(screen.getByTestId('bench-progress').textContent).toContain('Test 2 of 2'),
    );
    expect(screen.getByTestId('bench-track').getAttribute('aria-valuenow')).toBe('55');
    await user.click(screen.getByTestId('bench-stop'));
    expect(stopBench).toHaveBeenCalledOnce();
    expect(screen.getByTestId<HTMLButtonElement>('bench-stop').disabled).toBe(true);
    end(benchRecord({ complete: false }));
    await waitFor(() => expect(screen.getByTestId('bench-incomplete')).toBeTruthy());
    expect(screen.queryByTestId('bench-progress')).toBeNull();
  });

  it('sweeps over the layers, and draws and tells what came of it', async () => {
    const { app, user } = await opened();
    await user.selectOptions(screen.getByTestId('bench-sweep'), 'layers');
    await user.click(start());
    await waitFor(() => expect(app.benchmarks.running).toBe(false));
    const chart = screen.getByTestId('bench-over-layers');
    expect(chart.querySelector('svg')?.getAttribute('aria-hidden')).toBe('true');
    const points = chart.querySelectorAll('circle').length;
    expect(points).toBeGreaterThan(2);
    // Whoever cannot see the picture has the same figures.
    expect(within(chart).getAllByRole('row')).toHaveLength(points + 1);
  });

  it('offers no sweep over layers where there is no graphics card', async () => {
    await opened({ computer: 'noGpu' });
    const options = within(screen.getByTestId('bench-sweep')).getAllByRole<HTMLOptionElement>(
      'option',
    );
    const off = options.filter((option) => option.disabled).map((option) => option.value);
    expect(off).toEqual(['layers', 'devices']);
    expect(screen.getByTestId('bench-form').textContent).toContain('There is no graphics card');
  });

  it('compares all models by their size, and shows an earlier measurement again', async () => {
    const other = { ...benchRecord().model, path: '/b.gguf', name: 'Small', sizeBytes: 1e9 };
    const benches = [benchRecord(), benchRecord({ id: 1, model: other })];
    const { user } = await opened({ benches });
    const chart = await screen.findByTestId('bench-over-size');
    expect(
      within(chart)
        .getAllByRole('rowheader')
        .map((cell) => bare(cell.textContent)),
    ).toEqual(['Small Q4_K_M', 'Llama 3.1 8B Q4_K_M']);
    const records = screen.getAllByTestId('bench-record');
    expect(records[0]!.getAttribute('aria-current')).toBe('true');
    await user.click(records[1]!);
    expect(screen.getByRole('heading', { level: 2, name: /Small/ })).toBeTruthy();
  });

  it('writes all of them to a file and says where', async () => {
    const { user } = await opened({ benches: [benchRecord()] });
    await user.click(await screen.findByTestId('bench-export-markdown'));
    expect(screen.getByTestId('bench-exported').textContent).toContain('Paddock benchmarks.md');
  });

  it('says why nothing could be measured', async () => {
    const bench = () => Promise.reject(fakeError('busy'));
    const { user } = await opened({}, { bench });
    await user.click(start());
    expect(screen.getByTestId('error-card').dataset.code).toBe('busy');
    expect(start().disabled).toBe(false);
  });

  it('has nothing that axe finds wrong', async () => {
    await opened({ benches: [benchRecord()] });
    await screen.findByTestId('bench-over-size');
    const rules = { 'color-contrast': { enabled: false } };
    const { violations } = await axe.run(document.body, { rules });
    expect(violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html}`))).toEqual([]);
  });
});
