import { tick } from 'svelte';
import type { GlobalShortcut } from '../../lib/format/shortcuts';
import type { App } from '../../lib/stores/app';

/** What the window does for each of its shortcuts, and for the commands of the search. */
export function windowActions(app: App, narrow: () => boolean): Record<GlobalShortcut, () => void> {
  const { appearance, chat, conversations, engine, navigation, sidebar } = app;
  const showSidebar = () => {
    if (narrow()) sidebar.drawerOpen = true;
    else sidebar.setHidden(false);
  };
  return {
    newChat: () => {
      chat.newChat();
      navigation.show('chat');
      sidebar.drawerOpen = false;
      void focusComposer();
    },
    search: () => navigation.toggleDialog('search'),
    settings: () => navigation.show(navigation.view === 'settings' ? 'chat' : 'settings'),
    modelPicker: () => {
      navigation.show('chat');
      engine.pickerOpen = !engine.pickerOpen;
      if (engine.pickerOpen) void engine.refreshModels();
    },
    findModels: () => navigation.showModels('find'),
    library: () => navigation.showModels('library'),
    shortcuts: () => navigation.toggleDialog('shortcuts'),
    help: () => navigation.toggleDialog('shortcuts'),
    newFolder: () => {
      showSidebar();
      sidebar.renaming = 'new-folder';
    },
    rename: () => {
      const { id } = chat.current;
      const conversation = id === null ? null : conversations.find(id);
      if (!conversation) return;
      showSidebar();
      const { folderId, archived, pinned } = conversation;
      if (archived) sidebar.fold('archived', true);
      else if (folderId !== null && !pinned) sidebar.fold(`folder-${folderId}`, true);
      sidebar.renaming = conversation.id;
    },
    delete: () => {
      const { id } = chat.current;
      if (id !== null) void chat.remove(id);
    },
    sidebar: () => {
      if (narrow()) sidebar.drawerOpen = !sidebar.drawerOpen;
      else sidebar.setHidden(!sidebar.hidden);
    },
    zoomIn: () => appearance.zoomBy(1),
    zoomOut: () => appearance.zoomBy(-1),
    zoomReset: () => appearance.setZoom(100),
  };
}

/** Into the message field, once it is there and nothing is in front of it. */
export async function focusComposer() {
  await tick();
  document.getElementById('composer')?.focus();
}
