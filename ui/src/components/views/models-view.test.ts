import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import App from '../../App.svelte';
import { localModel, localModels } from '../../test/downloads';
import { startedApp } from '../../test/hosts';

/** The window with the Models view open and its plan there. */
async function opened(...args: Parameters<typeof startedApp>) {
  const user = userEvent.setup();
  const { app, host } = await startedApp(...args);
  render(App, { app });
  await user.click(screen.getByTestId('nav-models'));
  await screen.findByTestId('plan');
  return { app, host, user };
}

const rows = () => screen.getAllByTestId('quant-row');
const names = () => rows().map((row) => row.dataset['quant']);
const plan = () => screen.getByTestId('plan');

describe('the way to the Models view', () => {
  it('is by keyboard, and Esc leads back to the message that was being written', async () => {
    const user = userEvent.setup();
    const { app } = await startedApp();
    render(App, { app });
    await user.type(screen.getByTestId('composer'), 'half a thou');
    screen.getByTestId('nav-models').focus();
    await user.keyboard('{Enter}');
    expect(screen.getByTestId('models-view')).toBeTruthy();
    expect(document.activeElement?.textContent).toBe('Models');
    expect(screen.getByTestId('nav-models').getAttribute('aria-current')).toBe('page');
    await user.keyboard('{Escape}');
    expect(screen.queryByTestId('models-view')).toBeNull();
    expect(screen.getByTestId<HTMLTextAreaElement>('composer').value).toBe('half a thou');
    expect(document.activeElement).toBe(screen.getByTestId('composer'));
  });

  it('leads back by the button, and by opening a new chat', async () => {
    const { user } = await opened();
    await user.click(screen.getByTestId('models-back'));
    expect(screen.queryByTestId('models-view')).toBeNull();
    await user.click(screen.getByTestId('nav-models'));
    await user.click(screen.getByTestId('new-chat'));
    expect(screen.queryByTestId('models-view')).toBeNull();
  });
});

describe('this computer', () => {
  it('is shown with what holds its video memory', async () => {
    await opened();
    expect(screen.getByTestId('card-cpu').textContent).toContain('Ryzen 9 7950X');
    expect(screen.getByTestId('card-ram').textContent).toContain('64 GiB, 57 GiB free');
    const gpu = screen.getByTestId('card-gpu').textContent;
    expect(gpu).toContain('RTX 4090');
    expect(gpu).toContain('1,008 GB/s from the data sheet');
    expect(gpu).toContain('firefox holds 0.6 GiB');
  });

  it('says plainly what is not there and what could not be found out', async () => {
    await opened({ computer: 'noGpu' });
    expect(screen.getByTestId('card-no-gpu').textContent).toContain('The processor does the work');
    expect(screen.getByTestId('unknowns').textContent).toContain('no working NVIDIA driver');
  });

  it('is measured by a button', async () => {
    const { user } = await opened();
    expect(screen.getByTestId('card-ram').textContent).toContain('not measured yet');
    await user.click(screen.getByTestId('measure'));
    await waitFor(() =>
      expect(screen.getByTestId('card-ram').textContent).toContain('61 GB/s measured'),
    );
  });
});

describe('the memory bars', () => {
  it('name every part with its size, without a mouse and without colour', async () => {
    await opened();
    const bars = screen.getAllByTestId('memory-bar');
    expect(bars).toHaveLength(2);
    const legend = within(bars[0]!)
      .getAllByTestId('memory-legend')
      .map((li) => li.textContent.replace(/\s+/g, ' ').trim());
    expect(legend).toEqual([
      'Weights 19.4 GiB',
      'KV cache 2.5 GiB',
      'Compute 0.3 GiB',
      'Driver 0.4 GiB',
      'Free 1.4 GiB',
    ]);
    expect(bars[1]!.textContent).toContain('64 GiB of RAM');
  });

  it('are one stop for Tab; the arrow keys tell part by part', async () => {
    const { user } = await opened();
    const [bar] = screen.getAllByTestId('memory-bar');
    const parts = within(bar!).getAllByTestId('memory-part');
    expect(parts.filter((part) => part.tabIndex === 0)).toHaveLength(1);
    parts[0]!.focus();
    const line = within(bar!).getByTestId('memory-line');
    await waitFor(() => expect(line.textContent).toBe('Weights: 19.4 GiB'));
    await user.keyboard('{ArrowRight}');
    expect(document.activeElement).toBe(parts[1]);
    await waitFor(() => expect(line.textContent).toBe('KV cache: 2.5 GiB'));
    await user.keyboard('{End}{ArrowRight}');
    expect(document.activeElement).toBe(parts.at(-1));
  });

  it('show by how much the parts exceed a memory', async () => {
    const { user } = await opened({ computer: 'noGpu' });
    expect(screen.getByTestId('memory-bar').dataset['over']).toBe('false');
    await user.click(screen.getByRole('button', { name: 'Show Q5_K_M' }));
    const bar = screen.getByTestId('memory-bar');
    expect(bar.dataset['over']).toBe('true');
    expect(within(bar).getByTestId('memory-line').textContent).toMatch(
      /^\d+(\.\d)? GiB more than there is$/,
    );
  });
});

describe('the picks', () => {
  it('are chosen with the arrow keys', async () => {
    const { user } = await opened();
    expect(screen.getByTestId<HTMLInputElement>('pick-recommended').checked).toBe(true);
    screen.getByTestId('pick-recommended').focus();
    await user.keyboard('{ArrowRight}');
    expect(screen.getByTestId<HTMLInputElement>('pick-smarter').checked).toBe(true);
    await waitFor(() => expect(plan().dataset['quant']).toBe('IQ2_S'));
    expect(screen.getByTestId('layers').textContent).toContain('79 of 81 layers');
  });

  it('say what it gives: how fast, how good and why', async () => {
    await opened();
    expect(screen.getByTestId('plan-speed').textContent).toContain(
      '28–43 tokens per second (estimated)',
    );
    expect(screen.getByTestId('plan-speed').textContent).toContain('about 11 seconds');
    expect(screen.getByTestId('quality').textContent).toContain('Poor: clear mistakes');
    expect(plan().textContent).toContain('Why not more?');
    expect(screen.getByTestId('guide').textContent).toContain('Possible here.');
  });
});

describe('the table of quantizations', () => {
  it('has the name of its column with every value, for where there is no room for columns', async () => {
    await opened();
    const columns = within(screen.getByTestId('quants')).getAllByRole('columnheader');
    const values = [...rows()[0]!.querySelectorAll<HTMLElement>('[data-label]')];
    expect(values.map((value) => value.dataset['label'])).toEqual(
      columns.slice(1).map((column) => column.textContent.trim()),
    );
  });

  it('has 30 rows, of which three only say what replaces them', async () => {
    await opened();
    expect(rows()).toHaveLength(30);
    const dead = rows().filter((row) => within(row).queryByTestId('quant-choose') === null);
    expect(dead.map((row) => row.dataset['quant'])).toEqual(['Q4_0_4_4', 'Q4_0_4_8', 'Q4_0_8_8']);
    for (const row of dead) {
      expect(row.textContent).toContain('Use Q4_0 instead.');
      expect(row.textContent).toContain('llama.cpp dropped this format');
    }
  });

  it('sorts by its headings and says how', async () => {
    const { user } = await opened();
    const heading = (column: string) => screen.getByTestId(`sort-${column}`).closest('th');
    expect(heading('size')?.getAttribute('aria-sort')).toBe('ascending');
    expect(names()[0]).toBe('IQ1_M');
    await user.click(screen.getByTestId('sort-speed'));
    expect(heading('speed')?.getAttribute('aria-sort')).toBe('descending');
    expect(heading('size')?.getAttribute('aria-sort')).toBe('none');
    await user.click(screen.getByTestId('sort-quality'));
    expect(names()[0]).not.toBe('IQ1_M');
    await user.click(screen.getByTestId('sort-quality'));
    expect(heading('quality')?.getAttribute('aria-sort')).toBe('ascending');
    expect(names()[0]).toBe('IQ1_M');
  });

  it('drives the bars with the row that is chosen', async () => {
    const { user } = await opened();
    await user.click(screen.getByRole('button', { name: 'Show Q4_0' }));
    expect(plan().dataset['quant']).toBe('Q4_0');
    expect(screen.getByTestId('layers').textContent).toContain('45 of 81 layers');
    expect(screen.getByTestId<HTMLInputElement>('pick-recommended').checked).toBe(false);
    await user.click(screen.getByTestId('pick-recommended'));
    expect(plan().dataset['quant']).toBe('IQ2_XS');
  });

  it('starts from a preset of the guide', async () => {
    const { app, user } = await opened();
    await user.click(screen.getAllByTestId('preset')[0]!);
    await waitFor(() => expect(plan().dataset['quant']).toBe('Q4_K_M'));
    expect(app.planning.request.nCtx).toBe(4096);
    expect(screen.getByTestId('context-value').textContent).toBe('4k');
  });
});

describe('a plan for another computer', () => {
  it('is marked as such, and leads back', async () => {
    const { user } = await opened({ computer: 'noGpu' });
    await user.selectOptions(screen.getByTestId('other-gpu'), 'RTX 4090');
    await user.click(screen.getByTestId('plan-other'));
    const banner = await screen.findByTestId('other-banner');
    expect(banner.textContent).toContain('This is not your computer.');
    expect(banner.textContent).toContain('RTX 4090');
    expect(screen.getByTestId('layers').textContent).toContain('81 layers on the RTX 4090');
    await user.click(screen.getByTestId('back-to-this-computer'));
    await waitFor(() => expect(screen.queryByTestId('other-banner')).toBeNull());
  });

  it('says inline what cannot be', async () => {
    const { user } = await opened();
    await user.clear(screen.getByTestId('other-ram'));
    await user.type(screen.getByTestId('other-ram'), '0');
    await user.click(screen.getByTestId('plan-other'));
    expect((await screen.findByTestId('other-problem')).textContent).toContain('cannot be right');
    expect(screen.queryByTestId('other-banner')).toBeNull();
  });

  it('asks for video memory only of cards that have their own', async () => {
    const { user } = await opened();
    await user.selectOptions(screen.getByTestId('other-gpu'), 'Apple M2 Max');
    expect(screen.queryByTestId('other-vram')).toBeNull();
  });
});

describe('the download of the model that is looked at', () => {
  it('is offered for this computer only, and asks nothing before it is clicked', async () => {
    const { host, user } = await opened();
    const check = vi.spyOn(host, 'checkDownload');
    const offer = () => screen.queryByTestId('offer');
    expect(offer()?.textContent).toContain('Download 21.1 GB');
    await user.click(screen.getByRole('button', { name: 'Show Q4_K_M' }));
    expect(offer()?.dataset['model']).toBe('Q4_K_M');
    expect(offer()?.dataset['repo']).toBe('bartowski/Llama-3.3-70B-Instruct-GGUF');
    expect(check).not.toHaveBeenCalled();
    await user.click(screen.getByTestId('plan-other'));
    await screen.findByTestId('other-banner');
    expect(offer()).toBeNull();
  });

  it('says what it takes, where it goes and what is left there, before the first byte', async () => {
    const { app, user } = await opened({ acceptedLicences: ['llama3.3'] });
    await user.click(screen.getByTestId('offer-download'));
    const before = (await screen.findByTestId('preflight')).textContent;
    expect(before).toContain('21.1 GB');
    expect(before).toContain('/home/you/.local/share/paddock/models');
    expect(before).toContain('412 GB, 390.9 GB afterwards');
    expect(app.downloads.list).toHaveLength(0);
    await user.click(screen.getByTestId('offer-not-now'));
    expect(screen.getByTestId('offer-download')).toBeTruthy();
    await user.click(screen.getByTestId('offer-download'));
    await user.click(await screen.findByTestId('offer-start'));
    expect((await screen.findByTestId('offer-underway')).textContent).toContain(
      'In your downloads',
    );
    expect(document.activeElement).toBe(screen.getByTestId('offer'));
    await user.click(screen.getByTestId('offer-to-downloads'));
    expect(screen.getByTestId('downloads')).toBeTruthy();
  });

  it('says that it is here already', async () => {
    const { user } = await opened({
      library: localModels(localModel({ name: 'Llama-3.3-70B-Instruct-IQ2_XS' })),
    });
    await user.click(screen.getByTestId('offer-download'));
    expect((await screen.findByTestId('offer-here')).textContent).toContain('already');
    expect(screen.queryByTestId('offer-start')).toBeNull();
  });
});
