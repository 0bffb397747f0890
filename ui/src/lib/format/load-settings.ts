import type { LoadSettings } from '../host/bindings';
import { t } from '../i18n';
import { whole } from './numbers';

/** The three fields of the load settings as they are typed; empty means automatic. */
export type TypedSettings = Record<keyof LoadSettings, string>;

export const automatic: TypedSettings = { nCtx: '', nGpuLayers: '', nThreads: '' };

const limits: Record<keyof LoadSettings, [min: number, max: number]> = {
  nCtx: [128, 2_097_152],
  nGpuLayers: [0, 1000],
  nThreads: [1, 512],
};

export function settingsProblem(field: keyof LoadSettings, typed: string): string | null {
  const text = typed.trim();
  if (text === '') return null;
  const [min, max] = limits[field];
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return null;
  return t('settings.problem', { min: whole(min), max: whole(max) });
}

/** The settings to load with, or null when a field cannot be right. */
export function readSettings(typed: TypedSettings): LoadSettings | null {
  const fields = Object.keys(limits) as (keyof LoadSettings)[];
  if (fields.some((field) => settingsProblem(field, typed[field]) !== null)) return null;
  const read = (text: string) => (text.trim() === '' ? null : Number(text));
  return {
    nCtx: read(typed.nCtx),
    nGpuLayers: read(typed.nGpuLayers),
    nThreads: read(typed.nThreads),
  };
}
