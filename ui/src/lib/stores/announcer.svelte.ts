import { untrack } from 'svelte';

/**
 * Owns the one sentence a screen reader is told next. Does not own when to speak: the other stores
 * call `say` for things that begin or end, never for each token.
 */
export class Announcer {
  text = $state('');

  say(text: string) {
    // The same sentence twice would not be read twice; an invisible space makes it new.
    // Untracked: an effect that speaks must not run again because it spoke.
    const before = untrack(() => this.text);
    this.text = text === before ? `${text}\u00a0` : text;
  }
}
