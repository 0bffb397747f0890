import { SvelteMap } from 'svelte/reactivity';
import { asApiError, type ApiError, type DownloadRequest, type Host } from '../host';
import type { LicenceView, PreflightView } from '../host';

/** What is known of a model that could be downloaded. */
export interface Offer {
  request: DownloadRequest;
  /** `checking` asks the server and the disk; `starting` hands it over. */
  doing: 'checking' | 'starting' | null;
  preflight: PreflightView | null;
  /** Why it could not be found out, or not be started. */
  problem: ApiError | null;
}

/**
 * Owns what is said before the first byte of a download: its size, the room for it, its terms. Does
 * not own the download that comes of it (downloads store). Asks only when somebody clicked.
 */
export class OffersStore {
  #offers = new SvelteMap<string, Offer>();
  #licences = new SvelteMap<string, LicenceView | ApiError>();
  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  of(request: DownloadRequest): Offer | null {
    return this.#offers.get(key(request)) ?? null;
  }

  /** Terms that have to be accepted before this one can begin. */
  licenceAsked({ preflight, problem }: Offer): LicenceView | null {
    const licence = preflight?.licence ?? null;
    if (!licence || licence.accepted) return null;
    const refused = [preflight?.problem?.code, problem?.code].includes('licenceNotAccepted');
    return licence.llama || refused ? licence : null;
  }

  /** Why it cannot begin, apart from terms that are asked for on their own. */
  problemOf({ preflight, problem }: Offer): ApiError | null {
    const found = problem ?? preflight?.problem ?? null;
    return found?.code === 'licenceNotAccepted' && preflight?.licence ? null : found;
  }

  async check(request: DownloadRequest) {
    this.#set({ request, doing: 'checking', preflight: null, problem: null });
    try {
      const preflight = await this.#host.checkDownload(request);
      if (this.of(request)?.doing === 'checking')
        this.#set({ request, doing: null, preflight, problem: null });
    } catch (reason) {
      if (this.of(request)?.doing === 'checking')
        this.#set({ request, doing: null, preflight: null, problem: asApiError(reason) });
    }
  }

  /** Put away without a download. */
  forget(request: DownloadRequest) {
    this.#offers.delete(key(request));
  }

  async accept(request: DownloadRequest, licence: LicenceView) {
    const offer = this.of(request);
    if (!offer) return;
    try {
      await this.#host.acceptLicence(licence.id);
      for (const other of this.#offers.values()) this.#take(other, licence.id);
    } catch (reason) {
      this.#set({ ...offer, problem: asApiError(reason) });
    }
  }

  /** True if it is in the list of downloads now. */
  async start(request: DownloadRequest): Promise<boolean> {
    const offer = this.of(request);
    if (!offer || offer.doing !== null) return false;
    this.#set({ ...offer, doing: 'starting', problem: null });
    try {
      await this.#host.startDownload(request);
      this.forget(request);
      return true;
    } catch (reason) {
      this.#set({ ...offer, doing: null, problem: asApiError(reason) });
      return false;
    }
  }

  /** The terms of a repository whose download was refused for them. */
  termsOf(repo: string): LicenceView | ApiError | null {
    return this.#licences.get(repo) ?? null;
  }

  async readTerms(repo: string) {
    try {
      const { licence } = await this.#host.repoDetails(repo);
      if (licence) this.#licences.set(repo, licence);
    } catch (reason) {
      this.#licences.set(repo, asApiError(reason));
    }
  }

  /** True if they are accepted now. */
  async acceptTerms(repo: string, licence: LicenceView): Promise<boolean> {
    try {
      await this.#host.acceptLicence(licence.id);
      this.#licences.set(repo, { ...licence, accepted: true });
      return true;
    } catch (reason) {
      this.#licences.set(repo, asApiError(reason));
      return false;
    }
  }

  /** Accepted once, it is accepted for every model under it. */
  #take(offer: Offer, accepted: string) {
    const { preflight, problem } = offer;
    if (preflight?.licence?.id !== accepted) return;
    const left = (error: ApiError | null) => (error?.code === 'licenceNotAccepted' ? null : error);
    this.#set({
      ...offer,
      problem: left(problem),
      preflight: {
        ...preflight,
        licence: { ...preflight.licence, accepted: true },
        problem: left(preflight.problem),
      },
    });
  }

  #set(offer: Offer) {
    this.#offers.set(key(offer.request), offer);
  }
}

function key({ repo, model }: DownloadRequest): string {
  return `${repo}\n${model}`;
}
