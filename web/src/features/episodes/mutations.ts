import type { InfiniteData } from '@tanstack/vue-query';
import { api, body, idempotency, record } from '@/api/client';
import { keys } from '@/api/keys';
import { asProblem } from '@/api/problem';
import { queryClient } from '@/api/query';
import type { Episode, EpisodeCreate, EpisodePatch, EpisodeStatus } from '@/api/types';
import { clientId } from '@/lib/client-id';
import { listing } from '@/lib/format';
import { applyPatches, dropRow, refetchSoon } from '@/realtime/live';
import { find, replace, type EpisodePages } from '@/realtime/patch';
import { toast, toastError } from '@/ui/toasts';
import { statusFacts, statusLabel } from './status';

/** What the server has confirmed goes the same way as what its events say. */
function confirm(op: 'created' | 'updated' | 'restored', episode: Episode): void {
  const patch = {
    op,
    id: episode.id,
    title: episode.title,
    actor: null,
    origin: clientId,
    at: episode.updated_at,
  };
  applyPatches(queryClient, [{ ...patch, episode, fields: [] }]);
}

/** A record the server has sent along with a refusal: it is what everybody else sees already. */
export const adoptRecord = (episode: Episode): void => confirm('updated', episode);

export async function createEpisode(values: EpisodeCreate, key: string): Promise<Episode> {
  const episode = await record(api.POST('/episodes', { body: values, params: { header: idempotency(key) } }));
  queryClient.setQueryData(keys.episode(episode.id), episode);
  confirm('created', episode);
  return episode;
}

export async function updateEpisode(id: string, changes: EpisodePatch, version: number): Promise<Episode> {
  const episode = await record(
    api.PATCH('/episodes/{id}', {
      body: changes,
      params: { path: { id }, header: { 'If-Match': `"${version}"` } },
    }),
  );
  confirm('updated', episode);
  return episode;
}

/** Shows the new status at once where that can be taken back; publishing waits for the server. */
export async function changeStatus(
  episode: Episode,
  status: EpisodeStatus,
  reason?: string,
): Promise<boolean> {
  const undo = status === 'published' ? () => {} : showStatus(episode.id, status);
  try {
    const changed = await record(
      api.POST('/episodes/{id}/status', {
        body: { status, ...(reason ? { reason } : {}) },
        params: { path: { id: episode.id }, header: idempotency() },
      }),
    );
    confirm('updated', changed);
    toast(`“${episode.title}” is now ${statusFacts[status].label.toLowerCase()}`, { tone: 'ok' });
    return true;
  } catch (error) {
    undo();
    const problem = asProblem(error);
    if (problem.code === 'INVALID_MOVE') {
      const allowed = listing(problem.allowed.map((each) => statusLabel(each).toLowerCase()));
      toast('The status could not be changed', {
        tone: 'danger',
        detail: allowed ? `From here it can become ${allowed}.` : problem.message,
      });
      refetchSoon(queryClient, keys.episode(episode.id));
    } else {
      toastError('The status could not be changed', error, () => void changeStatus(episode, status, reason));
    }
    return false;
  }
}

/** Patches the caches before the answer. The version stays, so whatever the server says next is newer. */
function showStatus(id: string, status: EpisodeStatus): () => void {
  const before: [readonly unknown[], Episode][] = [];
  for (const [key, pages] of queryClient.getQueriesData<EpisodePages>({ queryKey: keys.episodeLists })) {
    const episode = pages && find(pages, id);
    if (!pages || !episode) continue;
    before.push([key, episode]);
    queryClient.setQueryData(key, replace(pages, { ...episode, status }));
  }
  const single = queryClient.getQueryData<Episode>(keys.episode(id));
  if (single) queryClient.setQueryData(keys.episode(id), { ...single, status });
  return () => {
    for (const [key, episode] of before)
      queryClient.setQueryData<EpisodePages>(key, (pages) => pages && rollBack(pages, episode));
    if (single)
      queryClient.setQueryData<Episode>(keys.episode(id), (now) =>
        now?.version === single.version ? single : now,
      );
  };
}

const rollBack = (pages: EpisodePages, episode: Episode): EpisodePages =>
  find(pages, episode.id)?.version === episode.version ? replace(pages, episode) : pages;

/** Deletes so that it can be undone. */
export async function deleteEpisode(episode: Episode): Promise<boolean> {
  try {
    await body(api.DELETE('/episodes/{id}', { params: { path: { id: episode.id } } }));
  } catch (error) {
    toastError(`“${episode.title}” could not be deleted`, error, () => void deleteEpisode(episode));
    return false;
  }
  applyDeletion(episode, false);
  toast(`“${episode.title}” moved to the bin`, {
    tone: 'ok',
    action: { label: 'Undo', run: () => void restoreEpisode(episode) },
  });
  return true;
}

export async function deletePermanently(episode: Episode): Promise<boolean> {
  try {
    await body(
      api.DELETE('/episodes/{id}', { params: { path: { id: episode.id }, query: { permanent: true } } }),
    );
  } catch (error) {
    toastError(`“${episode.title}” could not be deleted`, error);
    return false;
  }
  applyDeletion(episode, true);
  toast(`“${episode.title}” deleted for good`, { tone: 'ok' });
  return true;
}

function applyDeletion(episode: Episode, permanent: boolean): void {
  const at = new Date().toISOString();
  const patch = { id: episode.id, title: episode.title, actor: null, origin: clientId, at };
  applyPatches(queryClient, [{ ...patch, op: 'deleted', permanent, version: null, episode: null }]);
  refetchSoon(queryClient, keys.episode(episode.id));
}

export async function restoreEpisode(episode: Pick<Episode, 'id' | 'title'>): Promise<Episode | null> {
  try {
    const restored = await record(
      api.POST('/episodes/{id}/restore', { params: { path: { id: episode.id }, header: idempotency() } }),
    );
    dropRow(queryClient, episode.id, true);
    confirm('restored', restored);
    toast(`“${restored.title}” restored`, { tone: 'ok' });
    return restored;
  } catch (error) {
    toastError(`“${episode.title}” could not be restored`, error);
    return null;
  }
}

/** Starts a list over at its first page, without showing an empty one meanwhile. */
export async function restartList(queryKey: readonly unknown[]): Promise<void> {
  queryClient.setQueryData<InfiniteData<unknown>>(
    queryKey,
    (all) => all && { pages: all.pages.slice(0, 1), pageParams: all.pageParams.slice(0, 1) },
  );
  await queryClient.invalidateQueries({ queryKey, exact: true });
}
