import { describe, expect, it } from 'vitest';
import { t } from '../i18n';
import { ariaKeys, globalShortcut, keysText, shortcutIds } from './shortcuts';

function pressed(key: string, init: KeyboardEventInit = {}): KeyboardEvent {
  return new KeyboardEvent('keydown', { key, ...init });
}

describe('a shortcut', () => {
  it('is Ctrl here and Command on a Mac, and never both', () => {
    const ctrl = pressed('k', { ctrlKey: true });
    const command = pressed('k', { metaKey: true });
    expect(globalShortcut(ctrl, false)).toBe('search');
    expect(globalShortcut(command, false)).toBeNull();
    expect(globalShortcut(command, true)).toBe('search');
    expect(globalShortcut(ctrl, true)).toBeNull();
  });

  it('with Shift is another one than without', () => {
    expect(globalShortcut(pressed('n', { ctrlKey: true }), false)).toBe('newChat');
    expect(globalShortcut(pressed('N', { ctrlKey: true, shiftKey: true }), false)).toBe(
      'newFolder',
    );
  });

  it('that is a sign does not ask how the keyboard makes it', () => {
    const german = pressed('/', { ctrlKey: true, shiftKey: true });
    expect(globalShortcut(german, false)).toBe('shortcuts');
    expect(globalShortcut(pressed('=', { ctrlKey: true }), false)).toBe('zoomIn');
    expect(globalShortcut(pressed('+', { ctrlKey: true, shiftKey: true }), false)).toBe('zoomIn');
  });

  it('is found on a keyboard without Latin letters, and on one with digits under Shift', () => {
    const arabic = pressed('ن', { ctrlKey: true, code: 'KeyK' });
    expect(globalShortcut(arabic, false)).toBe('search');
    const french = pressed('é', { ctrlKey: true, code: 'Digit2' });
    expect(globalShortcut(french, false)).toBe('findModels');
  });

  it('goes by the letter, not by the place, where the layout has Latin letters', () => {
    const dvorak = pressed('t', { ctrlKey: true, code: 'KeyK' });
    expect(globalShortcut(dvorak, false)).toBeNull();
  });

  it('without Ctrl is typed in a field', () => {
    const field = document.createElement('textarea');
    document.body.append(field);
    const event = pressed('?', { bubbles: true, shiftKey: true });
    field.dispatchEvent(event);
    expect(globalShortcut(event, false)).toBeNull();
    document.body.dispatchEvent(event);
    expect(globalShortcut(pressed('?', { shiftKey: true }), false)).toBe('help');
    field.remove();
  });

  it('is not what ends a composition', () => {
    expect(globalShortcut(pressed('k', { ctrlKey: true, isComposing: true }), false)).toBeNull();
  });

  it('is written as on the keys of the system', () => {
    expect(keysText('newFolder', true)).toBe('⇧⌘N');
    expect(keysText('newFolder', false)).toBe('Ctrl Shift N');
    expect(ariaKeys('zoomIn', false)).toBe('Control+Plus');
    expect(ariaKeys('rename', true)).toBe('Meta+Shift+E');
  });

  it('has words for the sheet', () => {
    for (const id of shortcutIds) expect(t(`shortcuts.${id}`)).not.toContain('shortcuts.');
  });
});
