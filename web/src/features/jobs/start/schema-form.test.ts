import { describe, expect, it } from 'vitest';
import { fieldsOf, readArgs, readJson, takesAnything, valuesOf } from './schema-form';

const nullable = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['title', 'format'],
  properties: {
    title: { type: 'string', minLength: 2, maxLength: 10 },
    text: nullable({ type: 'string', maxLength: 5_000, description: 'As long as you like.' }),
    duration_ms: nullable({ type: 'integer', minimum: 0, maximum: 100 }),
    scale: { type: 'number' },
    loud: nullable({ type: 'boolean' }),
    format: { type: 'string', enum: ['csv', 'ndjson'] },
    tags: { type: 'array', items: { type: 'string' } },
  },
};
const fields = fieldsOf(schema);
const read = (values: Record<string, string | boolean>) =>
  readArgs(fields, { ...valuesOf(fields), title: 'Fine', format: 'csv', ...values });

describe('fieldsOf', () => {
  it('makes a control for each property', () => {
    expect(fields.map(({ name, kind, required }) => [name, kind, required])).toEqual([
      ['title', 'text', true],
      ['text', 'lines', false],
      ['duration_ms', 'integer', false],
      ['scale', 'number', false],
      ['loud', 'boolean', false],
      ['format', 'choice', true],
      ['tags', 'json', false],
    ]);
    expect(fields[1]?.hint).toBe('As long as you like.');
    expect(fields[2]).toMatchObject({ label: 'Duration ms', min: 0, max: 100 });
    expect(fields[5]?.options).toEqual(['csv', 'ndjson']);
  });
  it('knows arguments that are not described', () => {
    expect(fieldsOf({})).toEqual([]);
    expect(takesAnything({})).toBe(true);
    expect(takesAnything({ type: 'object', properties: {} })).toBe(false);
    expect(takesAnything({ type: 'object', additionalProperties: false })).toBe(false);
  });
});

describe('readArgs', () => {
  it('leaves out what was left empty', () => {
    expect(read({})).toEqual({ args: { title: 'Fine', format: 'csv' }, errors: {} });
  });
  it('reads each kind', () => {
    expect(
      read({ duration_ms: ' 50 ', scale: '0.5', loud: true, tags: '["a"]', text: 'two\nlines' }).args,
    ).toEqual({
      title: 'Fine',
      format: 'csv',
      duration_ms: 50,
      scale: 0.5,
      loud: true,
      tags: ['a'],
      text: 'two\nlines',
    });
  });
  it.each([
    ['title', '', 'Title is required.'],
    ['title', 'x', 'At least 2 characters.'],
    ['format', '', 'Format is required.'],
    ['duration_ms', 'soon', 'This is not a number.'],
    ['duration_ms', '1.5', 'This is not a whole number.'],
    ['duration_ms', '-1', 'At least 0.'],
    ['duration_ms', '101', 'At most 100.'],
    ['tags', '[', 'This is not valid JSON.'],
  ])('%s: %s', (name, value, message) => {
    expect(read({ [name]: value }).errors).toEqual({ [name]: message });
  });
  it('shows again what it has read', () => {
    const args = { title: 'Fine', duration_ms: 5, loud: true, format: 'csv', tags: ['a'] };
    expect(readArgs(fields, valuesOf(fields, args)).args).toEqual(args);
  });
});

it('reads arguments written as JSON', () => {
  expect(readJson('')).toEqual({ args: {} });
  expect(readJson('{"a":1}')).toEqual({ args: { a: 1 } });
  expect(readJson('[1]')).toHaveProperty('error');
  expect(readJson('{')).toHaveProperty('error');
});
