import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { startedApp } from '../../test/hosts';
import Provided from '../../test/Provided.svelte';
import SettingsView from './SettingsView.svelte';

const text = (testId: string) =>
  screen.getByTestId(testId).textContent?.replace(/\s+/g, ' ').trim();

describe('the settings of loads', () => {
  async function opened() {
    const user = userEvent.setup();
    const { app, host } = await startedApp();
    render(Provided, { app, part: SettingsView });
    await screen.findByTestId('guardrail');
    return { host, user };
  }

  it('are kept as soon as they are changed, each level with its sentence', async () => {
    const { host, user } = await opened();
    expect(text('guardrail-means')).toContain('read from the disk');
    await user.selectOptions(screen.getByTestId('guardrail'), 'strict');
    await waitFor(() => expect(text('guardrail-means')).toContain('a tenth'));
    await user.selectOptions(screen.getByTestId('keep'), 'never');
    await waitFor(() => expect(screen.queryByTestId('keep-minutes')).toBeNull());
    await user.type(screen.getByTestId('ram-limit'), '12{Enter}');
    await user.tab();
    await waitFor(async () =>
      expect(await host.loadingSettings()).toEqual({
        guardrail: 'strict',
        idleSeconds: null,
        ramLimitBytes: 12e9,
      }),
    );
  });

  it('say what cannot be, and keep what was', async () => {
    const { host, user } = await opened();
    const minutes = screen.getByTestId('keep-minutes');
    await user.clear(minutes);
    await user.type(minutes, '0');
    await user.tab();
    expect(text('row-keep')).toContain('10,080');
    await user.type(screen.getByTestId('ram-limit'), 'much');
    await user.tab();
    expect(text('row-ram-limit')).toContain('0.2 GB or more');
    expect(await host.loadingSettings()).toMatchObject({ idleSeconds: 300, ramLimitBytes: null });
  });
});
