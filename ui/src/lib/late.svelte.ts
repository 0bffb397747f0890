/**
 * A large part of the program that the first picture of the window does without. It is fetched when
 * somebody reads `value`; an effect or a template that did so runs again when it is there.
 */
export class Late<T> {
  #value = $state.raw<T | null>(null);
  #coming: Promise<T> | null = null;
  readonly #fetch: () => Promise<T>;

  constructor(fetch: () => Promise<T>) {
    this.#fetch = fetch;
  }

  /** null: on its way. */
  get value(): T | null {
    if (this.#value === null) this.load().catch(() => undefined);
    return this.#value;
  }

  load(): Promise<T> {
    return (this.#coming ??= this.#fetch().then(
      (value) => (this.#value = value),
      (reason: unknown) => {
        // Asked again, it may come.
        this.#coming = null;
        throw reason;
      },
    ));
  }
}
