import type { LoadSettings } from '../host/bindings';
import { t } from '../i18n';
import { typedNumber, whole } from './numbers';

/** The three fields of the load settings as they are typed; empty means automatic. */
export type TypedSettings = Record<keyof LoadSettings, string>;

export const automatic: TypedSettings = { nCtx: '', nGpuLayers: '', nThreads: '' };

const limits: Record<keyof LoadSettings, [min: number, max: number]> = {
  nCtx: [128, 2_097_152],
  nGpuLayers: [0, 1000],
  nThreads: [1, 512],
};

export function settingsProblem(field: keyof LoadSettings, typed: string): string | null {
  const text = typedNumber(typed);
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
  const read = (text: string) => (text === '' ? null : Number(text));
  return {
    nCtx: read(typedNumber(typed.nCtx)),
    nGpuLayers: read(typedNumber(typed.nGpuLayers)),
    nThreads: read(typedNumber(typed.nThreads)),
  };
}
