import type {
  BlockButtonAction,
  Middleware,
  SlackViewMiddlewareArgs,
  types,
  ViewSubmitAction,
} from '@slack/bolt';
import { z } from 'zod';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal } from '#domain/refusal.js';
import { refOf } from '#domain/words.js';
import { ALERT_VALUE, type CarriedAlerts } from '../blocks/alert.js';
import { unpacked } from '../blocks/buttons.js';
import { cut, plain as literal } from '../blocks/text.js';
import {
  askAndReply,
  askerOf,
  type Context,
  ephemeral,
  interaction,
  isInChannelOf,
  lookedUp,
  openView,
  type Reply,
  refused,
  respondTo,
  said,
  triggerKey,
} from '../listener.js';
import { input, modal, valuesOf } from '../modals/form.js';
import { type Click, clicked, clickedBy, originOf, tooOld } from './click.js';

/** A button under alerts. The message itself is brought up to date by what the decision leads to. */
export const onAlertButton = (context: Context) => clicked(context, aboutAlerts, false);
const TYPE_ALERTS = '`help attach`, `help split`, `help mute` and `help dismiss` say how it is typed.';
const MUTED_MS = 3_600_000;

async function aboutAlerts(context: Context, { body, action }: Click): Promise<Reply | null> {
  const what = action.action_id.replace(/^alerts:/, '');
  const carried = unpacked(ALERT_VALUE, action.value);
  if (!carried) return tooOld(TYPE_ALERTS);
  const { incident, key } = carried;
  const asking = await lookedUp(context, triggerKey(body.trigger_id), async () => {
    const by = await clickedBy(context, body, incident, alertKeyOf(what, carried, body.user.id));
    return { ...by.asking, seesPrivate: by.here };
  });
  if (isRefusal(asking)) return refused(asking);
  // Who may never is told so now, and not when they have chosen.
  if (what === 'attach' && !isLimited(asking.account)) return offerTargets(context, body, carried, asking);
  if (what === 'mute' || what === 'unmute') {
    const until = what === 'mute' ? new Date(asking.now.getTime() + MUTED_MS) : null;
    return askAndReply(context, { mute: { key, until }, asking }, originOf(body));
  }
  const intent = meantByAlerts(what, carried);
  if (!intent) return tooOld(TYPE_ALERTS);
  return askAndReply(context, { intent, incident, asking }, originOf(body));
}

/** As for runs: a double click is one decision. A later one, after something has changed, is another. */
function alertKeyOf(what: string, { incident, group, mark }: CarriedAlerts, user: string): string {
  return `alerts:${incident}:${group}:${what}:${mark}:${user}`;
}

function meantByAlerts(what: string, { group }: CarriedAlerts): TypedIntent | null {
  switch (what) {
    case 'attach':
    case 'split':
      return { type: 'MoveAlerts', group, to: null };
    case 'dismiss':
      return { type: 'DismissIncident', reason: null };
    case 'resolve':
      return { type: 'ChangeStatus', status: 'resolved', moment: null, text: null };
    default:
      return null;
  }
}

/** Opens the form in which it is said where a group of alerts belongs: to one of the open incidents that whoever clicks may see. */
async function offerTargets(
  context: Context,
  body: BlockButtonAction,
  { incident, group, key }: CarriedAlerts,
  asking: Asking,
): Promise<Reply | null> {
  const open = await lookedUp(
    context,
    triggerKey(body.trigger_id),
    async () => {
      const of = await context.read.incident(asking, incident);
      return isRefusal(of) ? of : context.read.open({ ...asking, seesPrivate: false });
    },
    true,
  );
  if (isRefusal(open)) return refused(open);
  const others = open.filter(({ number }) => number !== incident).reverse();
  if (others.length === 0) {
    const words = 'No other incident is open. *Split* gives them one of their own.';
    return { ...said(words), formatted: true };
  }
  const channel = body.channel?.id ?? null;
  const from: Attaching = { incident, group, channel, reply: body.response_url || null };
  if (await openView(context, body.trigger_id, attachModal(others, key, JSON.stringify(from)))) return null;
  return said(
    `Slack does not open the form now. Type it: ${context.command} attach ${key} INC-N, with the number of the other incident`,
  );
}

/** What the form remembers of the button that opened it. */
const ATTACHING = z.object({
  incident: z.number().int().positive(),
  group: z.string(),
  channel: z.string().nullable(),
  reply: z.string().nullable(),
});
type Attaching = z.infer<typeof ATTACHING>;

export function attachModal(others: readonly IncidentState[], key: string, from: string): types.ModalView {
  const options = others.slice(0, 100).map((state) => ({
    text: literal(cut(`${refOf(state.number)} ${state.title}`, 75)),
    value: String(state.number),
  }));
  const select = { type: 'static_select' as const, placeholder: literal('Choose one'), options };
  const label = cut(`Where do the alerts of ${key} belong?`, 150);
  return modal({
    callbackId: 'attach',
    title: 'Attach alerts',
    submit: 'Attach',
    from,
    blocks: [input('incident', label, select)],
  });
}

/** An open incident has been chosen for a group of alerts. */
export function onAttach(context: Context): Middleware<SlackViewMiddlewareArgs<ViewSubmitAction>> {
  return ({ body, view, ack }) => {
    const from = attachingIn(view.private_metadata);
    return interaction(context, {
      request: triggerKey(body.trigger_id),
      work: attach(context, body, Number(valuesOf(view).chosen('incident')[0]), from),
      ack,
      tell: (reply) => respondTo(from?.reply, ephemeral(reply), context.log),
    });
  };
}

function attachingIn(carried: string): Attaching | null {
  try {
    return ATTACHING.parse(JSON.parse(carried));
  } catch {
    return null;
  }
}

async function attach(
  context: Context,
  body: ViewSubmitAction,
  to: number,
  from: Attaching | null,
): Promise<Reply | null> {
  if (!from || !Number.isInteger(to))
    return { ...said('That form is too old. Press *Attach* again.'), formatted: true };
  const { incident, group, channel, reply } = from;
  const request = triggerKey(body.trigger_id);
  const asking = await lookedUp(context, request, async () => {
    const actor = { payload: body, user: body.user.id, handle: body.user.name };
    const asker = await askerOf(context, actor, request);
    const here = await isInChannelOf(context, asker.asking, channel, incident);
    return { ...asker.asking, seesPrivate: here };
  });
  if (isRefusal(asking)) return refused(asking);
  const intent: TypedIntent = { type: 'MoveAlerts', group, to };
  const origin = { channel: channel ?? '', trigger: body.trigger_id, reply };
  return askAndReply(context, { intent, incident, asking }, origin);
}
