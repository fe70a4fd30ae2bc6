import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ref } from 'vue';
import { ProblemError } from '@/api/problem';
import { anEpisode } from '@/test/episodes';
import { updateEpisode } from '../mutations';
import { useEditor } from './editor';

vi.mock('../mutations', () => ({ updateEpisode: vi.fn(), adoptRecord: vi.fn() }));
const update = vi.mocked(updateEpisode);

const start = anEpisode({ id: 'e1', version: 1, title: 'Pilot', description: 'Once' });
const mismatch = (current: object) =>
  new ProblemError({ status: 412, code: 'VERSION_MISMATCH', current: current as never });

describe('the editor of an episode', () => {
  let editor: ReturnType<typeof useEditor>;
  const who = ref('Someone');

  beforeEach(() => {
    update.mockReset();
    editor = useEditor(who, (id) => (id === 'u2' ? 'Bob' : 'Ada'));
    editor.load(start);
  });
  const type = (changes: object) => (editor.draft.value = { ...editor.draft.value, ...changes });

  it('saves only what changed, on the version it stands on', async () => {
    type({ title: 'New' });
    update.mockResolvedValueOnce({ ...start, title: 'New', version: 2 });
    expect(await editor.save()).toBe(true);
    expect(update).toHaveBeenCalledWith('e1', { title: 'New' }, 1);
    expect(editor.dirty.value).toBe(false);
    expect(editor.base.value?.version).toBe(2);
  });

  it('merges what it had not seen and saves again by itself', async () => {
    type({ title: 'Mine' });
    update.mockRejectedValueOnce(mismatch({ ...start, description: 'Theirs', version: 2, updated_by: 'u2' }));
    update.mockResolvedValueOnce({ ...start, title: 'Mine', description: 'Theirs', version: 3 });
    expect(await editor.save()).toBe(true);
    expect(update).toHaveBeenLastCalledWith('e1', { title: 'Mine' }, 2);
    expect(editor.draft.value.description).toBe('Theirs');
    expect(who.value).toBe('Bob');
  });

  it('stops at a conflict, keeps both values, and saves after the decision', async () => {
    type({ title: 'Mine' });
    update.mockRejectedValueOnce(mismatch({ ...start, title: 'Theirs', version: 2 }));
    expect(await editor.save()).toBe(false);
    expect(editor.comparing.value).toBe(true);
    expect(editor.conflicts.value).toEqual([{ field: 'title', mine: 'Mine', theirs: 'Theirs' }]);
    expect(await editor.save(), 'undecided').toBe(false);
    expect(update).toHaveBeenCalledTimes(1);

    editor.decideAll('mine');
    update.mockResolvedValueOnce({ ...start, title: 'Mine', version: 3 });
    expect(await editor.save()).toBe(true);
    expect(update).toHaveBeenLastCalledWith('e1', { title: 'Mine' }, 2);
  });

  it('has nothing left to save when theirs was taken', async () => {
    type({ title: 'Mine' });
    editor.receive({ ...start, title: 'Theirs', version: 2 });
    editor.decideAll('theirs');
    expect(editor.dirty.value).toBe(false);
    expect(editor.draft.value.title).toBe('Theirs');
  });

  it('ignores an older record', () => {
    editor.receive({ ...start, version: 4, title: 'Four' });
    editor.receive({ ...start, version: 3, title: 'Three' });
    expect(editor.draft.value.title).toBe('Four');
  });

  it('keeps what is typed while a save is under way', async () => {
    type({ title: 'First' });
    update.mockImplementationOnce(async () => {
      type({ title: 'First and more' });
      return { ...start, title: 'First', version: 2 };
    });
    await editor.save();
    expect(editor.draft.value.title).toBe('First and more');
    expect(editor.changed.value).toEqual(['title']);
  });

  it('puts the answer’s field errors at the fields', async () => {
    type({ episode_number: 2 });
    const errors = [{ field: 'episode_number', code: 'TAKEN', message: 'Taken by “Pilot”.' }];
    update.mockRejectedValueOnce(new ProblemError({ status: 409, code: 'EPISODE_NUMBER_TAKEN', errors }));
    expect(await editor.save()).toBe(false);
    expect(editor.errors.value.episode_number).toBe('Taken by “Pilot”.');
  });

  it('starts over for another episode', () => {
    type({ title: 'Mine' });
    editor.receive(anEpisode({ id: 'e2', title: 'Other' }));
    expect(editor.draft.value.title).toBe('Other');
    expect(editor.dirty.value).toBe(false);
  });
});
