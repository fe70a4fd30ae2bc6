import type { Document } from './document';

/** What was done, so that it can be undone and done again. Pure: every function gives a new state. */

interface Step {
  document: Document;
  /** "Move", "Delete layer": what undoing this step takes back. */
  label: string;
}
export interface UndoState {
  past: Step[];
  present: Document;
  future: Step[];
  /** Of the last step, if more of the same belongs to it. */
  key: string | null;
  at: number;
}

const most = 200;
const pause = 1_000; // ms; typing that goes on after it is another step

export const started = (document: Document): UndoState => ({
  past: [],
  present: document,
  future: [],
  key: null,
  at: 0,
});

/** Steps with the same key that follow each other closely are one: a drag, a word typed. */
export function done(
  state: UndoState,
  document: Document,
  label: string,
  options: { key?: string; now: number },
): UndoState {
  if (document === state.present) return state;
  const { key = null, now } = options;
  const goesOn = key !== null && key === state.key && now - state.at < pause && state.past.length > 0;
  const past = goesOn ? state.past : [...state.past, { document: state.present, label }].slice(-most);
  return { past, present: document, future: [], key, at: now };
}

/** What comes next is a step of its own. */
export const settled = (state: UndoState): UndoState => ({ ...state, key: null });

export function undone(state: UndoState): UndoState {
  const step = state.past.at(-1);
  if (!step) return state;
  return {
    past: state.past.slice(0, -1),
    present: step.document,
    future: [...state.future, { document: state.present, label: step.label }],
    key: null,
    at: 0,
  };
}

export function redone(state: UndoState): UndoState {
  const step = state.future.at(-1);
  if (!step) return state;
  return {
    past: [...state.past, { document: state.present, label: step.label }],
    present: step.document,
    future: state.future.slice(0, -1),
    key: null,
    at: 0,
  };
}

/** Every document of the state changed alike: undoing must not take back what somebody else has done meanwhile. */
export const carriedOver = (state: UndoState, change: (document: Document) => Document): UndoState => {
  const step = ({ document, label }: Step): Step => ({ document: change(document), label });
  return {
    past: state.past.map(step),
    present: change(state.present),
    future: state.future.map(step),
    key: null,
    at: 0,
  };
};
