/** Owns which of the window's views is on screen. Does not own what is in them. */
export type View = 'chat' | 'models';
export const modelsTabs = ['computer', 'library', 'find', 'downloads'] as const;
export type ModelsTab = (typeof modelsTabs)[number];

export class NavigationStore {
  view = $state<View>('chat');
  /** Which part of the Models view; where somebody was the last time. */
  modelsTab = $state<ModelsTab>('computer');

  show(view: View) {
    this.view = view;
  }

  showModels(tab: ModelsTab) {
    this.modelsTab = tab;
    this.view = 'models';
  }
}
