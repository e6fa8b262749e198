import type { BlockButtonAction, Middleware, types } from '@slack/bolt';
import { plain } from '#domain/command/entered.js';
import type { VerbName } from '#domain/command/verbs.js';
import { dayPlus } from '#domain/incident/action.js';
import type { TypedIntent } from '#domain/incident/intent.js';
import { isPassing, isRefusal } from '#domain/refusal.js';
import { dayIn } from '#render/clock.js';
import { ACTION_VALUE, answeredReminder } from '../blocks/action.js';
import { HEAD_VALUE, LINE_VALUE, NEXT_VALUE, OFFER_VALUE, unpacked } from '../blocks/buttons.js';
import { STRIKE_VALUE } from '../blocks/entry.js';
import { PAGE_VALUE } from '../blocks/page.js';
import { POST_VALUE, WRITE_VALUE } from '../blocks/publish.js';
import { escaped } from '../blocks/text.js';
import { REOPEN_VALUE, WATCH_VALUE } from '../blocks/watch.js';
import {
  askAndReply,
  askedPost,
  type Context,
  interaction,
  lookedUp,
  openView,
  type Reply,
  refused,
  replyFor,
  respondTo,
  said,
  triggerKey,
} from '../listener.js';
import type { From, Shown } from '../modals/form.js';
import { FORMS, shownIn } from '../modals/modals.js';
import { previewedIn, previewModal } from '../modals/preview.js';
import { changeModal } from '../modals/publish.js';
import {
  asTyped,
  type ButtonArgs,
  type Click,
  clicked,
  clickedBy,
  originOf,
  TYPE_AGAIN,
  TYPE_BESIDE,
  tell,
  tooOld,
} from './click.js';

/** *Publish* under the preview of a public post. */
export const onPublish = (context: Context) => clicked(context, publish, true);
/** *Change* there: the form, with what was typed in it. */
export const onChange = (context: Context) => clicked(context, change, false);
/** *Publish anyway…* there: the preview as a form, which asks for reasons. */
export const onAnyway = (context: Context) => clicked(context, anyway, false);
/** *Change* in the preview of a form. */
export const onEdit = (context: Context) => clicked(context, edit, false);
/** *Write the update* under the reminder that one was promised. */
export const onWrite = (context: Context) => clicked(context, write, false);
/** One of the open incidents: the line that did not say which is answered for that one. */
export const onChoose = (context: Context) => clicked(context, choose, true);
/** What is likely next, under where somebody is: as if they had typed it. The message stays: there is more to press. */
export const onNext = (context: Context) => clicked(context, goOn, false);
/** An offered runbook: what typing it in that incident would come to. */
export const onRunOffer = (context: Context) => clicked(context, plan, false);
/** *Watch 30m* under the receipt of `resolve`: the same as typing it. */
export const onWatch = (context: Context) => clicked(context, watch, false);
/** *Reopen* under what a watch saw. */
export const onReopen = (context: Context) => clicked(context, reopen, false);
/** *Acknowledge* under a page. Its message is brought up to date by what that leads to. */
export const onAcknowledge = (context: Context) => clicked(context, acknowledge, false);

/** *Strike #5* after the pin was taken away: the same as typing it. */
export const onStrike = (context: Context) => clicked(context, strike, true);

/** A button under a reminder of action items: what came of it takes the place of that item's buttons. */
export function onActionButton(context: Context): Middleware<ButtonArgs> {
  return ({ body, action, ack }) => {
    const carried = unpacked(ACTION_VALUE, action.value);
    return interaction(context, {
      request: triggerKey(body.trigger_id),
      work: aboutAction(context, { body, action }),
      failed: (reply) => ({ ...reply, keeps: true }),
      ack,
      async tell(reply) {
        const blocks = carried && answeredReminder(body.message?.blocks ?? [], carried, escaped(reply.words));
        if (!blocks || reply.keeps) return tell(context, body, reply, false);
        const text = body.message?.text ?? reply.words;
        return respondTo(body.response_url, { replace_original: true, text, blocks }, context.log);
      },
    });
  };
}
/** A button of the headline, there or in the Home tab: what its verb asks for where nothing is typed behind it. */
export const onHead = (context: Context) => clicked(context, steer, false);

/** *Cancel* under the preview of a public post: nothing is recorded. */
export function onCancel(context: Context): Middleware<ButtonArgs> {
  return async ({ body, ack }) => {
    await ack();
    await tell(context, body, said('Nothing was kept.'), true);
  };
}

async function publish(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(POST_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { intent, incident, key } = carried;
  const { asking: by, here } = await clickedBy(context, body, incident, key);
  const asking = { ...by, seesPrivate: here };
  const asked = { intent, incident, asking };
  const answer = await context.answer(asked);
  if (answer.kind !== 'refused') return replyFor(context, answer, asked, originOf(body));
  // Something was found that was no finding when it was shown: it is shown again, with that.
  const anew = { ...asked, intent: { ...intent, confirmed: false } };
  if (answer.refusal.code === 'POST_LEAKS') return askAndReply(context, anew, originOf(body));
  const reply = await replyFor(context, answer, asked, originOf(body));
  return reply && { ...reply, keeps: true };
}

const NO_ROOM = 'That is too long for a form in Slack. Type the command again, with the text as it is to be.';

async function strike(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(STRIKE_VALUE, action.value);
  if (!carried) return tooOld('Type `strike N REASON`.');
  const { incident, n, key } = carried;
  const { asking, here } = await clickedBy(context, body, incident, key);
  const intent: TypedIntent = { type: 'StrikeEntry', entry: n, reason: 'unpinned by who had pinned it' };
  const asked = { intent, incident, asking: { ...asking, seesPrivate: here } };
  return askAndReply(context, asked, originOf(body));
}

async function change(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(POST_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { intent, incident, key } = carried;
  return openPublish(context, body, incident, (from, { of }) =>
    changeModal(intent, { ...from, key, replaces: true }, of),
  );
}

async function write(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(WRITE_VALUE, action.value);
  if (!carried) return tooOld('Type `publish`.');
  return openPublish(context, body, carried.incident, FORMS.publish.view);
}

/** Opens a form of a public post, for whoever may publish there: the same that typing `publish` asks. */
async function openPublish(
  context: Context,
  body: BlockButtonAction,
  incident: number,
  viewOf: (from: Omit<From, 'post'>, shown: Shown) => types.ModalView | null,
): Promise<Reply | null> {
  const { here, ...asker } = await clickedBy(context, body, incident, null);
  const asked = { ...asker, implied: incident, chosen: !here, entered: plain('publish') };
  const answer = await context.answer(asked);
  if (answer.kind !== 'form') return replyFor(context, answer, asked, originOf(body));
  const shown = await shownIn(context, 'publish', incident, asker);
  const from = { incident, channel: body.channel?.id ?? null, reply: body.response_url || null };
  const view = viewOf(from, shown);
  if (!view) return said(NO_ROOM);
  if (await openView(context, body.trigger_id, view)) return null;
  return said(`Slack does not open the form now. Type it: ${context.command} publish identified TEXT`);
}

async function anyway(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(POST_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { intent, incident, key } = carried;
  const { asking: by, here } = await clickedBy(context, body, incident, key);
  const asked = {
    ...{ intent: { ...intent, confirmed: false }, incident },
    asking: { ...by, seesPrivate: here },
  };
  const answer = await context.answer(asked);
  const post = askedPost(answer);
  if (!post) return replyFor(context, answer, asked, originOf(body));
  const place = { channel: body.channel?.id ?? null, reply: body.response_url || null, replaces: true };
  const { preview, ...rest } = post;
  const view = previewModal(preview, { ...rest, key, ...place });
  if (!view) return said(NO_ROOM);
  if (await openView(context, body.trigger_id, view)) return null;
  return said(
    `Slack does not open the form now. Type it: ${context.command} publish identified --yes --anyway "WHY" TEXT`,
  );
}

async function edit(context: Context, { body }: Click): Promise<Reply | null> {
  const { view: open } = body;
  const carried = open && previewedIn(open);
  if (!open || !carried) return null;
  const { intent, ...from } = carried;
  const view = changeModal(intent, from, null);
  // It was small enough to be shown here: what does not fit is left as it stands, and can still be published.
  if (!view) return null;
  const result = await context.swift.call('views.update', { view_id: open.id, hash: open.hash, view });
  if (result.kind !== 'ok') context.log.warn({ view: 'publish' }, 'A preview did not give way to its form');
  return null;
}

async function choose(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(LINE_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { line, incident, key } = carried;
  // Of a line that was typed once one thing comes, whichever button is pressed, and how often.
  const reply = await asTyped(context, body, incident, line, key);
  return reply ?? said('The form is open.');
}

async function goOn(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(NEXT_VALUE, action.value);
  if (!carried) return tooOld(TYPE_AGAIN);
  const { line, incident, key, seen } = carried;
  return asTyped(context, body, incident, line, key, seen);
}

async function plan(context: Context, { body, action }: Click): Promise<Reply | null> {
  const offer = unpacked(OFFER_VALUE, action.value);
  if (!offer) return tooOld(TYPE_BESIDE);
  const { incident, runbook, inputs } = offer;
  const { asking, here } = await clickedBy(context, body, incident, null);
  // Not as a line: what stands in an input may hold quotes.
  const run = { runbook, inputs, planOnly: false };
  return askAndReply(context, { run, incident, asking: { ...asking, seesPrivate: here } }, originOf(body));
}

/** However often it is clicked, and by however many: of each offer there is one watch. */
async function watch(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(WATCH_VALUE, action.value);
  if (!carried) return tooOld('Type `watch`.');
  const { incident, n, span } = carried;
  return asTyped(context, body, incident, plain(`watch ${span}`), `watch:${incident}:${n}`);
}

async function reopen(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(REOPEN_VALUE, action.value);
  if (!carried) return tooOld('Type `reopen REASON`.');
  const { incident, watch, n } = carried;
  const key = `watch:reopen:${incident}:${watch}:${n}`;
  const { asking, here } = await clickedBy(context, body, incident, key);
  const intent: TypedIntent = { type: 'ReopenIncident', reason: `the watch saw it fail (#${n})` };
  return askAndReply(context, { intent, incident, asking: { ...asking, seesPrivate: here } }, originOf(body));
}

/**
 * Whoever was paged may say that they come, from wherever they read it. Where they may not know what it is about, the answer says
 * nothing of it either.
 */
async function acknowledge(context: Context, { body, action }: Click): Promise<Reply | null> {
  const carried = unpacked(PAGE_VALUE, action.value);
  if (!carried) return tooOld('Type `ack`.');
  const { incident, page } = carried;
  const key = `page:ack:${incident}:${page}:${body.user.id}`;
  const { asking, here } = await clickedBy(context, body, incident, key);
  const asked = { intent: { type: 'AcknowledgePage' as const, page }, incident, asking };
  const state = await lookedUp(context, triggerKey(body.trigger_id), () =>
    context.read.incident({ ...asking, seesPrivate: true }, incident),
  );
  if (isRefusal(state)) return refused(state);
  const knows = here || !state.private || state.members.includes(asking.by.id);
  if (knows)
    return askAndReply(context, { ...asked, asking: { ...asking, seesPrivate: here } }, originOf(body));
  const answer = await context.answer(asked);
  if (answer.kind === 'recorded') return said('Recorded: you come. Somebody who is in it lets you in.');
  // Whoever was not paged for it hears of no page either.
  const no = answer.kind === 'refused' ? answer.refusal : null;
  if (no && (isPassing(no) || no.code === 'NO_SUCH_INCIDENT')) return refused(no);
  return said('Somebody else has it in hand, or it is over. Nothing needs to be done.');
}

const TYPE_ACTIONS = '`help action` and `help done` say how it is typed.';

/** A double click is one decision, and so is the same button of the same reminder pressed again. */
async function aboutAction(context: Context, { body, action }: Click): Promise<Reply | null> {
  const what = action.action_id.replace(/^action:/, '');
  const carried = unpacked(ACTION_VALUE, action.value);
  if (!carried) return tooOld(TYPE_ACTIONS);
  const { incident, action: n, due } = carried;
  const request = triggerKey(body.trigger_id);
  const found = await lookedUp(context, request, async () => {
    const key = `action:${incident}:${n}:${what}:${due}:${body.user.id}`;
    const { asking, zone, here } = await clickedBy(context, body, incident, key);
    return { asking: { ...asking, seesPrivate: here }, zone };
  });
  if (isRefusal(found)) return refused(found);
  const { asking, zone } = found;
  const today = dayIn(asking.now, zone);
  // A day that is over already is moved on from today.
  const [, from = today] = [due, today].toSorted();
  const intent = meantByAction(what, n, from, body.user.id);
  const answer = await context.answer({ intent, incident, asking });
  const reply = await replyFor(context, answer, { intent, incident, asking }, originOf(body));
  // What is done already needs no button any more; any other *no* may be mended, and pressed again.
  const over = answer.kind !== 'refused' || OVER.has(answer.refusal.code);
  return reply && (over ? reply : { ...reply, keeps: true });
}

const OVER: ReadonlySet<string> = new Set(['ACTION_DONE', 'ACTION_NOT_YOURS', 'NO_SUCH_ACTION']);

/** @param from the day from which a week is counted: of what is overdue, today */
function meantByAction(what: string, action: number, from: string, user: string): TypedIntent {
  switch (what) {
    case 'done':
      return { type: 'CompleteAction', action };
    case 'week':
      return { type: 'ChangeAction', action, due: dayPlus(from, 7) };
    default:
      return { type: 'ChangeAction', action, owner: null, whose: user };
  }
}

/** What buttons of the headline stand for, of this version and of those before. */
const HEAD_VERBS: ReadonlySet<string> = new Set<string>([
  ...(['note', 'status', 'sev', 'lead', 'action', 'run', 'export', 'postmortem'] satisfies VerbName[]),
]);

async function steer(context: Context, { body, action }: Click): Promise<Reply | null> {
  const [, verb = ''] = action.action_id.split(':');
  const carried = unpacked(HEAD_VALUE, action.value);
  if (!carried || (verb !== 'take' && !HEAD_VERBS.has(verb)))
    return tooOld('`help` lists what can be typed.');
  const { incident } = carried;
  const asker = await lookedUp(context, triggerKey(body.trigger_id), () =>
    clickedBy(context, body, incident, null),
  );
  if (isRefusal(asker)) return refused(asker);
  const { here, ...by } = asker;
  const atHome = body.view?.type === 'home';
  const origin = { ...originOf(body), ...(atHome && { form: { from: { home: true as const } } }) };
  if (verb !== 'take') {
    const asked = { ...by, implied: incident, chosen: !here, entered: plain(verb) };
    return askAndReply(context, asked, origin);
  }
  // Nobody led when it was shown: if somebody does by now, it is not taken from them by whoever looked away.
  const { id, name } = by.asking.by;
  const intent: TypedIntent = { type: 'AssignRole', role: 'lead', person: { id, name }, seen: null };
  return askAndReply(context, { intent, incident, asking: { ...by.asking, seesPrivate: here } }, origin);
}
