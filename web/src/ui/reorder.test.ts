import { mount } from '@vue/test-utils';
import { afterEach, expect, test, vi } from 'vitest';
import { defineComponent, h, ref } from 'vue';
import { usePointerReorder } from './reorder';

const drop = vi.fn<(id: string, onto: string) => void>();
const clicked = vi.fn();

const List = defineComponent(() => {
  const list = ref<HTMLElement>();
  const { press, dragged } = usePointerReorder({ list, attribute: 'data-id', enabled: () => true, drop });
  const row = (id: string) =>
    h('li', { 'data-id': id, onPointerdown: (event: PointerEvent) => press(event, id), onClick: clicked }, [
      h('b', id),
      h('i', { 'data-grip': '' }),
    ]);
  return () => h('ul', { ref: list, 'data-dragged': dragged.value }, ['a', 'b'].map(row));
});

function setUp() {
  const wrapper = mount(List, { attachTo: document.body });
  const at = (selector: string) => wrapper.get(selector).element;
  const fire = (target: EventTarget, type: string, more: PointerEventInit = {}) =>
    target.dispatchEvent(
      new PointerEvent(type, { bubbles: true, isPrimary: true, pointerId: 1, pointerType: 'mouse', ...more }),
    );
  document.elementFromPoint = () => at('[data-id=b] b');
  return { wrapper, at, fire };
}
afterEach(() => {
  drop.mockReset();
  clicked.mockReset();
  document.body.innerHTML = '';
});

test('a mouse moves a row by any part of it, and that is no click', () => {
  const { at, fire } = setUp();
  fire(at('[data-id=a] b'), 'pointerdown');
  fire(window, 'pointermove', { clientX: 2 });
  expect(at('ul').getAttribute('data-dragged')).toBeNull();
  fire(window, 'pointermove', { clientX: 20 });
  fire(window, 'pointerup');
  at('[data-id=b]').dispatchEvent(new MouseEvent('click', { bubbles: true }));
  expect(drop.mock.calls).toEqual([['a', 'b']]);
  expect(clicked).not.toHaveBeenCalled();
});

test('a finger scrolls, but for the grip', () => {
  const { at, fire } = setUp();
  const touch = { pointerType: 'touch' };
  fire(at('[data-id=a] b'), 'pointerdown', touch);
  fire(window, 'pointermove', { clientX: 20, ...touch });
  fire(window, 'pointerup', touch);
  expect(drop).not.toHaveBeenCalled();
  fire(at('[data-id=a] i'), 'pointerdown', touch);
  fire(window, 'pointermove', { clientX: 20, ...touch });
  fire(window, 'pointerup', touch);
  expect(drop.mock.calls).toEqual([['a', 'b']]);
});

test('a drag that is broken off moves nothing', () => {
  const { at, fire } = setUp();
  fire(at('[data-id=a] b'), 'pointerdown');
  fire(window, 'pointermove', { clientX: 20 });
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  fire(window, 'pointerup');
  expect(drop).not.toHaveBeenCalled();
});
