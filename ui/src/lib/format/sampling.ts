import type { Preset, SamplingChoice } from '../host/bindings';
import { t } from '../i18n';
import { isSameFormat } from './answer-format';
import { decimals, numberToType, typedNumber, whole } from './numbers';

/** How the next token is chosen, as it is typed. Everything here is pure. */

/** Every value is there; null is the usual one. */
export type Sampling = Required<SamplingChoice>;
export type SamplingField = keyof Sampling;
/** As typed; empty is the usual. */
export type TypedSampling = Record<SamplingField, string>;

const largest = 4_294_967_295;

/** The engine cannot work with a repeat penalty of 0. */
const limits: Record<SamplingField, { min: number; max: number; digits: number }> = {
  temperature: { min: 0, max: 5, digits: 2 },
  topP: { min: 0, max: 1, digits: 2 },
  topK: { min: 0, max: largest, digits: 0 },
  minP: { min: 0, max: 1, digits: 2 },
  repeatPenalty: { min: 0.01, max: 2, digits: 2 },
  seed: { min: 0, max: largest, digits: 0 },
  maxTokens: { min: 1, max: largest, digits: 0 },
};

export const samplingFields = Object.keys(limits) as SamplingField[];

export function fullSampling(choice: SamplingChoice = {}): Sampling {
  return Object.fromEntries(
    samplingFields.map((field) => [field, choice[field] ?? null]),
  ) as Sampling;
}

export function isUsual(choice: SamplingChoice): boolean {
  return samplingFields.every((field) => (choice[field] ?? null) === null);
}

/** What is in a form, whatever digits a value has gained on its way through 32 bits. */
export function typedSampling(choice: SamplingChoice = {}): TypedSampling {
  return Object.fromEntries(
    samplingFields.map((field) => {
      const value = choice[field] ?? null;
      return [field, value === null ? '' : numberToType(value)];
    }),
  ) as TypedSampling;
}

export function samplingProblem(field: SamplingField, typed: string): string | null {
  const text = typedNumber(typed);
  const { min, max, digits } = limits[field];
  if (text === '') return null;
  const value = Number(text);
  const right = digits === 0 ? /^\d+$/.test(text) : /^\d*\.?\d+$/.test(text);
  if (right && value >= min && value <= max) return null;
  const range = { min: short(min), max: short(max) };
  return digits === 0 ? t('sampling.whole', range) : t('sampling.number', range);
}

/** Empty is the usual; the text must be right. */
export function readSampling(typed: TypedSampling): Sampling {
  return Object.fromEntries(
    samplingFields.map((field) => {
      const text = typedNumber(typed[field]);
      return [field, text === '' ? null : Number(text)];
    }),
  ) as Sampling;
}

export function isRight(typed: TypedSampling): boolean {
  return samplingFields.every((field) => samplingProblem(field, typed[field]) === null);
}

/** Whether a setup is still what the preset says. */
export function isPreset(
  preset: Preset,
  { system, sampling, format }: Pick<Preset, 'system' | 'sampling' | 'format'>,
): boolean {
  const [one, other] = [typedSampling(preset.sampling), typedSampling(sampling)];
  const isSame = samplingFields.every((field) => one[field] === other[field]);
  return preset.system === system && isSame && isSameFormat(preset.format, format);
}

function short(value: number): string {
  return Number.isInteger(value) ? whole(value) : decimals(value, 2);
}
