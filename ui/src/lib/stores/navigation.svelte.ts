/** Owns which of the window's views is on screen. Does not own what is in them. */
export type View = 'chat' | 'models';

export class NavigationStore {
  view = $state<View>('chat');

  show(view: View) {
    this.view = view;
  }
}
