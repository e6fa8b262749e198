import type { types } from '@slack/bolt';
import { type Context, type Reply, said } from '../context.js';
import type { Form, From } from './frame.js';
import { logModal } from './log.js';
import { noteModal } from './note.js';
import { openModal } from './open.js';

/** The same on one line, for when a form cannot be shown. */
const LINES: Record<Form, string> = {
  open: 'open sev2 TITLE --component NAME',
  note: 'note 14:32 TEXT',
  log: 'log, then a line for each entry: TIME TEXT',
};

/**
 * Opens a modal: the only call to Slack that an answer may wait for, and it is made before anything is recorded.
 * @returns null when it is open; else how to type it
 */
export async function openForm(
  context: Context,
  form: Form,
  at: { trigger: string | undefined; from: From },
): Promise<Reply | null> {
  const opened = await openView(context, at.trigger, viewOf(context, form, at.from));
  if (opened) return null;
  return said(`Slack does not open the form now. Type it on one line: ${context.command} ${LINES[form]}`);
}

function viewOf(context: Context, form: Form, from: From): types.ModalView {
  if (form === 'open') return openModal(from, context.components);
  return form === 'note' ? noteModal(from) : logModal(from);
}

export async function openView(
  context: Context,
  trigger: string | undefined,
  view: types.ModalView,
): Promise<boolean> {
  if (!trigger) return false;
  const result = await context.swift.call('views.open', { trigger_id: trigger, view });
  if (result.kind === 'ok') return true;
  const why = result.kind === 'ratelimited' ? 'ratelimited' : result.error;
  context.log.warn({ why, view: view.callback_id }, 'A form could not be opened');
  return false;
}
