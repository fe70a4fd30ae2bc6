import { layerLabel, type Layer } from './document';

/** A value of a document as people read it. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'Nothing';
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  if (typeof value !== 'object') return String(value);
  if (isLayer(value)) return `${layerLabel(value)} (${value.type})`;
  const members = Object.entries(value as Record<string, unknown>);
  const named = Object.fromEntries(members);
  if ('width' in named && 'height' in named && members.length === 2)
    return `${valueText(named.width)} × ${valueText(named.height)}`;
  return members.map(([name, each]) => `${name} ${valueText(each)}`).join(', ');
}

const isLayer = (value: object): value is Layer => 'id' in value && 'type' in value && 'x' in value;
