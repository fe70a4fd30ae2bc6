import { describe, expect, it } from 'vitest';
import { chordOf } from './shortcuts';

const press = (key: string, held: Partial<KeyboardEvent> = {}) =>
  chordOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

describe('chordOf', () => {
  it('names keys the way bindings are written', () => {
    expect(press('k', { ctrlKey: true })).toBe('mod+k');
    expect(press('K', { metaKey: true, shiftKey: true })).toBe('mod+shift+k');
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press('Enter', { ctrlKey: true })).toBe('mod+Enter');
    expect(press('J')).toBe('j');
  });
});
