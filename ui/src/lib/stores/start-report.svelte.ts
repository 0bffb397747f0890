import type { Host, StartReport } from '../host';

const key = 'paddock.setAside';

/** A database that was set aside: remembered over restarts until somebody has read of it. */
export type DamageTold = Pick<StartReport, 'restoredFrom'> & {
  setAside: NonNullable<StartReport['setAside']>;
};

/** Owns what happened when Paddock was started, as far as somebody should know. */
export class StartReportStore {
  recoveredAnswers = $state(0);
  damage = $state.raw<DamageTold | null>(remembered());

  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async start() {
    try {
      const { recoveredAnswers, setAside, restoredFrom } = await this.#host.startReport();
      this.recoveredAnswers = recoveredAnswers;
      if (!setAside) return;
      this.damage = { setAside, restoredFrom };
      localStorage.setItem(key, JSON.stringify(this.damage));
    } catch {
      // A start that cannot be told about is no reason to say anything; the lists say what failed.
    }
  }

  dismissRecovered() {
    this.recoveredAnswers = 0;
  }

  dismissDamage() {
    this.damage = null;
    localStorage.removeItem(key);
  }
}

function remembered(): DamageTold | null {
  try {
    const saved = JSON.parse(localStorage.getItem(key) ?? 'null') as DamageTold | null;
    return typeof saved?.setAside?.path === 'string' ? saved : null;
  } catch {
    return null;
  }
}
