import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from './types';

const session = (token: string, expires_in = 900): Session => ({
  access_token: token,
  expires_in,
  user: {
    id: 'u1',
    email: 'a@example.com',
    name: 'Ada',
    role: 'admin',
    active: true,
    version: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
  },
});
const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

describe('the access token', () => {
  const fetched = vi.fn<typeof fetch>();
  let tokens: typeof import('./token');

  beforeEach(async () => {
    vi.resetModules();
    fetched.mockReset();
    vi.stubGlobal('fetch', fetched);
    document.cookie = 'sr_csrf=csrf-1';
    tokens = await import('./token');
  });

  it('is renewed once for any number of askers', async () => {
    fetched.mockResolvedValueOnce(answer(200, { data: session('t1') }));
    expect(await Promise.all([tokens.freshToken(), tokens.freshToken(), tokens.renew()])).toEqual([
      't1',
      't1',
      't1',
    ]);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({
      method: 'POST',
      headers: { 'X-CSRF-Token': 'csrf-1' },
      keepalive: true,
    });
  });
  it('is used until shortly before it expires', async () => {
    tokens.adopt(session('t1'));
    expect(await tokens.freshToken()).toBe('t1');
    tokens.adopt(session('t2', 0));
    fetched.mockResolvedValueOnce(answer(200, { data: session('t3') }));
    expect(await tokens.freshToken()).toBe('t3');
  });
  it('is not renewed again for a request that used the one before', async () => {
    tokens.adopt(session('t2'));
    expect(await tokens.renew('t1')).toBe('t2');
    expect(fetched).not.toHaveBeenCalled();
  });
  it('is gone when the server says so, and everybody hears of it', async () => {
    const heard = vi.fn();
    tokens.onSession(heard);
    fetched.mockResolvedValueOnce(answer(401, { code: 'NO_SESSION' }));
    expect(await tokens.renew()).toBeNull();
    expect(heard).toHaveBeenCalledWith(null);
  });
  it('is not lost to a server that is down', async () => {
    const heard = vi.fn();
    tokens.onSession(heard);
    fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    await expect(tokens.renew()).rejects.toMatchObject({ code: 'NETWORK' });
    expect(heard).not.toHaveBeenCalled();
  });
});
