import {
  limits,
  newLayerId,
  type Document,
  type Format,
  type ImageLayer,
  type Layer,
  type Override,
  type Overrides,
  type ShapeLayer,
  type TextLayer,
} from './document';

/** What can be done to a document. Everything is pure: a document goes in, another comes out, nothing is changed in place. */

type Changes<L extends Layer> = Partial<Omit<L, 'id' | 'type'>>;
/** A member that is undefined is taken away. */
export type LayerChanges = Changes<TextLayer> | Changes<ImageLayer> | Changes<ShapeLayer>;

function without<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

export const changeLayers = (document: Document, changes: ReadonlyMap<string, LayerChanges>): Document => ({
  ...document,
  layers: document.layers.map((layer) => {
    const change = changes.get(layer.id);
    return change ? without({ ...layer, ...change } as Layer) : layer;
  }),
});

export const changeLayer = (document: Document, id: string, change: LayerChanges): Document =>
  changeLayers(document, new Map([[id, change]]));

/** On top of everything; beyond the limit nothing is added. */
export const addLayers = (document: Document, layers: readonly Layer[]): Document => ({
  ...document,
  layers: [...document.layers, ...layers].slice(0, limits.layers),
});

export function removeLayers(document: Document, ids: ReadonlySet<string>): Document {
  const overrides = Object.fromEntries(
    Object.entries(document.overrides ?? {}).map(([format, changes]) => [
      format,
      Object.fromEntries(Object.entries(changes).filter(([id]) => !ids.has(id))),
    ]),
  );
  return withOverrides({ ...document, layers: document.layers.filter(({ id }) => !ids.has(id)) }, overrides);
}

const copyOffset = 24;

/** New layers like these, a little beside them, and what each format had differently for them. */
export function duplicateLayers(
  document: Document,
  ids: ReadonlySet<string>,
): { document: Document; added: string[] } {
  const added: string[] = [];
  const copies = new Map<string, string>();
  const layers = document.layers.flatMap((layer): Layer[] => {
    if (!ids.has(layer.id) || document.layers.length + added.length >= limits.layers) return [layer];
    const copy = copyOf(layer);
    added.push(copy.id);
    copies.set(layer.id, copy.id);
    return [layer, copy];
  });
  const overrides = Object.fromEntries(
    Object.entries(document.overrides ?? {}).map(([format, changes]) => {
      const entries = Object.entries(changes).flatMap(([id, change]) => {
        const copy = copies.get(id);
        return copy === undefined ? [] : [[copy, change] as const];
      });
      return [format, { ...changes, ...Object.fromEntries(entries) }];
    }),
  );
  return { document: withOverrides({ ...document, layers }, overrides), added };
}

/** The same under an id of its own, moved so that it can be told from the first. */
export const copyOf = (layer: Layer, offset = copyOffset): Layer => ({
  ...layer,
  id: newLayerId(),
  x: layer.x + offset,
  y: layer.y + offset,
});

/** To a place in the order, 0 being the bottom. */
export function moveLayer(document: Document, id: string, to: number): Document {
  const from = document.layers.findIndex((layer) => layer.id === id);
  const place = Math.min(Math.max(0, to), document.layers.length - 1);
  const layer = document.layers[from];
  if (!layer || place === from) return document;
  return { ...document, layers: document.layers.toSpliced(from, 1).toSpliced(place, 0, layer) };
}

/** One step up or down; what lies together stays together. */
export function raiseLayers(document: Document, ids: ReadonlySet<string>, step: 1 | -1): Document {
  const layers = [...document.layers];
  const order = layers.map((_, index) => index);
  if (step > 0) order.reverse();
  for (const index of order) {
    const layer = layers[index];
    const next = layers[index + step];
    if (!layer || !next || !ids.has(layer.id) || ids.has(next.id)) continue;
    layers[index] = next;
    layers[index + step] = layer;
  }
  return { ...document, layers };
}

/** Without formats or layers that have nothing of their own. */
function withOverrides(document: Document, overrides: Overrides): Document {
  const kept = Object.entries(overrides)
    .map(([format, changes]): [string, Record<string, Override>] => [
      format,
      Object.fromEntries(Object.entries(changes).filter(([, change]) => Object.keys(change).length > 0)),
    ])
    .filter(([, changes]) => Object.keys(changes).length > 0);
  return without({ ...document, overrides: kept.length ? Object.fromEntries(kept) : undefined });
}

/** What layers have differently in one format, added to what they had. */
export function override(
  document: Document,
  format: string,
  changes: ReadonlyMap<string, Override>,
): Document {
  const before = document.overrides?.[format] ?? {};
  const after = { ...before };
  for (const [id, change] of changes) after[id] = without({ ...before[id], ...change });
  return withOverrides(document, { ...document.overrides, [format]: after });
}

/** Back to what adapting gives, for one layer or for all. */
export function clearOverrides(document: Document, format: string, id?: string): Document {
  const { [format]: changes = {}, ...others } = document.overrides ?? {};
  if (id === undefined) return withOverrides(document, others);
  return withOverrides(document, { ...others, [format]: { ...changes, [id]: {} } });
}

export const addFormat = (document: Document, format: Format): Document =>
  document.formats.length >= limits.formats || document.formats.some(({ name }) => name === format.name)
    ? document
    : { ...document, formats: [...document.formats, format] };

/** The last one stays: a composition is wanted in something. */
export function removeFormat(document: Document, name: string): Document {
  const formats = document.formats.filter((format) => format.name !== name);
  return formats.length ? clearOverrides({ ...document, formats }, name) : document;
}
