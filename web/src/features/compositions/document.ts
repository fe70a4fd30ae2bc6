/** A composition's document, as it is stored: layers on a canvas, and the formats it is wanted in. */

export const fonts = ['Inter', 'Oswald', 'EB Garamond', 'Roboto Slab', 'Caveat', 'JetBrains Mono'] as const;
export type Font = (typeof fonts)[number];
export type Weight = 400 | 700;

export const anchors = [
  'top-left',
  'top',
  'top-right',
  'left',
  'center',
  'right',
  'bottom-left',
  'bottom',
  'bottom-right',
] as const;
export type Anchor = (typeof anchors)[number];

export interface Size {
  width: number;
  height: number;
}
export interface Box extends Size {
  x: number;
  y: number;
  rotation: number;
}
export interface Format extends Size {
  name: string;
}

interface LayerBase extends Box {
  id: string;
  name: string;
  opacity: number;
  hidden?: boolean;
  locked?: boolean;
  anchor?: Anchor;
  bleed?: boolean;
}
export interface ImageLayer extends LayerBase {
  type: 'image';
  file_id: string;
  fit?: 'cover' | 'contain' | 'fill';
  radius?: number;
}
export interface TextBox {
  color: string;
  padding: number;
  radius: number;
  shape: 'rectangle' | 'pill';
}
export interface TextLayer extends LayerBase {
  type: 'text';
  text: string;
  font: Font;
  weight: Weight;
  size: number;
  color: string;
  align: 'left' | 'center' | 'right';
  valign: 'top' | 'middle' | 'bottom';
  line_height?: number;
  box?: TextBox;
}
export interface ShapeLayer extends LayerBase {
  type: 'shape';
  shape: 'rectangle' | 'ellipse' | 'line';
  fill?: string;
  stroke?: string;
  stroke_width?: number;
  radius?: number;
}
export type Layer = ImageLayer | TextLayer | ShapeLayer;

/** What differs in one format, in that format's own pixels. */
export interface Override {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  rotation?: number;
  size?: number;
  hidden?: boolean;
}
export type Overrides = Record<string, Record<string, Override>>;

export interface Document {
  canvas: Size;
  background: string;
  formats: Format[];
  layers: Layer[];
  overrides?: Overrides;
}

export const standardFormats: readonly Format[] = [
  { name: '1920x1080', width: 1920, height: 1080 },
  { name: '1280x720', width: 1280, height: 720 },
  { name: '1080x1080', width: 1080, height: 1080 },
  { name: '1080x1920', width: 1080, height: 1920 },
  { name: '1200x630', width: 1200, height: 630 },
  { name: '1000x1500', width: 1000, height: 1500 },
];

export const limits = {
  layers: 100,
  formats: 12,
  side: { least: 16, most: 8192 },
  text: 2000,
  size: { least: 4, most: 1000 },
  lineHeight: { least: 0.5, most: 3 },
  formatName: /^[A-Za-z0-9._ -]{1,40}$/,
  colour: /^#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?$/,
};

export const defaultLineHeight = 1.2;

export const emptyDocument = (): Document => ({
  canvas: { width: 1920, height: 1080 },
  background: '#101014',
  formats: standardFormats.filter(({ name }) => name === '1920x1080' || name === '1080x1080'),
  layers: [],
});

/** An id no layer of any copy of this document has. */
export function newLayerId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, '0')).join('');
}

/** A box of a share of the canvas, in its middle. */
function centred({ width, height }: Size, shareOfWidth: number, shareOfHeight: number): Box {
  const box = { width: Math.round(width * shareOfWidth), height: Math.round(height * shareOfHeight) };
  return {
    x: Math.round((width - box.width) / 2),
    y: Math.round((height - box.height) / 2),
    ...box,
    rotation: 0,
  };
}

export function newText(canvas: Size): TextLayer {
  const size = Math.max(limits.size.least, Math.round(canvas.height / 11));
  return {
    id: newLayerId(),
    type: 'text',
    name: 'Text',
    ...centred(canvas, 0.6, 0.16),
    opacity: 1,
    text: 'New text',
    font: 'Inter',
    weight: 700,
    size: Math.min(size, limits.size.most),
    color: '#ffffff',
    align: 'center',
    valign: 'middle',
    line_height: defaultLineHeight,
  };
}

export function newShape(canvas: Size, shape: ShapeLayer['shape']): ShapeLayer {
  const names = { rectangle: 'Rectangle', ellipse: 'Ellipse', line: 'Line' };
  const side = Math.round(Math.min(canvas.width, canvas.height) / 3);
  const height = shape === 'line' ? Math.max(2, Math.round(side / 20)) : side;
  const look =
    shape === 'line'
      ? { stroke: '#ffffff', stroke_width: Math.max(2, Math.round(side / 60)) }
      : { fill: '#5b5bd6' };
  return {
    id: newLayerId(),
    type: 'shape',
    name: names[shape],
    ...centred(canvas, side / canvas.width, height / canvas.height),
    opacity: 1,
    shape,
    ...look,
  };
}

/** The image in its own proportions, as large as half the canvas; without known proportions, as the canvas. */
export function newImage(canvas: Size, file: { id: string; name: string }, own?: Size): ImageLayer {
  const scale = own ? Math.min(canvas.width / own.width, canvas.height / own.height) / 2 : 0;
  const box = own
    ? centred(canvas, (own.width * scale) / canvas.width, (own.height * scale) / canvas.height)
    : centred(canvas, 0.5, 0.5);
  return {
    id: newLayerId(),
    type: 'image',
    name: file.name.slice(0, 60),
    ...box,
    opacity: 1,
    file_id: file.id,
    fit: 'cover',
  };
}

const layerDefaults = { name: '', rotation: 0, opacity: 1 };
const textDefaults = {
  weight: 400,
  align: 'left',
  valign: 'top',
  line_height: defaultLineHeight,
} as const;
const boxDefaults = { padding: 0, radius: 0, shape: 'rectangle' } as const;

/** To the server null is the same as absent. */
const present = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null)) as T;

function complete(stored: Layer): Layer {
  const layer = present(stored);
  if (layer.type !== 'text') return { ...layerDefaults, ...layer };
  const box = layer.box && { box: { ...boxDefaults, ...present(layer.box) } };
  return { ...layerDefaults, ...textDefaults, ...layer, ...box };
}

/** A stored document may leave out what has a default; here it is filled in, so that the rest need not ask. */
export const normalise = (document: Document): Document => ({
  ...present(document),
  layers: document.layers.map(complete),
});

/** What a layer is called where it is listed. */
export function layerLabel(layer: Layer): string {
  if (layer.name.trim()) return layer.name;
  return layer.type === 'text' ? layer.text.split('\n')[0] || 'Text' : 'Layer';
}
