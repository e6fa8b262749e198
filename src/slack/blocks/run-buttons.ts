import type { types } from '@slack/bolt';
import type { RunView } from '#domain/run/view.js';
import { runRef } from '#domain/words.js';
import { type CarriedRun, markOf } from '../buttons/run.js';
import { packed } from '../packed.js';
import { type Block, cut, plain } from './text.js';

/** Begins every id under which Slack tells us that a button of a run was clicked. */
export const RUN_ACTIONS = /^run:/;

/** Answers of one question that get a button; the others are typed. */
export const ANSWERS = 10;

interface Look {
  style?: 'primary' | 'danger';
  /** What the person is asked before it counts: title, text and the word on the button. */
  confirm?: [title: string, text: string, word: string];
}

/** The buttons that make sense as the run stands; none: nothing is to be decided. */
export function runButtons(view: RunView, incident: number): Block[] {
  const { state } = view;
  const carried: CarriedRun = { incident, run: state.run, mark: markOf(state, view.endedAt) };
  const button = (what: string, label: string, more: Partial<CarriedRun> = {}, look: Look = {}) =>
    buttonFor(`run:${what}`, label, packed({ ...carried, ...more }), look);
  const ref = runRef(state.run);
  const cancel = () =>
    state.cancelled
      ? null
      : button(
          'cancel',
          'Cancel',
          {},
          {
            confirm: [`Cancel ${ref}`, 'What was done stays done; it can be undone afterwards.', 'Stop it'],
          },
        );
  const undo = () =>
    undoable(view)
      ? button(
          'undo',
          'Undo',
          {},
          {
            confirm: [`Undo ${ref}`, 'Takes back what it did, the last step first.', 'Undo it'],
          },
        )
      : null;
  const elements = (() => {
    switch (state.status) {
      case 'planning':
      case 'running':
      case 'undoing':
        return [cancel()];
      case 'waiting': {
        if (state.planOnly) return [];
        const open = !state.granted && state.approvals.length < (state.approvers?.required ?? 0);
        if (!open || state.cancelled) return [cancel()];
        const approve = button('approve', 'Approve', {}, { style: 'primary' });
        return [approve, button('reject', 'Reject'), cancel()];
      }
      case 'asking': {
        if (state.cancelled) return [];
        if (state.asked?.why !== 'question')
          return [button('retry', 'Retry'), button('skip', 'Skip'), undo(), cancel()];
        const choices = state.asked.choices.slice(0, ANSWERS);
        const answers = choices.map((choice, i) => button(`answer:${i}`, choice, { choice }));
        return [...answers, undo(), cancel()];
      }
      case 'ended':
        return [undo()];
    }
  })().filter((one) => one !== null);
  return elements.length > 0 ? [{ type: 'actions', elements }] : [];
}

/** Something of it has begun, changes things, can be taken back, and was not yet; and it may be asked for now. */
export function undoable({ state, steps, plan }: RunView): boolean {
  if (!state.started || state.end === 'undone' || state.asked?.phase === 'undo') return false;
  return [...steps.entries()].some(([id, { run, undo }]) => {
    const planned = plan?.steps.find((one) => one.id === id);
    const takesBack = planned === undefined || (planned.effect !== 'read' && planned.undo !== null);
    return takesBack && (run?.startedAt ?? null) !== null && undo?.outcome !== 'done';
  });
}

function buttonFor(actionId: string, label: string, value: string | null, look: Look): types.Button | null {
  if (value === null || label.trim() === '') return null;
  const [title = '', text = '', word = ''] = look.confirm ?? [];
  return {
    type: 'button',
    action_id: actionId,
    text: plain(cut(label, 75)),
    value,
    ...(look.style && { style: look.style }),
    ...(look.confirm && {
      confirm: {
        title: plain(title),
        text: plain(text),
        confirm: plain(word),
        deny: plain('Go back'),
        style: 'danger' as const,
      },
    }),
  };
}
