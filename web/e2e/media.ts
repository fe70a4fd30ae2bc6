import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasFfmpeg = spawnSync('ffmpeg', ['-version']).error === undefined;

const recipes = {
  'still.png': ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:d=1', '-frames:v', '1'],
  'other.png': ['-f', 'lavfi', '-i', 'smptebars=s=640x360:d=1', '-frames:v', '1'],
  'tone.wav': ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3'],
  // Noise does not compress: large in little time.
  'film.mp4': [
    ...['-f', 'lavfi', '-i', 'testsrc2=s=960x540:r=25:d=6,noise=alls=30:allf=t'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '16', '-pix_fmt', 'yuv420p'],
    ...['-movflags', '+faststart'],
  ],
} as const;
export type MediaName = keyof typeof recipes;

/** Real media, made by FFmpeg when first asked for. */
export class Media {
  readonly folder = mkdtempSync(join(tmpdir(), 'showrunner-media-'));
  readonly #made = new Set<string>();

  path(name: MediaName): string {
    const path = join(this.folder, name);
    if (this.#made.has(name)) return path;
    const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...recipes[name], path]);
    if (status !== 0) throw new Error(`ffmpeg: ${String(stderr)}`);
    this.#made.add(name);
    return path;
  }

  sha256(name: MediaName): string {
    return createHash('sha256')
      .update(readFileSync(this.path(name)))
      .digest('hex');
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
