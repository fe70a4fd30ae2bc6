import type { Document, ShapeLayer, TextLayer } from '@/features/compositions/document';

/** Layers and documents for tests. */
export const text = (id: string, more: Partial<TextLayer> = {}): TextLayer => ({
  id,
  type: 'text',
  name: id,
  x: 100,
  y: 100,
  width: 400,
  height: 100,
  rotation: 0,
  opacity: 1,
  text: id,
  font: 'Inter',
  weight: 400,
  size: 40,
  color: '#ffffff',
  align: 'left',
  valign: 'top',
  ...more,
});

export const shape = (id: string, more: Partial<ShapeLayer> = {}): ShapeLayer => ({
  id,
  type: 'shape',
  name: id,
  x: 0,
  y: 0,
  width: 50,
  height: 50,
  rotation: 0,
  opacity: 1,
  shape: 'rectangle',
  fill: '#ff0000',
  ...more,
});

export const documentOf = (layers: Document['layers'], more: Partial<Document> = {}): Document => ({
  canvas: { width: 1920, height: 1080 },
  background: '#000000',
  formats: [
    { name: '1920x1080', width: 1920, height: 1080 },
    { name: '1080x1080', width: 1080, height: 1080 },
  ],
  layers,
  ...more,
});
