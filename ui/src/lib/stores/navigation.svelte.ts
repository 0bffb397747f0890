/** Owns which of the window's views is on screen, and the dialog over it. Not what is in them. */
export type View = 'chat' | 'models' | 'bench' | 'settings';
export const modelsTabs = ['computer', 'library', 'find', 'downloads'] as const;
export type ModelsTab = (typeof modelsTabs)[number];
export type DialogName = 'search' | 'shortcuts';

export class NavigationStore {
  view = $state<View>('chat');
  /** Which part of the Models view; where somebody was the last time. */
  modelsTab = $state<ModelsTab>('computer');
  /** The part of the settings that they open at, once. */
  settingsSection: string | null = null;
  dialog = $state<DialogName | null>(null);

  show(view: View) {
    this.view = view;
  }

  showModels(tab: ModelsTab) {
    this.modelsTab = tab;
    this.view = 'models';
  }

  showSettings(section: string) {
    this.settingsSection = section;
    this.view = 'settings';
  }

  toggleDialog(name: DialogName) {
    this.dialog = this.dialog === name ? null : name;
  }

  closeDialog() {
    this.dialog = null;
  }
}
