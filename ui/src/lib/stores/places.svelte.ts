import {
  asApiError,
  type ApiError,
  type AppInfo,
  type Host,
  type Place,
  type PlaceKind,
} from '../host';

/** Owns what Paddock says about itself: its version and where its files lie. */
export class PlacesStore {
  info = $state.raw<AppInfo | null>(null);
  list = $state.raw<readonly Place[]>([]);
  problem = $state.raw<ApiError | null>(null);

  #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async read() {
    await this.#do(async () => {
      [this.info, this.list] = await Promise.all([this.#host.appInfo(), this.#host.places()]);
    });
  }

  /** In the system's file manager. */
  async open(kind: PlaceKind) {
    await this.#do(() => this.#host.openPlace(kind));
  }

  async #do(act: () => Promise<void>) {
    try {
      await act();
      this.problem = null;
    } catch (reason) {
      this.problem = asApiError(reason);
    }
  }
}
