import type {
  Episode,
  EpisodeCreate,
  EpisodePatch,
  EpisodeStatus,
  Job,
  JobCreate,
  Session,
} from '../src/api/types.ts';
import type { Person } from './server.ts';

/** The API as a test uses it beside the browser: to prepare, and to be "somebody else". */
export class Api {
  readonly #base: string;
  readonly #token: string;

  private constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  static async signIn(url: string, person: Person): Promise<Api> {
    const response = await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: person.email, password: person.password }),
    });
    if (!response.ok)
      throw new Error(`sign-in of ${person.email}: ${response.status} ${await response.text()}`);
    const { data } = (await response.json()) as { data: Session };
    return new Api(`${url}/api/v1`, data.access_token);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? (JSON.parse(text) as { data: T }).data : undefined) as T;
  }

  /** A file of an episode, sent in one request. */
  async upload(episodeId: string, name: string, content: Buffer): Promise<{ id: string }> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(content)]), name);
    const response = await fetch(`${this.#base}/episodes/${episodeId}/files`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#token}` },
      body: form,
    });
    if (!response.ok) throw new Error(`upload of ${name}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: { id: string } }).data;
  }

  /** Sends bytes as they are. */
  async send(url: string, bytes: Buffer): Promise<void> {
    const headers = { Authorization: `Bearer ${this.#token}` };
    const response = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) });
    if (!response.ok) throw new Error(`PUT ${url}: ${response.status} ${await response.text()}`);
  }

  create(values: EpisodeCreate): Promise<Episode> {
    return this.call('POST', '/episodes', values);
  }
  get(id: string): Promise<Episode> {
    return this.call('GET', `/episodes/${id}`);
  }
  patch(id: string, changes: EpisodePatch): Promise<Episode> {
    return this.call('PATCH', `/episodes/${id}`, changes);
  }
  setStatus(id: string, status: EpisodeStatus): Promise<Episode> {
    return this.call('POST', `/episodes/${id}/status`, { status });
  }
  delete(id: string): Promise<void> {
    return this.call('DELETE', `/episodes/${id}`);
  }

  /** A job that does nothing, for as long and as badly as it is told. */
  check(args: CheckArgs = {}, more: Partial<JobCreate> = {}): Promise<Job> {
    return this.call('POST', '/jobs', { type: 'check', args, ...more });
  }
  job(id: string): Promise<Job> {
    return this.call('GET', `/jobs/${id}`);
  }
  jobs(query = ''): Promise<Job[]> {
    return this.call('GET', `/jobs?${query}`);
  }
  cancel(id: string): Promise<Job> {
    return this.call('POST', `/jobs/${id}/cancel`);
  }
}

interface CheckArgs {
  duration_ms?: number;
  fail_attempts?: number;
  fail_for_good?: boolean;
}

let counter = 0;

/** Values of an episode nobody else in this run has: every call is another number of a season of its own. */
export function unique(title: string, season = 900): EpisodeCreate {
  counter++;
  return { title: `${title} ${process.pid}-${counter}`, season_number: season, episode_number: counter };
}
