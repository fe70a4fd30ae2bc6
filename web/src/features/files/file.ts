import { Clapperboard, File, FileText, Image, Music } from '@lucide/vue';
import type { Component } from 'vue';
import type { Derivative, FileKind, FileLimits, FileRecord } from '@/api/types';
import { bytes, plural } from '@/lib/format';

export const fileKinds: readonly FileKind[] = ['video', 'image', 'audio', 'script', 'other'];

export const kindFacts: Record<FileKind, { label: string; icon: Component }> = {
  video: { label: 'Video', icon: Clapperboard },
  image: { label: 'Image', icon: Image },
  audio: { label: 'Audio', icon: Music },
  script: { label: 'Script', icon: FileText },
  other: { label: 'Other', icon: File },
};

/** As the server goes by them; what is not among them is judged by the type the browser gives, then `other`. */
const endings: Record<Exclude<FileKind, 'other'>, string> = {
  video: 'mp4 m4v mov mkv webm avi mpg mpeg mxf mts m2ts ts ogv ogg wmv flv 3gp rm m2v',
  image: 'jpg jpeg png gif webp avif heic heif tif tiff bmp svg psd jxl ico',
  audio: 'mp3 wav flac ogg oga opus m4a aac aif aiff wma weba mka mid caf',
  script: 'txt md fountain fdx pdf rtf doc docx odt xml',
};

export function kindOf(name: string, mediaType: string): FileKind {
  const ending = /[^/]\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  for (const kind of ['video', 'image', 'audio', 'script'] as const)
    if (ending && endings[kind].split(' ').includes(ending)) return kind;
  const family = mediaType.split('/')[0];
  if (family === 'video' || family === 'image' || family === 'audio') return family;
  return mediaType === 'text/plain' ? 'script' : 'other';
}

/** Why the server would not take this file, as far as that is known before it is sent. */
export function refusal(
  file: { name: string; size: number; type: string },
  limits: FileLimits | undefined,
): string | null {
  if (file.size === 0) return 'The file is empty.';
  const kind = kindOf(file.name, file.type);
  const most = limits?.[kind];
  if (most === undefined || file.size <= most) return null;
  const article = kind === 'image' || kind === 'audio' ? 'an' : 'a';
  const what = kind === 'other' ? 'a file like this' : `${article} ${kind} file`;
  return `It has ${bytes(file.size)}; ${what} may have ${bytes(most)} at most.`;
}

/** "0:07", "2:05", "1:02:05". */
export function clockLength(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const part = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${part(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${part(minutes % 60)}:${part(seconds % 60)}`;
}

/** What a reader wants to know of the content in a few words: "1920×1080", "2:05", "3 pages". */
export function measures(file: FileRecord): string[] {
  const media = file.media;
  if (!media || media.error) return [];
  const words: string[] = [];
  if (media.duration_ms !== null && media.duration_ms !== undefined)
    words.push(clockLength(media.duration_ms));
  if (media.width && media.height) words.push(`${media.width}×${media.height}`);
  if (media.pages && media.pages > 1) words.push(plural(media.pages, 'page'));
  return words;
}

export const derivative = (file: FileRecord, ...roles: Derivative['role'][]): Derivative | undefined =>
  file.derivatives.find(({ role, state }) => roles.includes(role) && state === 'ready');

/** The smallest picture that is sharp at so many pixels, or the largest there is. */
export function thumbnailOf(file: FileRecord, width: number): Derivative | undefined {
  const all = file.derivatives
    .filter(({ role, state, url }) => (role === 'thumbnail' || role === 'poster') && state === 'ready' && url)
    .sort((a, b) => a.width - b.width);
  return all.find((each) => each.width >= width) ?? all.at(-1);
}

/** Why there is no picture, where there should be one; null while it is being made, and where none is due. */
export function previewNote(file: FileRecord): string | null {
  const lacking = file.derivatives.find(({ state }) => state !== 'ready');
  if (!lacking) return null;
  const reason = lacking.error?.message ?? '';
  return lacking.state === 'unavailable'
    ? `No preview: this server can’t make one. ${reason}`.trim()
    : `No preview could be made. ${reason}`.trim();
}

/** Whether something is still being made of it. */
export const isBeingMade = (file: FileRecord): boolean =>
  file.state === 'ready' && file.kind !== 'other' && file.media === null && file.derivatives.length === 0;

export type PreviewForm = 'image' | 'video' | 'audio' | 'text' | 'pdf' | 'none';

/** How a browser can show it. */
export function previewForm(file: FileRecord): PreviewForm {
  if (file.state !== 'ready') return 'none';
  if (file.media_type === 'application/pdf') return 'pdf';
  if (file.kind === 'video' || file.media_type.startsWith('video/')) return 'video';
  if (file.kind === 'audio') return 'audio';
  if (file.kind === 'image') return 'image';
  return file.derivatives.some(({ role, state }) => role === 'text' && state === 'ready') ? 'text' : 'none';
}
