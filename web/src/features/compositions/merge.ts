import type { Document, Format, Layer, Override, Size } from './document';
import { layerLabel } from './document';

/**
 * Three-way merge of documents: what only one of us changed since `base` is taken, what both changed alike is agreed, what
 * both changed differently is a conflict for a person to decide. Numbers that mean something only together count as one.
 */

export type Side = 'mine' | 'theirs';

export interface Conflict {
  /** Names the place; the same in every version. */
  key: string;
  /** "Title: Position". */
  label: string;
  mine: unknown;
  theirs: unknown;
}

export interface Merged {
  document: Document;
  /** Labels of what was taken over from the other side. */
  taken: string[];
  /** The document keeps mine until somebody decides. */
  conflicts: Conflict[];
}

/** Members that mean something only together. */
const groups: Record<string, readonly string[]> = {
  Position: ['x', 'y'],
  Size: ['width', 'height'],
};
const groupOf = (member: string): string | undefined =>
  Object.keys(groups).find((name) => groups[name]?.includes(member));

const memberLabels: Record<string, string> = {
  size: 'Text size',
  file_id: 'Picture',
  fit: 'Fit',
  radius: 'Corner radius',
  line_height: 'Line height',
  stroke_width: 'Stroke width',
  color: 'Colour',
  valign: 'Vertical alignment',
  align: 'Alignment',
  box: 'Box behind the text',
  bleed: 'Fills every format',
};
const memberLabel = (name: string): string =>
  memberLabels[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) =>
    equal(left[key], right[key]),
  );
}

/**
 * A document as independent values by key: `canvas`, `background`, `format/<name>`, `layer/<id>` (whether it is there),
 * `layer/<id>/<member or group>`, `override/<format>/<id>/<member or group>`.
 */
type Values = Map<string, unknown>;

function flatten(document: Document): Values {
  const values: Values = new Map<string, unknown>([
    ['canvas', document.canvas],
    ['background', document.background],
  ]);
  for (const { name, width, height } of document.formats) values.set(`format/${name}`, { width, height });
  for (const layer of document.layers) {
    values.set(`layer/${layer.id}`, layer.type);
    setMembers(values, `layer/${layer.id}`, layer);
  }
  for (const [format, layers] of Object.entries(document.overrides ?? {}))
    for (const [id, override] of Object.entries(layers))
      setMembers(values, `override/${format}/${id}`, override);
  return values;
}

function setMembers(values: Values, prefix: string, of: object): void {
  for (const [name, value] of Object.entries(of)) {
    if (name === 'id' || name === 'type' || value === undefined) continue;
    const group = groupOf(name);
    const key = `${prefix}/${group ?? name}`;
    values.set(key, group ? { ...(values.get(key) as object | undefined), [name]: value } : value);
  }
}

const isPresence = (key: string): boolean => /^layer\/[^/]+$/.test(key);
const layerOf = (key: string): string | null =>
  /^layer\/([^/]+)/.exec(key)?.[1] ?? /^override\/[^/]+\/([^/]+)/.exec(key)?.[1] ?? null;

/** The document these values make, its lists in this order. */
function assemble(values: Values, order: { layers: string[]; formats: string[] }): Document {
  const layers = new Map<string, Record<string, unknown>>();
  const overrides: Record<string, Record<string, Override>> = {};
  for (const [key, value] of values)
    if (isPresence(key))
      layers.set(key.slice('layer/'.length), { id: key.slice('layer/'.length), type: value });
  for (const [key, value] of values) {
    const [kind, first = '', second = '', third = ''] = key.split('/');
    if (kind === 'layer' && second) assign(layers.get(first), second, value);
    if (kind === 'override' && layers.has(second) && values.has(`format/${first}`))
      assign(((overrides[first] ??= {})[second] ??= {}) as Record<string, unknown>, third, value);
  }
  const formats = order.formats.flatMap((name): Format[] => {
    const size = values.get(`format/${name}`) as Size | undefined;
    return size ? [{ name, ...size }] : [];
  });
  return {
    canvas: values.get('canvas') as Size,
    background: values.get('background') as string,
    formats,
    layers: order.layers.flatMap((id) => {
      const layer = layers.get(id);
      return layer ? [layer as unknown as Layer] : [];
    }),
    ...(Object.keys(overrides).length ? { overrides } : {}),
  };
}

function assign(to: Record<string, unknown> | undefined, name: string, value: unknown): void {
  if (to) Object.assign(to, name in groups ? value : { [name]: value });
}

/** The order of the side that changed it, mine if both did; what only the other has goes above what it lies on there. */
function mergeOrder(base: string[], mine: string[], theirs: string[]): string[] {
  const common = (list: string[], ...others: string[][]) =>
    list.filter((id) => others.every((other) => other.includes(id)));
  const mineMoved = !equal(common(mine, base, theirs), common(base, mine, theirs));
  const [first, second] = mineMoved ? [mine, theirs] : [theirs, mine];
  const order = [...first];
  for (const [index, id] of second.entries()) {
    if (order.includes(id)) continue;
    const below = second.slice(0, index).findLast((each) => order.includes(each));
    order.splice(below === undefined ? 0 : order.indexOf(below) + 1, 0, id);
  }
  return order;
}

const ids = (document: Document): string[] => document.layers.map(({ id }) => id);
const names = (document: Document): string[] => document.formats.map(({ name }) => name);

function orders(base: Document, mine: Document, theirs: Document): { layers: string[]; formats: string[] } {
  return {
    layers: mergeOrder(ids(base), ids(mine), ids(theirs)),
    formats: mergeOrder(names(base), names(mine), names(theirs)),
  };
}

/** What a key is about, in words. */
export function labelOf(key: string, ...documents: Document[]): string {
  const [kind, first = '', second = '', third = ''] = key.split('/');
  if (kind === 'canvas') return 'Canvas';
  if (kind === 'background') return 'Background';
  if (kind === 'order') return 'Order of the layers';
  if (kind === 'format') return `Format ${first}`;
  const id = layerOf(key);
  const layer = documents.flatMap(({ layers }) => layers).find((each) => each.id === id);
  const name = layer ? layerLabel(layer) : 'Layer';
  if (kind === 'override') return `${name} in ${first}: ${memberLabel(third)}`;
  return second ? `${name}: ${memberLabel(second)}` : name;
}

/** Layers that one side has deleted and the other has changed. */
function contested(base: Values, mine: Values, theirs: Values): Set<string> {
  const found = new Set<string>();
  for (const key of base.keys()) {
    if (!isPresence(key) || mine.has(key) === theirs.has(key)) continue;
    const kept = mine.has(key) ? mine : theirs;
    const keys = [...new Set([...base.keys(), ...kept.keys()])].filter((each) => each.startsWith(`${key}/`));
    if (keys.some((each) => !equal(base.get(each), kept.get(each)))) found.add(key.slice('layer/'.length));
  }
  return found;
}

/** Of a layer that came or went it is enough to say so. */
function cameOrWent(key: string, before: Values, after: Values): boolean {
  const id = layerOf(key);
  if (id === null || isPresence(key)) return false;
  return before.has(`layer/${id}`) !== after.has(`layer/${id}`);
}

export function merge(base: Document, mine: Document, theirs: Document): Merged {
  const [from, own, other] = [flatten(base), flatten(mine), flatten(theirs)];
  const deletedAndChanged = contested(from, own, other);
  const values: Values = new Map(own);
  const taken = new Set<string>();
  const conflicts: Conflict[] = [];
  for (const key of new Set([...from.keys(), ...own.keys(), ...other.keys()])) {
    const id = layerOf(key);
    if (id !== null && deletedAndChanged.has(id)) continue;
    const [before, a, b] = [from.get(key), own.get(key), other.get(key)];
    if (equal(before, b) || equal(a, b)) continue;
    if (equal(before, a)) {
      if (b === undefined) values.delete(key);
      else values.set(key, b);
      if (!cameOrWent(key, from, other)) taken.add(labelOf(key, theirs, base));
    } else {
      conflicts.push({ key, label: labelOf(key, mine, theirs), mine: a, theirs: b });
    }
  }
  for (const id of deletedAndChanged) {
    const find = ({ layers }: Document) => layers.find((layer) => layer.id === id);
    conflicts.push({
      key: `layer/${id}`,
      label: labelOf(`layer/${id}`, mine, theirs),
      mine: find(mine),
      theirs: find(theirs),
    });
  }
  const order = orders(base, mine, theirs);
  if (!equal(order.layers, ids(mine)) && equal(ids(base), ids(mine)) && taken.size === 0)
    taken.add(labelOf('order'));
  return { document: assemble(values, order), taken: [...taken], conflicts };
}

/** What a document has at a key, in the form conflicts have it. */
function valueAt(document: Document, { key, mine, theirs }: Conflict): unknown {
  const whole = isPresence(key) && (typeof mine === 'object' || typeof theirs === 'object');
  if (whole) return document.layers.find(({ id }) => `layer/${id}` === key);
  return flatten(document).get(key);
}

/** Conflicts found earlier and those found now; the newest value of the other side counts, agreement ends one. */
export function combine(
  earlier: readonly Conflict[],
  found: readonly Conflict[],
  mine: Document,
  theirs: Document,
): Conflict[] {
  const all = new Map([...earlier, ...found].map((conflict) => [conflict.key, conflict]));
  return [...all.values()]
    .map((conflict) => ({
      ...conflict,
      mine: valueAt(mine, conflict),
      theirs: valueAt(theirs, conflict),
    }))
    .filter((conflict) => !equal(conflict.mine, conflict.theirs));
}

/** The document after conflicts have been decided; `theirs` is where the other side's values are taken from. */
export function resolve(
  document: Document,
  theirs: Document,
  conflicts: readonly Conflict[],
  choice: Readonly<Record<string, Side>>,
): Document {
  const values = flatten(document);
  const other = flatten(theirs);
  for (const { key } of conflicts) {
    if (choice[key] !== 'theirs') continue;
    // A layer goes or comes as a whole.
    const affected = [...values.keys(), ...other.keys()].filter(
      (each) => each === key || (isPresence(key) && each.startsWith(`${key}/`)),
    );
    for (const each of affected) {
      if (other.has(each)) values.set(each, other.get(each));
      else values.delete(each);
    }
  }
  return assemble(values, orders(document, document, theirs));
}

/** What is different from one document to another, for people: label, before, after. */
export function differences(
  before: Document,
  after: Document,
): { key: string; label: string; before: unknown; after: unknown }[] {
  const [old, now] = [flatten(before), flatten(after)];
  const found = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (cameOrWent(key, old, now) || equal(old.get(key), now.get(key))) continue;
    found.push({ key, label: labelOf(key, after, before), before: old.get(key), after: now.get(key) });
  }
  const common = (document: Document, other: Document) =>
    ids(document).filter((id) => ids(other).includes(id));
  if (!equal(common(before, after), common(after, before))) {
    const named = (document: Document) => document.layers.map(layerLabel).toReversed().join(', ');
    found.push({ key: 'order', label: labelOf('order'), before: named(before), after: named(after) });
  }
  return found;
}
