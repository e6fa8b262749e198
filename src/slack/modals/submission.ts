import type {
  Middleware,
  SlackViewMiddlewareArgs,
  types,
  ViewResponseAction,
  ViewSubmitAction,
} from '@slack/bolt';
import type { Asked, Exporting } from '#answer/answer.js';
import type { FormName } from '#domain/command/verbs.js';
import type { Asking, CapturedMessage } from '#domain/incident/intent.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal, type Refusal, type RefusalCode, refuse } from '#domain/refusal.js';
import { readInputs } from '#domain/run/inputs.js';
import { scrubSecrets } from '#domain/secret/scrub.js';
import type { PostPreview } from '#domain/status/publish.js';
import type { RunAsked } from '#runbooks/definition/shelf.js';
import { escaped } from '../blocks/text.js';
import {
  type Answer,
  type Asker,
  askedPost,
  askerOf,
  type Context,
  ephemeral,
  interaction,
  isInChannelOf,
  lookedUp,
  type Reply,
  refused,
  replyFor,
  respondTo,
  said,
  tellDirectly,
  triggerKey,
} from '../listener.js';
import {
  type From,
  type Meant,
  receiptModal,
  refilled,
  rememberedIn,
  type Values,
  valuesOf,
  type Wrong,
} from './form.js';
import { asItIs, FORMS, shownIn } from './modals.js';
import { type Previewed, previewedIn, previewModal, reasonsIn } from './preview.js';
import { fieldOf, runIn } from './run.js';
import { resolvedSince, seenOf } from './steer.js';

/** Where it is not all of a form that is wrong. */
const AT_FAULT: { readonly [C in RefusalCode]?: string } = {
  STATUS_UNCHANGED: 'text',
  NEXT_UPDATE_PAST: 'next',
  NO_UPDATE_DUE: 'next',
  NOT_WITHIN: 'next',
  POST_NAMES_NOTHING: 'states',
  COMPONENT_NOT_PUBLIC: 'states',
};

/** A submitted form asks for what a command line could ask for; it is not put into one, where a quote could end a field. */
export function onSubmission(
  context: Context,
  form: FormName,
  sent: Sent,
): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return async ({ body, view, ack }) => {
    const values = valuesOf(view);
    const from = rememberedIn(view);
    await interaction<ViewResponseAction>(context, {
      request: triggerKey(body.trigger_id),
      work: submit(context, form, body, values, from, sent),
      failed: (reply) => withTyped(reply, values),
      ack,
      inAnswer(reply) {
        const { block, words, view } = reply;
        if (view) return { response_action: 'update', view };
        if (block) return { response_action: 'errors', errors: { [block]: words.replaceAll('`', '') } };
        // Without a response address nothing else is sure to reach the person.
        if (from.reply !== null) return undefined;
        return { response_action: 'update', view: receiptModal(ephemeral(reply).text ?? '') };
      },
      // The form is closed by now: what was typed into it must not be lost with it.
      tell(reply) {
        const lost = reply.block !== undefined || (reply.view !== undefined && !reply.blocks);
        return tell(context, from, body.user.id, lost ? withTyped(reply, values) : reply);
      },
    });
    if (from.home) context.homes.refresh(body, body.user.id);
  };
}

/** Of the message that an incident is opened from. */
export interface Sent {
  /** @returns the message as it may be recorded, or why it may not be; null: it is to be fetched from its place, or there is none */
  read(carried: unknown, asking: Asking): Promise<CapturedMessage | Refusal | null>;
  /** It is recorded with that incident, or is to be. @returns what else there is to say of it */
  recorded(
    carried: unknown,
    incident: number,
    asking: Asking,
    message: CapturedMessage | null,
  ): Promise<string | null>;
}

/** @returns what to say; with `block`, an input is at fault and the form stays open */
async function submit(
  context: Context,
  form: FormName,
  body: ViewSubmitAction,
  values: Values,
  from: From,
  sent: Sent,
): Promise<Reply | null> {
  const block = mainOf(form, from);
  if (form !== 'open' && from.incident === null) {
    return { ...said('That form is too old to be understood. Type the command again.'), block };
  }
  const request = triggerKey(body.trigger_id);
  const asker = await lookedUp(context, request, () =>
    submittedBy(context, body, from, from.post?.key ?? null),
  );
  if (isRefusal(asker)) return { ...refused(asker), block };
  const { asking } = asker;
  const meant = await meantBy(context, form, values, from, asker);
  if ('view' in meant) return { ...said(TOO_LATE), view: meant.view };
  if ('wrong' in meant) return { ...refused(meant.wrong), block: meant.block };
  const message = from.message === undefined ? null : await sent.read(from.message, asking);
  if (isRefusal(message)) return { ...refused(message), block };
  const asked = askedFor(meant, from, asking, message);
  const answer = await context.answer(asked);
  const reply = await replyFor(context, answer, asked, {
    channel: from.channel ?? '',
    trigger: body.trigger_id,
    reply: from.reply,
  });
  if (reply === null) return null;
  if (answer.kind === 'recorded' && from.message !== undefined) {
    const opened = answer.recorded?.incident;
    const more = opened ? await sent.recorded(from.message, opened, asking, message) : null;
    return more ? { ...reply, words: `${reply.words}\n${more}` } : reply;
  }
  if (answer.kind !== 'refused') return reply;
  const previewed = askedPost(answer);
  if (previewed) {
    const { preview, ...carried } = previewed;
    const { channel, reply: receipt } = from;
    const replaces = from.post?.replaces ?? false;
    const view = previewModal(preview, { ...carried, key: asking.key, channel, reply: receipt, replaces });
    return view ? { ...reply, view } : { ...tooLong(context.command, preview.leaks.length > 0), block };
  }
  const { code } = answer.refusal;
  if (code === 'CHANGED_SINCE') return shownAgain(context, form, values, from, asker, reply);
  // It may have been recorded: a form that stays open would ask to be sent again, as another entry.
  if (code === 'NOT_CONFIRMED') return withTyped(reply, values);
  return { ...reply, block: AT_FAULT[code] ?? block };
}

/** Said only where the second form of a run could not be shown any more. */
const TOO_LATE = 'The form for its inputs came too late. Press *Run* again, or type `run NAME key=value`.';

type FormMeant = Meant | { ask: Exporting['ask'] } | { run: RunAsked };

/** The field at which it is said what is wrong with all of it; the second form of a run has none for the runbook. */
const mainOf = (form: FormName, { runbook }: From) => (runbook === undefined ? FORMS[form].main : 'plan');

/** @returns what the form asks for, what is wrong in it, or what it gives way to: the inputs of the runbook that was chosen */
async function meantBy(
  context: Context,
  form: FormName,
  values: Values,
  from: From,
  { asking, zone, zoneKnown }: Asker,
): Promise<FormMeant | Wrong | { view: types.ModalView }> {
  const { command, components, shelf } = context;
  if (form !== 'run') {
    const { post, seen } = from;
    const at = { now: asking.now, zone, zoneKnown, command, components };
    const meant = FORMS[form].meant(values, { ...at, ...(post && { post }), ...(seen && { seen }) });
    if (form !== 'note' && form !== 'log') return meant;
    if (!('intent' in meant) || !seen) return meant;
    const of = await asItIs(context, asking, from.incident);
    const over = resolvedSince(from, of);
    return over ? { ...meant, notes: [...meant.notes, over] } : meant;
  }
  const block = mainOf(form, from);
  const name = from.runbook ?? values.chosen('runbook')[0] ?? '';
  const kept = await lookedUp(context, asking.key, () => shelf.get(name));
  if (isRefusal(kept)) return { wrong: kept, block };
  if (kept === null)
    return { wrong: refuse('NO_SUCH_RUNBOOK', { runbook: name.slice(0, 80), closest: [] }), block };
  if ('problems' in kept)
    return { wrong: refuse('BAD_RUNBOOK', { runbook: name, problems: kept.problems }), block };
  const { runbook } = kept;
  const shown = () => shownIn(context, 'note', null, { asking, zone }, { runbook });
  if (from.runbook === undefined) return { view: FORMS.run.view(from, await shown()) };
  const run = runIn(runbook, values);
  const read = readInputs(runbook.inputs, run.inputs);
  if (!('problem' in read)) return { run };
  const { problem } = read;
  const field = Object.hasOwn(runbook.inputs, problem.input) ? fieldOf(problem.input) : 'plan';
  return { wrong: refuse('BAD_INPUT', { runbook: runbook.name, ...problem }), block: field };
}

function askedFor(meant: FormMeant, from: From, asking: Asking, message: CapturedMessage | null): Asked {
  const { incident } = from;
  // A form without an incident is that of `open`, which asks for neither.
  if ('ask' in meant) return { ask: meant.ask, incident: incident ?? 0, asking };
  if ('run' in meant) return { run: meant.run, incident: incident ?? 0, asking };
  const { intent, notes } = meant;
  const opens = intent.type === 'OpenIncident' && message ? { ...intent, message } : intent;
  return { intent: opens, notes, incident, asking };
}

/** Somebody was first: the form says so, shows what is so now, and keeps what was typed. Sent again, it is meant. */
async function shownAgain(
  context: Context,
  form: FormName,
  values: Values,
  from: From,
  { asking, zone }: Asker,
  reply: Reply,
): Promise<Reply> {
  const problem = `:warning: ${escaped(reply.words.replaceAll('`', ''))}`;
  const shown = await shownIn(context, form, from.incident, { asking, zone }, { problem });
  const view = FORMS[form].view({ ...from, ...(shown.of && { seen: seenOf(shown.of) }) }, shown);
  return { ...reply, view: refilled(view, values) };
}

function tooLong(command: string, leaks: boolean): Reply {
  const line = `${command} publish identified --yes ${leaks ? '--anyway "WHY" ' : ''}TEXT`;
  return said(`That is too long for a preview in Slack. Shorten it, or type it on a line: ${line}`);
}

/** *Publish* in the preview of a form. */
export function onPreview(context: Context): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const values = valuesOf(view);
    const previewed = previewedIn(view);
    const place = { channel: previewed?.channel ?? null, reply: previewed?.reply ?? null };
    const from = { ...place, replaces: previewed?.replaces ?? false };
    const withText = (reply: Reply): Reply =>
      previewed ? { ...reply, words: `${reply.words}\n\nYou typed: ${previewed.intent.text}` } : reply;
    return interaction<ViewResponseAction>(context, {
      request: triggerKey(body.trigger_id),
      work: previewed
        ? publish(context, body, previewed, values)
        : Promise.resolve(said('That form is too old to be understood. Type the command again.')),
      // Its key makes another try the same post, whatever came of this one.
      failed: (reply) => (previewed ? stillAsked(previewed, values, reply, null) : reply),
      ack,
      inAnswer(reply) {
        if (reply.view) return { response_action: 'update', view: reply.view };
        if (from.reply !== null) return undefined;
        return { response_action: 'update', view: receiptModal(ephemeral(reply).text ?? '') };
      },
      tell: (reply) => tell(context, from, body.user.id, reply.view ? withText(reply) : reply),
    });
  };
}

/** It did not come to a post: the preview stays, and says why. */
function stillAsked(previewed: Previewed, values: Values, reply: Reply, preview: PostPreview | null): Reply {
  const view = previewModal(preview, previewed, { problem: reply.words.replaceAll('`', ''), values });
  return { ...reply, ...(view && { view }), keeps: true };
}

/**
 * What the check finds now has to have been answered: people may have joined since, or words been added to tocsin.yml. The
 * key is that of the question, so that sending it again, even when it is not known what came of it, is one post.
 */
async function publish(
  context: Context,
  body: ViewSubmitAction,
  previewed: Previewed,
  values: Values,
): Promise<Reply | null> {
  const { intent, incident, key, channel, reply } = previewed;
  const again = (reply: Reply, preview: PostPreview | null) => stillAsked(previewed, values, reply, preview);
  const from = { incident, channel, reply };
  const asker = await lookedUp(context, triggerKey(body.trigger_id), () =>
    submittedBy(context, body, from, key),
  );
  if (isRefusal(asker)) return again(refused(asker), null);
  const asked = (confirmed: boolean, anyway: string | null) => ({
    ...{ intent: { ...intent, confirmed, anyway }, incident, asking: asker.asking },
  });
  const origin = { channel: channel ?? '', trigger: body.trigger_id, reply };
  const first = await context.answer(asked(false, null));
  const post = askedPost(first);
  let answer: Answer = first;
  if (post) {
    const reasons = reasonsIn(post.preview, values);
    if (reasons === null)
      return again(
        said('This was found since, or has no reason yet. Say why, or change the text.'),
        post.preview,
      );
    answer = await context.answer(asked(true, reasons || null));
  }
  const told = await replyFor(context, answer, asked(true, null), origin);
  if (answer.kind !== 'refused' || told === null) return told;
  return again(told, post?.preview ?? null);
}

function withTyped(reply: Reply, values: Values): Reply {
  return { ...reply, words: `${reply.words}\n\nYou typed: ${scrubSecrets(values.all()).text}` };
}

/** @param key of the question that the form answers; null: the submission's own trigger */
async function submittedBy(
  context: Context,
  body: ViewSubmitAction,
  from: From,
  key: string | null,
): Promise<Asker> {
  const actor = {
    payload: body,
    user: body.user.id,
    handle: body.user.name,
    channel: from.channel,
  };
  // A form that was mended is submitted again under the same view; each submission has a trigger of its own.
  const asker = await askerOf(context, actor, key ?? triggerKey(body.trigger_id));
  const { asking } = asker;
  // Who opened a form in an incident's channel was in it; elsewhere a private incident can be named by anybody.
  const seesPrivate = await mayRecord(context, asking, from);
  return { ...asker, asking: { ...asking, seesPrivate } };
}

/** What a full member records in a public incident does not wait for Slack; whoever must be in the channel is looked for. */
async function mayRecord(context: Context, asking: Asking, { channel, incident }: From): Promise<boolean> {
  if (channel === null || incident === null) return false;
  if ((await context.where.incident(asking.team, channel)) !== incident) return false;
  const state = await context.read.incident({ ...asking, seesPrivate: true }, incident);
  if (isRefusal(state)) return false;
  if (!state.private && !isLimited(asking.account)) return true;
  return isInChannelOf(context, asking, channel, incident);
}

/** Where a form came from; `replaces`: what comes of it takes the place of the message of `reply`. */
type Place = Pick<From, 'channel' | 'reply' | 'post'> & { replaces?: boolean };

/**
 * To that person alone: through the command's own response address; when that is used up (a form was open for half an hour), in
 * the channel if the bot is there; else as a direct message.
 */
async function tell(context: Context, from: Place, user: string, reply: Reply): Promise<void> {
  const message = ephemeral(reply);
  const replaces = (from.replaces ?? from.post?.replaces) === true && !reply.keeps;
  const answered = { ...(replaces && { replace_original: true }), ...message };
  if (await respondTo(from.reply, answered, context.log)) return;
  const { text } = message;
  const shows = { text, ...(reply.blocks && { blocks: reply.blocks }) };
  if (from.channel) {
    const shown = await context.client.call('chat.postEphemeral', { channel: from.channel, user, ...shows });
    if (shown.kind === 'ok') return;
  }
  await tellDirectly(context, user, shows);
}
