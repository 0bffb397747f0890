import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { fakeError } from '../../lib/host/fake-script';
import { startedApp } from '../../test/hosts';
import Provided from '../../test/Provided.svelte';
import PresetsSettings from './PresetsSettings.svelte';
import TemplatesSettings from './TemplatesSettings.svelte';

async function opened(
  part: typeof PresetsSettings | typeof TemplatesSettings,
  change: Parameters<typeof startedApp>[1] = {},
) {
  const user = userEvent.setup();
  const { app, host } = await startedApp({}, change);
  render(Provided, { app, part });
  return { app, host, user };
}

const rows = () => screen.queryAllByTestId('named-row');
const names = () => rows().map((row) => row.querySelector('.ellipsis')?.textContent);

describe('presets in the settings', () => {
  it('are made, changed and deleted, each with one sentence asked', async () => {
    const { host, user } = await opened(PresetsSettings);
    await waitFor(() => expect(names()).toEqual(['Careful editor', 'Socratic teacher']));
    await user.click(screen.getByTestId('preset-add'));
    expect(document.activeElement).toBe(screen.getByTestId('preset-name'));
    await user.keyboard('Pirate');
    await user.type(screen.getByTestId('preset-system'), 'Arr.');
    await user.type(screen.getByTestId('sampling-temperature'), '1,2');
    await user.click(screen.getByTestId('preset-save'));
    await waitFor(() => expect(names()).toContain('Pirate'));
    const stored = (await host.presets()).find((preset) => preset.name === 'Pirate')!;
    expect(stored).toMatchObject({ system: 'Arr.', sampling: { temperature: 1.2, topK: null } });
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('preset-add')));

    await user.click(screen.getByLabelText('Edit Pirate'));
    await user.clear(screen.getByTestId('preset-name'));
    await user.type(screen.getByTestId('preset-name'), 'Captain');
    await user.click(screen.getByTestId('preset-save'));
    await waitFor(() => expect(names()).toContain('Captain'));
    expect(names()).not.toContain('Pirate');

    await user.click(screen.getByLabelText('Delete Captain'));
    const row = rows().find((r) => r.textContent?.includes('for good'))!;
    await user.click(within(row).getByTestId('named-remove-now'));
    await waitFor(() => expect(names()).toEqual(['Careful editor', 'Socratic teacher']));
  });

  it('cannot be saved with a number out of range', async () => {
    const { user } = await opened(PresetsSettings);
    await user.click(screen.getByTestId('preset-add'));
    await user.keyboard('Hot');
    const save = screen.getByTestId<HTMLButtonElement>('preset-save');
    expect(save.disabled).toBe(false);
    await user.type(screen.getByTestId('sampling-temperature'), '50');
    expect(save.disabled).toBe(true);
  });

  it('say what answers look like, and are saved only with a schema that is one', async () => {
    const { host, user } = await opened(PresetsSettings);
    await user.click(screen.getByTestId('preset-add'));
    await user.keyboard('Form');
    const save = screen.getByTestId<HTMLButtonElement>('preset-save');
    await user.selectOptions(screen.getByTestId('format-kind'), 'JSON by a schema');
    expect(save.disabled).toBe(true);
    expect(screen.queryByText('This is not JSON yet.')).toBeNull();
    await user.type(screen.getByTestId('format-text'), '[[');
    expect(screen.getByText('This is not JSON yet.')).toBeTruthy();
    await user.type(screen.getByTestId('format-text'), ']');
    expect(screen.getByText(/A schema is a JSON object/)).toBeTruthy();
    await user.clear(screen.getByTestId('format-text'));
    await user.type(screen.getByTestId('format-text'), '{{"type": "object"}');
    expect(save.disabled).toBe(false);
    await user.click(save);
    await waitFor(() => expect(names()).toContain('Form'));
    const stored = (await host.presets()).find((preset) => preset.name === 'Form')!;
    expect(stored.format).toEqual({ kind: 'jsonSchema', schema: '{"type": "object"}' });
    await user.click(screen.getByLabelText('Edit Form'));
    expect(screen.getByTestId<HTMLTextAreaElement>('format-text').value).toBe('{"type": "object"}');
  });

  it('have one for new conversations; the other settings stay as they are', async () => {
    const { host, user } = await opened(PresetsSettings);
    const choice = screen.getByTestId<HTMLSelectElement>('preset-default');
    await waitFor(() => expect(choice.disabled).toBe(false));
    await host.setChatSettings({ ...(await host.chatSettings()), replyReserve: 1024 });
    await user.selectOptions(choice, 'Socratic teacher');
    await waitFor(async () =>
      expect(await host.chatSettings()).toMatchObject({
        defaultPresetId: 'socratic',
        replyReserve: 1024,
      }),
    );
    await user.click(screen.getByLabelText('Delete Socratic teacher'));
    await user.click(screen.getByTestId('named-remove-now'));
    await waitFor(async () => expect((await host.chatSettings()).defaultPresetId).toBeNull());
  });

  it('have the same settings as the rest of the window', async () => {
    const { app } = await opened(PresetsSettings);
    const choice = screen.getByTestId<HTMLSelectElement>('preset-default');
    await waitFor(() => expect(choice.disabled).toBe(false));
    await app.chatSettings.change({ defaultPresetId: 'socratic', contextPolicy: 'rollingWindow' });
    await waitFor(() => expect(choice.value).toBe('socratic'));
    expect(app.setup.usualPolicy).toBe('rollingWindow');
    await app.setup.setDefault('careful');
    expect(app.chatSettings.settings).toMatchObject({
      defaultPresetId: 'careful',
      contextPolicy: 'rollingWindow',
    });
  });

  it('are left to the host for a new conversation that is sent before they are read', async () => {
    const { app } = await startedApp({}, { presets: () => Promise.reject(fakeError('storage')) });
    await app.setup.open();
    expect(app.setup.settings).not.toBeNull();
    expect(app.setup.forNew(app.chat.current)).toBeNull();
  });

  it('say why one was not saved, and keep what was typed', async () => {
    const { user } = await opened(PresetsSettings, {
      savePreset: () => Promise.reject(fakeError('storage')),
    });
    await user.click(screen.getByTestId('preset-add'));
    await user.keyboard('Pirate');
    await user.click(screen.getByTestId('preset-save'));
    expect((await screen.findByTestId('presets-problem')).textContent).toContain('disk is full');
    expect(screen.getByTestId<HTMLInputElement>('preset-name').value).toBe('Pirate');
  });
});

describe('templates in the settings', () => {
  it('are made, kept when asked about, and deleted', async () => {
    const { app, user } = await opened(TemplatesSettings);
    await waitFor(() => expect(rows()).toHaveLength(3));
    await user.click(screen.getByTestId('template-add'));
    await user.keyboard('Poem');
    const save = screen.getByTestId<HTMLButtonElement>('template-save');
    expect(save.disabled).toBe(true);
    await user.type(screen.getByTestId('template-text'), 'A poem about ');
    await user.click(save);
    await waitFor(() => expect(names()).toContain('Poem'));
    expect(app.templates.list.find((template) => template.name === 'Poem')?.text).toBe(
      'A poem about ',
    );
    await user.click(screen.getByLabelText('Delete Poem'));
    await user.click(screen.getByText('Keep'));
    expect(names()).toContain('Poem');
    await user.click(screen.getByLabelText('Delete Poem'));
    await user.click(screen.getByTestId('named-remove-now'));
    await waitFor(() => expect(names()).not.toContain('Poem'));
  });
});
