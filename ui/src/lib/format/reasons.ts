import type {
  ComputerView,
  DiskKindView,
  Gone,
  Gpus,
  GuideRemark,
  Note,
  Quality,
  Reason,
  Remark,
  TokS,
  VerdictView,
} from '../host/bindings';
import { locale, t } from '../i18n';
import { decimals, whole, withoutUnit } from './numbers';
import { gibibytes, speedRange } from './planning';

/** What the planner says, in the shown language. A kind of reason without words does not compile. */

const gib = 2 ** 30;

export function verdictWord(verdict: VerdictView): string {
  return t(`verdict.${verdict}`);
}

export function qualityWord(quality: Quality): string {
  return t(`quality.${quality}`);
}

export function qualitySentence(quality: Quality): string {
  return t(`quality.sentence.${quality}`);
}

export function sayNote(note: Note): string {
  switch (note.kind) {
    case 'largeEnds':
      return t('notes.largeEnds', { of: note.of });
    case 'oldFormat':
      return t('notes.oldFormat', { shownAs: note.shownAs });
    case 'likeAnother':
      return t('notes.likeAnother', { other: note.other });
    default:
      return t(`notes.${note.kind}`);
  }
}

export function sayGone(why: Gone): string {
  return t(`notes.gone.${why}`);
}

/** Why a quantization is picked, and what is lost and gained with it. */
export function sayReason(reason: Reason): string {
  switch (reason.kind) {
    case 'nothingOnGpus':
      return reason.gpus.kind === 'one'
        ? t('reasons.nothingOnGpu', { gpu: reason.gpus.name })
        : t('reasons.nothingOnGpus', { gpus: several(reason.gpus) });
    case 'allOnGpus': {
      const { gpus, nLayers } = reason;
      return gpus.kind === 'one'
        ? t('plan.allOnGpu', { count: nLayers, gpu: gpus.name })
        : t('reasons.allOnGpus', { nLayers, gpus: several(gpus) });
    }
    case 'someOnGpus': {
      const { gpus, nLayers, nGpuLayers } = reason;
      return gpus.kind === 'one'
        ? t('plan.someOnGpu', { count: nLayers, layers: nGpuLayers, gpu: gpus.name })
        : t('reasons.someOnGpus', { nLayers, nGpuLayers, gpus: several(gpus) });
    }
    case 'quality':
      return qualitySentence(reason.quality);
    case 'wholeIsWorse': {
      const { quality } = reason;
      const loss =
        quality === 'broken' || quality === 'poor' || quality === 'weak' ? quality : 'other';
      return t(`reasons.wholeIsWorse.${loss}`, { quant: reason.quant, speed: tokS(reason.speed) });
    }
    case 'betterIsSlower':
      return t('reasons.betterIsSlower', { quant: reason.quant, speed: tokS(reason.speed) });
    case 'readsFromDisk':
      return t('reasons.readsFromDisk', {
        least: whole(reason.leastBytes / 1e9),
        most: whole(reason.mostBytes / 1e9),
        time: timeOfToken(reason.speed),
      });
    case 'otherIsFaster': {
      const { model, underTokS, instead, quant, speed } = reason;
      const values = { model, underTokS: whole(underTokS), instead, quant, speed: tokS(speed) };
      return t('reasons.otherIsFaster', values);
    }
    case 'otherIsBetter': {
      const { model, instead, quant, speed } = reason;
      return t('reasons.otherIsBetter', { model, instead, quant, speed: tokS(speed) });
    }
    case 'timesAsFast':
      return t('reasons.timesAsFast', {
        factor: reason.factor < 3 ? decimals(reason.factor, 1) : whole(reason.factor),
        quant: reason.quant,
      });
    case 'speedInstead':
      return t('reasons.speedInstead', {
        speed: speedOf(reason.speed),
        insteadOf: speedOf(reason.insteadOf),
      });
    case 'betterDoesNotFit':
    case 'betterReadsFromDisk':
    case 'betterIsSplit':
    case 'tablesOnProcessor':
    case 'tablesOnMetal':
      return t(`reasons.${reason.kind}`, { quant: reason.quant });
    case 'allAreSlow':
      return t('reasons.allAreSlow', { model: reason.model, underTokS: whole(reason.underTokS) });
    default:
      return t(`reasons.${reason.kind}`);
  }
}

/** What weakens the figures of a plan. */
export function sayRemark(remark: Remark): string {
  switch (remark.kind) {
    case 'memorySpeedAssumed':
      return t('remarks.memorySpeedAssumed', { gbS: whole(remark.gbS) });
    case 'appleShare':
      return t(`remarks.appleShare.${remark.why}`, {
        total: gibibytes(remark.totalBytes),
        gpu: gibibytes(remark.gpuBytes),
      });
    case 'appleShareCanGrow':
      return t('remarks.appleShare.canGrow', {
        total: gibibytes(remark.totalBytes),
        gpu: gibibytes(remark.gpuBytes),
        wanted: gibibytes(remark.wantedBytes),
        left: gibibytes(remark.leftBytes),
        command: remark.command,
      });
    case 'gpuShared': {
      const [held, total] = [gibibytes(remark.heldBytes), gibibytes(remark.totalBytes)];
      return t('remarks.gpuShared', { gpu: remark.gpu, held: withoutUnit(held, total), total });
    }
    case 'gpuMemoryUnknown':
    case 'gpuFull':
    case 'gpuSpeedUnknown':
      return t(`remarks.${remark.kind}`, { gpu: remark.gpu });
    default:
      return t(`remarks.${remark.kind}`);
  }
}

/** What is wrong with the guide's word, or left over. */
export function sayGuideRemark(remark: GuideRemark): string {
  switch (remark.kind) {
    case 'oneRow':
      return t('guideRemarks.oneRow', { sizes: listed(remark.sizesGb.map(whole)) });
    case 'tooMany': {
      const { quant, nLayers, most } = remark;
      return t('guideRemarks.tooMany', { quant, nLayers, most });
    }
    case 'tooFew': {
      const { quant, nLayers, fit, all } = remark;
      return all
        ? t('guideRemarks.tooFewAll', { quant, nLayers })
        : t('guideRemarks.tooFew', { quant, nLayers, fit });
    }
    case 'memoryTooSmall': {
      const { quant, ramGb, neededGib } = remark;
      return t('guideRemarks.memoryTooSmall', { quant, ramGb, needed: whole(neededGib) });
    }
  }
}

/** A computer in a few words. */
export function computerWords({ here, gpus, ramBytes }: ComputerView): string {
  const parts = gpus.map(({ name, totalBytes }) =>
    totalBytes === null ? name : t('ofComputer.gpu', { name, value: whole(totalBytes / gib) }),
  );
  if (parts.length === 0) parts.push(t('ofComputer.noGpu'));
  parts.push(
    ramBytes === null
      ? t('ofComputer.ramUnknown')
      : t('ofComputer.ram', { value: whole(ramBytes / gib) }),
  );
  return t(here ? 'ofComputer.here' : 'ofComputer.another', { parts: parts.join(' · ') });
}

export function diskKind(kind: DiskKindView): string {
  return t(`ofComputer.${kind}`);
}

function several(gpus: Extract<Gpus, { kind: 'several' }>): string {
  return t('reasons.gpus', { count: gpus.count });
}

function speedOf({ low, high, basis }: TokS): string {
  return speedRange({ low, high, measured: basis === 'measured' });
}

export function tokS(speed: TokS): string {
  return t('units.tokS', { value: speedOf(speed) });
}

/** How long a token takes. */
function timeOfToken({ low, high, basis }: TokS): string {
  if (1 / low < 1.5) return t('reasons.aboutASecond');
  const measured = basis === 'measured';
  return t('reasons.seconds', { range: speedRange({ low: 1 / high, high: 1 / low, measured }) });
}

function listed(items: string[]): string {
  return new Intl.ListFormat(locale(), { type: 'conjunction' }).format(items);
}
