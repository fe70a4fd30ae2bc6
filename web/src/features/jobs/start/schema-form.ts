import { fieldLabel } from '@/lib/format';

/** A form made of the JSON Schema of a type's arguments: one field for each property, as far as the page knows how. */

type Schema = Record<string, unknown>;
export type FieldKind = 'text' | 'lines' | 'integer' | 'number' | 'boolean' | 'choice' | 'json';

export interface ArgField {
  name: string;
  label: string;
  kind: FieldKind;
  required: boolean;
  /** For `choice`: as the schema has them. */
  options: readonly string[];
  hint?: string;
  min?: number;
  max?: number;
  minLength?: number;
  maxLength?: number;
}

/** What the controls hold: text, or whether a switch is on. */
export type ArgValues = Record<string, string | boolean>;

const longText = 200;

const asObject = (value: unknown): Schema | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : null;
const asNumber = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** The schema without the alternative of being null, which a form shows by staying empty. */
function bare(schema: Schema): Schema {
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options)) {
    const some = options.map(asObject).filter((each) => each !== null && each.type !== 'null');
    if (some.length === 1 && some[0])
      return { ...some[0], description: schema.description ?? some[0].description };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((each) => each !== 'null');
    if (types.length === 1) return { ...schema, type: types[0] };
  }
  return schema;
}

function kindOf(schema: Schema): FieldKind {
  if (Array.isArray(schema.enum) && schema.enum.every((each) => typeof each === 'string' || each === null))
    return 'choice';
  if (schema.type === 'boolean' || schema.type === 'integer' || schema.type === 'number') return schema.type;
  if (schema.type !== 'string') return 'json';
  return (asNumber(schema.maxLength) ?? 0) > longText ? 'lines' : 'text';
}

export function fieldsOf(schema: Schema): ArgField[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(asObject(schema.properties) ?? {}).map(([name, property]): ArgField => {
    const inner = bare(asObject(property) ?? {});
    const kind = kindOf(inner);
    const options =
      kind === 'choice' ? (inner.enum as unknown[]).filter((each) => typeof each === 'string') : [];
    return {
      name,
      label: fieldLabel(name),
      kind,
      required: required.includes(name),
      options,
      hint: typeof inner.description === 'string' ? inner.description : undefined,
      min: asNumber(inner.minimum),
      max: asNumber(inner.maximum),
      minLength: asNumber(inner.minLength),
      maxLength: asNumber(inner.maxLength),
    };
  });
}

/** Schemas that list no properties take any: those are written as JSON. */
export const takesAnything = (schema: Schema): boolean =>
  !asObject(schema.properties) && schema.additionalProperties !== false;

export function valuesOf(fields: readonly ArgField[], args: Record<string, unknown> = {}): ArgValues {
  const values: ArgValues = {};
  for (const { name, kind } of fields) {
    const value = args[name];
    if (kind === 'boolean') values[name] = value === true;
    else if (value === undefined || value === null) values[name] = '';
    else if (kind === 'json') values[name] = JSON.stringify(value, null, 2);
    else values[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return values;
}

export interface ReadArgs {
  args: Record<string, unknown>;
  errors: Record<string, string>;
}

/** The arguments as the values say them. What is left empty is left out. */
export function readArgs(fields: readonly ArgField[], values: ArgValues): ReadArgs {
  const out: ReadArgs = { args: {}, errors: {} };
  for (const field of fields) {
    const value = values[field.name] ?? '';
    if (typeof value === 'boolean') {
      if (value || field.required) out.args[field.name] = value;
      continue;
    }
    const text = field.kind === 'lines' ? value : value.trim();
    if (text === '') {
      if (field.required) out.errors[field.name] = `${field.label} is required.`;
      continue;
    }
    const read = readOne(field, text);
    if ('error' in read) out.errors[field.name] = read.error;
    else out.args[field.name] = read.value;
  }
  return out;
}

function readOne(field: ArgField, text: string): { value: unknown } | { error: string } {
  const { kind, min, max, minLength, maxLength } = field;
  if (kind === 'json') {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return { error: 'This is not valid JSON.' };
    }
  }
  if (kind === 'integer' || kind === 'number') {
    const number = Number(text);
    if (!Number.isFinite(number)) return { error: 'This is not a number.' };
    if (kind === 'integer' && !Number.isSafeInteger(number)) return { error: 'This is not a whole number.' };
    if (min !== undefined && number < min) return { error: `At least ${min}.` };
    if (max !== undefined && number > max) return { error: `At most ${max}.` };
    return { value: number };
  }
  if (minLength !== undefined && text.length < minLength)
    return { error: `At least ${minLength} characters.` };
  if (maxLength !== undefined && text.length > maxLength)
    return { error: `At most ${maxLength} characters.` };
  return { value: text };
}

/** The whole of the arguments written as JSON. */
export function readJson(text: string): { args: Record<string, unknown> } | { error: string } {
  if (!text.trim()) return { args: {} };
  try {
    const args = asObject(JSON.parse(text));
    return args ? { args } : { error: 'This must be a JSON object: { … }' };
  } catch {
    return { error: 'This is not valid JSON.' };
  }
}
