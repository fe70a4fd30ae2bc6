import type { Document, TextLayer } from '../src/features/compositions/document.ts';
import type { Composition, FullComposition } from '../src/features/compositions/server.ts';
import type { Metrics } from '../src/features/compositions/text.ts';
import { unique, type Api } from './api.ts';
import { accessible, expect, live, people, test, type Page } from './test.ts';

const text = (id: string, more: Partial<TextLayer> = {}): TextLayer => ({
  id,
  type: 'text',
  name: id,
  x: 200,
  y: 200,
  width: 600,
  height: 150,
  rotation: 0,
  opacity: 1,
  text: id,
  font: 'Inter',
  weight: 700,
  size: 80,
  color: '#ffffff',
  align: 'left',
  valign: 'middle',
  ...more,
});

const twoTexts: Document = {
  canvas: { width: 1920, height: 1080 },
  background: '#101014',
  formats: [
    { name: '1920x1080', width: 1920, height: 1080 },
    { name: '1080x1080', width: 1080, height: 1080 },
  ],
  layers: [text('title'), text('credit', { x: 300, y: 700 })],
};

async function begin(api: Api, name: string, document: Document = twoTexts): Promise<FullComposition> {
  const episode = await api.create(unique(name));
  return api.call('POST', '/compositions', { episode_id: episode.id, name, document });
}
const read = (api: Api, id: string) => api.call<FullComposition>('GET', `/compositions/${id}`);
const layerOf = async (api: Api, id: string, layer: string) =>
  (await read(api, id)).document.layers.find((each) => each.id === layer);

/** Bob's save from somewhere else. */
async function change(api: Api, id: string, layer: string, changes: Partial<TextLayer>): Promise<void> {
  const { document } = await read(api, id);
  const layers = document.layers.map((each) => (each.id === layer ? { ...each, ...changes } : each));
  await api.call('PATCH', `/compositions/${id}`, { document: { ...document, layers } });
}

/** Four pixels of red. */
const square = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGM4IScHRAwQCgAfJgQRoo8irwAAAABJRU5ErkJggg==',
  'base64',
);

const onStage = (page: Page, name: string) =>
  page.getByTestId('stage').getByRole('option', { name: new RegExp(`“${name}”`) });
const saved = (page: Page, version: number) =>
  expect(page.getByRole('link', { name: `Version ${version}` })).toBeVisible();

async function drag(page: Page, from: { x: number; y: number }, by: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + by.x / 2, from.y + by.y / 2);
  await page.mouse.move(from.x + by.x, from.y + by.y);
  await page.mouse.up();
}
async function middle(page: Page, name: string): Promise<{ x: number; y: number }> {
  const box = await onStage(page, name).boundingBox();
  if (!box) throw new Error(`${name} is not on the stage`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
const field = (page: Page, label: string) => page.getByRole('spinbutton', { name: new RegExp(`^${label}`) });

test('made from a template, then saved, with a summary', async ({ visit, admin }) => {
  const episode = await admin.create(unique('From a template'));
  const { page } = await visit(people.ada, { path: `/episodes/${episode.id}/compositions` });
  await page.getByRole('button', { name: 'Create the first composition' }).click();
  const dialog = page.getByRole('dialog', { name: 'New composition' });
  await dialog.getByRole('button', { name: 'Create composition' }).click();
  await expect(dialog.getByText('Give the composition a name.')).toBeVisible();
  await dialog.getByLabel('Name').fill('Main thumbnail');
  await dialog.getByRole('radio').nth(1).check();
  await accessible(page, 'new composition');
  await dialog.getByRole('button', { name: 'Create composition' }).click();

  await expect(page.getByRole('heading', { level: 1, name: /Main thumbnail/ })).toBeVisible();
  await saved(page, 1);
  await page.getByRole('button', { name: 'Text', exact: true }).click();
  await expect(page.getByText('Unsaved changes')).toBeVisible();
  await page.getByRole('button', { name: 'Save with a summary' }).click();
  await page.getByLabel('What is new?').fill('One more text');
  await page.getByRole('button', { name: 'Save version' }).click();
  await saved(page, 2);
  await page.getByRole('link', { name: 'Version 2' }).click();
  await expect(page.getByText('One more text')).toBeVisible();
});

test('moved, resized and turned by the mouse, each undone as one', async ({ visit, admin }) => {
  const { id } = await begin(admin, 'By mouse');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await onStage(page, 'title').click();
  await expect(field(page, 'X')).toHaveValue('200');
  await page.getByRole('button', { name: 'Snapping' }).click();
  await drag(page, await middle(page, 'title'), { x: 60, y: 40 });
  await expect(field(page, 'X')).not.toHaveValue('200');
  const moved = await field(page, 'X').inputValue();

  const corner = await page.locator('[data-handle="se"]').boundingBox();
  if (!corner) throw new Error('no handle');
  await drag(page, { x: corner.x + 9, y: corner.y + 9 }, { x: 50, y: 30 });
  await expect(field(page, 'Width')).not.toHaveValue('600');
  await expect(field(page, 'X')).toHaveValue(moved);

  const rotor = await page.locator('[data-handle="rotate"]').boundingBox();
  if (!rotor) throw new Error('no handle');
  await page.keyboard.down('Shift');
  await drag(page, { x: rotor.x + 6, y: rotor.y + 6 }, { x: 120, y: 40 });
  await page.keyboard.up('Shift');
  const angle = Number(await field(page, 'Rotation').inputValue());
  expect(angle).not.toBe(0);
  expect(angle % 15).toBe(0);

  await page.keyboard.press('Control+z');
  await expect(field(page, 'Rotation')).toHaveValue('0');
  await page.keyboard.press('Control+z');
  await expect(field(page, 'Width')).toHaveValue('600');
  await page.keyboard.press('Control+z');
  await expect(field(page, 'X')).toHaveValue('200');
  await expect(page.getByRole('button', { name: 'Undo' })).toBeDisabled();
  await page.keyboard.press('Control+Shift+z');
  await expect(field(page, 'X')).toHaveValue(moved);
  await page.keyboard.press('Control+s');
  await saved(page, 2);
  expect((await layerOf(admin, id, 'title'))?.x).toBe(Number(moved));
});

test('a layer snaps to the middle, and a marquee chooses all it touches', async ({ visit, admin }) => {
  const { id } = await begin(admin, 'Snapping');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  const stage = await page.getByTestId('stage').locator('svg').first().boundingBox();
  if (!stage) throw new Error('no stage');
  await onStage(page, 'title').click();
  const from = await middle(page, 'title');
  const to = { x: stage.x + stage.width / 2, y: stage.y + stage.height / 2 };
  await drag(page, from, { x: to.x - from.x + 3, y: to.y - from.y - 3 });
  await expect(field(page, 'X')).toHaveValue('660');
  await expect(field(page, 'Y')).toHaveValue('465');
  await drag(page, { x: stage.x + 5, y: stage.y + 5 }, { x: stage.width - 10, y: stage.height - 10 });
  await expect(page.getByRole('heading', { name: '2 layers' })).toBeVisible();
});

test('several are resized together, and layers are put in order by the pointer', async ({ visit, admin }) => {
  const { id } = await begin(admin, 'Together by mouse');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await onStage(page, 'title').click();
  await onStage(page, 'credit').click({ modifiers: ['Shift'] });
  await page.getByRole('button', { name: 'Snapping' }).click();
  await expect(page.locator('[data-handle="rotate"]')).toBeHidden();
  const frame = await page.getByTestId('common-frame').boundingBox();
  const corner = await page.locator('[data-handle="se"]').boundingBox();
  if (!frame || !corner) throw new Error('no handle');
  const half = { x: -frame.width / 2, y: -frame.height / 2 };
  await drag(page, { x: corner.x + 9, y: corner.y + 9 }, half);
  const row = (name: string) =>
    page.getByRole('list', { name: /Layers/ }).getByRole('button', { name, exact: true });
  const [from, to] = [await row('title').boundingBox(), await row('credit').boundingBox()];
  if (!from || !to) throw new Error('no rows');
  await drag(page, { x: from.x + 20, y: from.y + 9 }, { x: 0, y: to.y - from.y });
  await page.keyboard.press('Control+s');
  await saved(page, 2);
  const { layers } = (await read(admin, id)).document;
  expect(layers.map(({ name }) => name)).toEqual(['credit', 'title']);
  const [credit, title] = layers;
  for (const each of [credit, title]) expect(each?.width).toBeCloseTo(300, -1);
  expect([title?.x, title?.y]).toEqual([200, 200]);
  expect(credit?.x).toBeCloseTo(250, -1);
  expect(credit?.y).toBeCloseTo(450, -1);
});

test('text is as wide in the browser as it is measured', async ({ visit, admin }) => {
  const fonts = ['Inter', 'Oswald', 'EB Garamond', 'Roboto Slab', 'Caveat', 'JetBrains Mono'] as const;
  const line = 'HAVATo.ffi!=H';
  const { id } = await begin(admin, 'Widths', {
    ...twoTexts,
    layers: fonts.map((font, index) =>
      text(font.replace(' ', '-'), { font, text: line, y: 150 * index, width: 1800 }),
    ),
  });
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await expect(onStage(page, 'Inter')).toBeVisible();
  const widths = await page.evaluate(async () => {
    await document.fonts.ready;
    const drawn = document.querySelectorAll<SVGTextElement>('[data-testid=stage] text');
    return [...drawn].map((each) => each.getComputedTextLength());
  });
  const answer = await page.request.get('/fonts/metrics.json');
  const metrics = ((await answer.json()) as Metrics).fonts;
  for (const [index, font] of fonts.entries()) {
    const face = metrics[font]?.['700'];
    if (!face) throw new Error(`no metrics of ${font}`);
    const units = [...line].reduce((sum, letter) => sum + (face.advances[letter] ?? NaN), 0);
    expect(Math.abs((widths[index] ?? 0) - (units / face.units_per_em) * 80), font).toBeLessThan(1);
  }
});

test('a template of one’s own is deleted', async ({ visit, admin }) => {
  const { id, episode_id } = await begin(admin, 'Template to be');
  const name = unique('Ours').title;
  await admin.call('POST', '/composition-templates', { composition_id: id, name });
  const { page } = await visit(people.ada, { path: `/episodes/${episode_id}/compositions` });
  await page.getByRole('button', { name: 'New composition' }).click();
  const dialog = page.getByRole('dialog', { name: 'New composition' });
  await expect(dialog.getByRole('radio', { name })).toBeVisible();
  await accessible(page, 'templates');
  await dialog.getByRole('button', { name: `Delete the template ${name}` }).click();
  await page.getByRole('button', { name: 'Delete template' }).click();
  await expect(dialog.getByRole('radio', { name })).toBeHidden();
});

test('the keyboard alone: choose, move, order, write, copy, delete', async ({ visit, admin }) => {
  const { id } = await begin(admin, 'By keys');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await onStage(page, 'title').focus();
  await page.keyboard.press('Tab');
  await expect(onStage(page, 'credit')).toBeFocused();
  await expect(onStage(page, 'credit')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(field(page, 'X')).toHaveValue('301');
  await expect(field(page, 'Y')).toHaveValue('710');
  await page.keyboard.press('Enter');
  const writing = page.getByRole('textbox', { name: 'Text of credit' });
  await expect(writing).toBeFocused();
  await page.keyboard.type('Directed by Bob');
  await page.keyboard.press('Escape');
  await expect(onStage(page, 'credit')).toBeFocused();
  await page.keyboard.press('[');
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Control+v');
  await expect(page.getByTestId('stage').getByRole('option')).toHaveCount(3);
  await page.keyboard.press('Control+s');
  await saved(page, 2);
  const { layers } = (await read(admin, id)).document;
  expect(layers.map(({ name }) => name)).toEqual(['credit', 'title', 'credit']);
  expect(layers[0]).toMatchObject({ text: 'Directed by Bob', x: 301, y: 710 });

  const row = page.getByRole('list', { name: /Layers/ }).getByRole('button', { name: 'title', exact: true });
  await row.focus();
  await page.keyboard.press('Alt+ArrowDown');
  await expect
    .poll(() => page.getByTestId('stage').getByRole('option').first().getAttribute('aria-label'))
    .toContain('title');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expect(page.getByText('Unsaved changes')).toBeHidden();
});

test('a format is adjusted by itself', async ({ visit, admin }) => {
  const { id } = await begin(admin, 'Formats');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await page.getByRole('radio', { name: 'Formats' }).check();
  await page.getByRole('button', { name: 'Add 1080x1920' }).click();
  await page.getByRole('button', { name: 'Adjust in 1080x1920' }).click();
  await expect(page.getByText('Adjusting in 1080x1920')).toBeVisible();
  await onStage(page, 'title').click();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('button', { name: 'Hide credit' }).click();
  await accessible(page, 'formats');
  await page.getByRole('button', { name: 'Back to the composition itself' }).click();
  await expect(onStage(page, 'credit')).toBeVisible();
  await page.keyboard.press('Control+s');
  await saved(page, 2);
  const { document } = await read(admin, id);
  expect(document.layers).toMatchObject([{ x: 200 }, { x: 300 }]);
  expect(document.overrides?.['1080x1920']).toMatchObject({ credit: { hidden: true } });
  expect(Object.keys(document.overrides?.['1080x1920']?.title ?? {}).sort()).toEqual(['x', 'y']);
});

test('two people: what does not clash is merged silently, what does is asked', async ({
  visit,
  admin,
  bob,
}) => {
  const { id } = await begin(admin, 'Together');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await live(page);
  await onStage(page, 'title').click();
  await page.keyboard.press('ArrowRight');
  await change(bob, id, 'credit', { text: 'By Bob' });
  await expect(page.getByText('Bob Editor’s changes were merged')).toBeVisible();
  await saved(page, 2);
  await expect(field(page, 'X')).toHaveValue('201');
  await page.keyboard.press('Control+s');
  await saved(page, 3);
  expect(await layerOf(admin, id, 'credit')).toMatchObject({ text: 'By Bob' });
  expect(await layerOf(admin, id, 'title')).toMatchObject({ x: 201 });

  const words = page.getByRole('textbox', { name: 'Text', exact: true });
  await words.fill('As Ada sees it');
  await change(bob, id, 'title', { text: 'As Bob sees it' });
  const warning = page.getByRole('alert').filter({ hasText: 'Bob Editor also changed title: Text.' });
  await expect(warning).toBeVisible();
  await expect(words).toHaveValue('As Ada sees it');
  await page.keyboard.press('Control+s');
  const dialog = page.getByRole('dialog', { name: 'Two versions of the same things' });
  await expect(dialog).toBeVisible();
  await accessible(page, 'conflict');
  await dialog.getByRole('radio', { name: /As Ada sees it/ }).click();
  await dialog.getByRole('button', { name: 'Use these' }).click();
  await expect(warning).toBeHidden();
  await page.keyboard.press('Control+s');
  await saved(page, 5);
  expect(await layerOf(admin, id, 'title')).toMatchObject({ text: 'As Ada sees it' });
});

test('saving over what was not seen is refused and merged', async ({ visit, admin, bob, expectConsole }) => {
  expectConsole(/status of 412|WebSocket|ERR_FAILED/);
  const { id } = await begin(admin, 'Unseen');
  const { page, context } = await visit(people.ada, { path: '/settings' });
  const quiet = await context.newPage();
  await page.close();
  await quiet.routeWebSocket(/socket\.io/, () => undefined);
  await quiet.route('**/socket.io/**', (route) => route.abort());
  await quiet.goto(`/compositions/${id}`);
  await onStage(quiet, 'title').click();
  await quiet.keyboard.press('ArrowRight');
  await change(bob, id, 'credit', { color: '#ff0000' });
  await quiet.keyboard.press('Control+s');
  await saved(quiet, 3);
  expect(await layerOf(admin, id, 'credit')).toMatchObject({ color: '#ff0000' });
  expect(await layerOf(admin, id, 'title')).toMatchObject({ x: 201 });
});

test('unsaved work outlives the page, and leaving asks first', async ({ visit, admin }) => {
  const { id } = await begin(admin, 'Kept');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await onStage(page, 'title').click();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Activity' }).click();
  const asked = page.getByRole('dialog', { name: 'Leave without saving?' });
  await asked.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).join())).toContain(id);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await expect(page.getByText('Your unsaved changes are still here')).toBeVisible();
  await onStage(page, 'title').click();
  await expect(field(page, 'X')).toHaveValue('201');
  await page.keyboard.press('Control+z');
  await expect(page.getByText('Unsaved changes', { exact: true })).toBeHidden();
});

test('versions are compared and taken back', async ({ visit, admin, bob }) => {
  const { id } = await begin(admin, 'Versions');
  await change(bob, id, 'title', { text: 'Second' });
  await change(bob, id, 'title', { text: 'Third', x: 50 });
  const { page } = await visit(people.ada, { path: `/compositions/${id}/history` });
  await expect(page.getByRole('heading', { name: 'Version 2 and version 3' })).toBeVisible();
  await expect(page.getByText('2 differences')).toBeVisible();
  await expect(page.getByRole('img', { name: 'Version 3' })).toBeVisible();
  await page.getByRole('radio', { name: 'Slider' }).check();
  await accessible(page, 'compare');
  await page.getByRole('button', { name: 'To newest from version 1' }).click();
  await expect(page.getByRole('heading', { name: 'Version 1 and version 3' })).toBeVisible();
  await page.getByRole('button', { name: 'Go back to version 1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click();
  await expect(page.getByRole('heading', { name: 'Version 1 and version 4' })).toBeVisible();
  await expect(page.getByText('No differences')).toBeVisible();
  expect(await layerOf(admin, id, 'title')).toMatchObject({ text: 'title', x: 200 });
});

test('approved, then published; deleted by somebody else and restored', async ({ visit, admin, bob }) => {
  const { id } = await begin(admin, 'Workflow');
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  await live(page);
  for (const [now, move] of [
    ['Draft', 'Approve'],
    ['Approved', 'Publish'],
  ] as const) {
    await page.getByRole('button', { name: new RegExp(`${now}.*change status`) }).click();
    await page.getByRole('menuitem', { name: move }).click();
  }
  await page.getByRole('button', { name: /Published.*change status/ }).click();
  await page.getByRole('menuitem', { name: 'Back to draft' }).click();
  const why = page.getByRole('dialog', { name: 'Back to draft' });
  await why.getByLabel('Reason').fill('The guest has cancelled');
  await accessible(page, 'reason');
  await why.getByRole('button', { name: 'Back to draft' }).click();
  await expect(page.getByRole('button', { name: /Draft.*change status/ })).toBeVisible();
  await page.getByRole('link', { name: 'Version 4' }).click();
  await expect(page.getByText('The guest has cancelled')).toBeVisible();
  await page.goBack();
  await live(page);
  await bob.call('DELETE', `/compositions/${id}`);
  const alert = page.getByRole('alert').filter({ hasText: 'Deleted by Bob Editor' });
  await expect(alert).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeHidden();
  await alert.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeVisible();
});

test('cards: order by keys, primary, duplicate, delete and undo', async ({ visit, admin }) => {
  const first = await begin(admin, 'First card');
  const second = await admin.call<Composition>('POST', '/compositions', {
    episode_id: first.episode_id,
    name: 'Second card',
    document: twoTexts,
  });
  const { page } = await visit(people.ada, { path: `/episodes/${first.episode_id}/compositions` });
  const names = page.getByRole('list', { name: 'Compositions' }).getByRole('heading', { level: 3 });
  await expect(names).toHaveText(['First card', 'Second card']);
  await page.getByRole('link', { name: 'Open Second card' }).focus();
  await page.keyboard.press('Alt+ArrowUp');
  await expect(names).toHaveText(['Second card', 'First card']);
  await expect(page.getByRole('link', { name: 'Open Second card' })).toBeFocused();
  await names.last().scrollIntoViewIfNeeded();
  const [card, place] = [await names.first().boundingBox(), await names.last().boundingBox()];
  if (!card || !place) throw new Error('no cards');
  await drag(page, { x: card.x + 9, y: card.y + 9 }, { x: place.x - card.x, y: place.y - card.y });
  await expect(names).toHaveText(['First card', 'Second card']);
  await page.getByRole('button', { name: 'Actions for Second card' }).click();
  await page.getByRole('menuitem', { name: 'Make it the primary one' }).click();
  await expect(page.getByRole('img', { name: 'Primary' })).toBeVisible();
  expect((await read(admin, second.id)).primary).toBe(true);
  await page.getByRole('button', { name: 'Actions for First card' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await expect(names).toHaveCount(3);
  await accessible(page, 'cards');
  await page.getByRole('button', { name: 'Actions for First card', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(names).toHaveCount(2);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(names).toHaveCount(3);
});

test('who may only look, looks', async ({ visit, admin, expectConsole }) => {
  expectConsole(/status of 404/);
  const { id, episode_id } = await begin(admin, 'Only looking');
  const { page } = await visit(people.vera, { path: `/compositions/${id}` });
  await expect(page.getByText('Read only')).toBeVisible();
  await onStage(page, 'title').click();
  await expect(field(page, 'X')).toBeDisabled();
  await drag(page, await middle(page, 'title'), { x: 40, y: 40 });
  await page.keyboard.press('Delete');
  await expect(field(page, 'X')).toHaveValue('200');
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeHidden();
  await page.goto(`/episodes/${episode_id}/compositions`);
  await expect(page.getByRole('link', { name: 'Open Only looking' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'New composition' })).toBeHidden();
  await page.goto('/compositions/01890000-0000-7000-8000-000000000000');
  await expect(page.getByText('This composition doesn’t exist')).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`the editor is accessible, ${colorScheme}, wide and on a phone`, async ({ visit, admin }) => {
    const { id } = await begin(admin, 'Accessible');
    for (const viewport of [
      { width: 1440, height: 900 },
      { width: 390, height: 844 },
    ]) {
      const { page } = await visit(people.ada, { path: `/compositions/${id}`, colorScheme, viewport });
      await expect(onStage(page, 'title')).toBeVisible();
      await accessible(page, 'the editor');
      await onStage(page, 'title').click();
      await page.getByRole('button', { name: 'Safe area' }).click();
      await accessible(page, 'a text');
      await page.getByRole('button', { name: 'Shape', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Rectangle' }).click();
      await accessible(page, 'a shape');
      await page.getByRole('radio', { name: 'Formats' }).check();
      await accessible(page, 'formats');
    }
  });

test('a picture of the episode is placed, and all formats are rendered to files', async ({
  visit,
  admin,
  expectConsole,
}) => {
  expectConsole(/status of 404/); // the preview is still being made
  test.setTimeout(90_000);
  const { id, episode_id } = await begin(admin, 'Rendered');
  await admin.upload(episode_id, 'square.png', square);
  const { page } = await visit(people.ada, { path: `/compositions/${id}` });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.getByRole('button', { name: 'Picture' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /square.png/ })
    .click();
  await expect(onStage(page, 'square.png')).toBeVisible();
  await expect(page.getByTestId('stage').locator('image')).toBeVisible();
  expect(asked.some((path) => path.endsWith('/preview'))).toBe(true);
  expect(asked.filter((path) => path.endsWith('/content'))).toEqual([]);
  await page.keyboard.press('Control+s');
  await saved(page, 2);
  await page.getByRole('button', { name: 'Render…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Render to files' });
  await accessible(page, 'render');
  await dialog.getByRole('button', { name: 'Render', exact: true }).click();
  await expect(dialog.getByText('Done')).toBeVisible({ timeout: 60_000 });
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download 1080x1080 as PNG' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('Rendered 1080x1080.png');
});
