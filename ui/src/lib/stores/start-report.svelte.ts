import type { Host, StartReport } from '../host';
import type { WindowMemory } from './memory';

/** A database that was set aside: remembered over restarts until somebody has read of it. */
export type DamageTold = Pick<StartReport, 'restoredFrom'> & {
  setAside: NonNullable<StartReport['setAside']>;
};

/** Owns what happened when Paddock was started, as far as somebody should know. */
export class StartReportStore {
  recoveredAnswers = $state(0);
  damage = $state.raw<DamageTold | null>(null);

  #host: Host;
  #memory: WindowMemory;

  constructor(host: Host, memory: WindowMemory) {
    this.#host = host;
    this.#memory = memory;
    this.damage = damageIn(memory.get('setAside'));
  }

  async start() {
    try {
      const { recoveredAnswers, setAside, restoredFrom } = await this.#host.startReport();
      this.recoveredAnswers = recoveredAnswers;
      if (!setAside) return;
      this.damage = { setAside, restoredFrom };
      await this.#memory.set('setAside', JSON.stringify(this.damage));
    } catch {
      // A start that cannot be told about is no reason to say anything; the lists say what failed.
    }
  }

  dismissRecovered() {
    this.recoveredAnswers = 0;
  }

  dismissDamage() {
    this.damage = null;
    void this.#memory.set('setAside', null);
  }
}

function damageIn(saved: string | null): DamageTold | null {
  try {
    const damage = JSON.parse(saved ?? 'null') as DamageTold | null;
    return typeof damage?.setAside?.path === 'string' ? damage : null;
  } catch {
    return null;
  }
}
