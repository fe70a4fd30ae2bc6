import { describe, expect, it } from 'vitest';
import { aFile } from '@/test/files';
import { clockLength, kindOf, measures, previewForm, previewNote, refusal, thumbnailOf } from './file';

const limits = { video: 1e10, image: 25e6, audio: 2e9, script: 5e6, other: 1e9 };
const made = (width: number, role: 'thumbnail' | 'preview' = 'thumbnail') =>
  ({ role, state: 'ready', width, height: width, url: `/${width}`, error: null }) as const;

describe('kindOf', () => {
  it.each([
    ['Film.MOV', '', 'video'],
    ['still.png', 'image/png', 'image'],
    ['song.opus', '', 'audio'],
    ['pilot.fountain', '', 'script'],
    ['no-ending', 'video/mp4', 'video'],
    ['cut.xyz', 'application/zip', 'other'],
    ['.png', '', 'other'],
  ])('%s of %s is %s', (name, type, kind) => expect(kindOf(name, type)).toBe(kind));
});

describe('refusal', () => {
  const file = (name: string, size: number) => ({ name, size, type: '' });
  it('lets pass what fits, and what nobody knows the limit of', () => {
    expect(refusal(file('a.png', 25e6), limits)).toBeNull();
    expect(refusal(file('a.png', 1e12), undefined)).toBeNull();
  });
  it('says what is too much', () => {
    expect(refusal(file('a.png', 26e6), limits)).toBe('It has 26 MB; an image file may have 25 MB at most.');
    expect(refusal(file('a.zip', 2e9), limits)).toBe(
      'It has 2.0 GB; a file like this may have 1.0 GB at most.',
    );
    expect(refusal(file('a.png', 0), limits)).toBe('The file is empty.');
  });
});

describe('what is said of a file', () => {
  const facts = {
    format: 'mp4',
    width: 1920,
    height: 1080,
    pages: null,
    duration_ms: 125_400,
    bit_rate: null,
    video: [],
    audio: [],
    encoding: null,
    error: null,
  };
  it('has its length and its size', () => {
    expect(measures(aFile({ media: facts }))).toEqual(['2:05', '1920×1080']);
    expect(measures(aFile())).toEqual([]);
    expect([7_400, 3_725_000].map(clockLength)).toEqual(['0:07', '1:02:05']);
  });
  it('has the thumbnail that is sharp enough, or the largest', () => {
    const file = aFile({ derivatives: [made(640), made(160), made(320), made(2048, 'preview')] });
    expect(thumbnailOf(file, 200)?.width).toBe(320);
    expect(thumbnailOf(file, 999)?.width).toBe(640);
    expect(thumbnailOf(aFile(), 100)).toBeUndefined();
  });
  it('says why there is no picture', () => {
    const lacking = (state: 'unavailable' | 'failed') =>
      previewNote(
        aFile({
          derivatives: [{ ...made(0), state, url: null, error: { kind: 'broken', message: 'Why.' } }],
        }),
      );
    expect(lacking('unavailable')).toBe('No preview: this server can’t make one. Why.');
    expect(lacking('failed')).toBe('No preview could be made. Why.');
    expect(previewNote(aFile())).toBeNull();
  });
  it('knows how a browser shows it', () => {
    expect(previewForm(aFile())).toBe('image');
    expect(previewForm(aFile({ kind: 'script', media_type: 'application/pdf' }))).toBe('pdf');
    expect(previewForm(aFile({ kind: 'other' }))).toBe('none');
    expect(previewForm(aFile({ state: 'failed' }))).toBe('none');
  });
});
