import { setTimeout as sleep } from 'node:timers/promises';
import type {
  BlockButtonAction,
  Middleware,
  SlackActionMiddlewareArgs,
  SlackEventMiddlewareArgs,
} from '@slack/bolt';
import { z } from 'zod';
import { plain } from '#domain/command/entered.js';
import type { Asking, TypedIntent } from '#domain/incident/intent.js';
import { isLimited } from '#domain/permission.js';
import { isRefusal } from '#domain/refusal.js';
import { dayIn } from '#render/clock.js';
import { ITEM_VALUE, unpacked } from './blocks/buttons.js';
import { type HomeShown, homeView } from './blocks/home.js';
import { escaped } from './blocks/text.js';
import {
  type Asker,
  askAndReply,
  askerOf,
  type Context,
  type Homes,
  interaction,
  isInChannelOf,
  lookedUp,
  type Reply,
  refused,
  said,
  tellAlone,
  triggerKey,
} from './listener.js';
import { refilled, rememberedIn, valuesOf } from './modals/form.js';
import { FORMS, shownIn } from './modals/modals.js';
import type { SlackClient } from './transport/client.js';

/** Runs whose message is linked: each link is a call. */
const LINKED = 5;
/** Longer than this nobody looks at a tab that does not change; opening it again asks anew. */
const LONGEST_WAIT_MS = 15_000;

/**
 * The Home tab. Nothing of it is kept or owed: it is read when somebody opens it, and after what they press in it, so that
 * an incident with two hundred people in it costs nothing. One publication for each person at a time; what comes
 * meanwhile leads to one more, so the last one shown is the newest.
 */
export function createHomes(context: Context): Homes {
  /** What is still to be said to people whose tab is being made; empty: only that it is to be made once more. */
  const under = new Map<string, string[] | null>();

  async function keepUp(payload: unknown, user: string, first: string[]): Promise<void> {
    for (let notices: string[] | null = first; notices !== null; notices = under.get(user) ?? null) {
      under.set(user, null);
      try {
        if (await publish(context, payload, user, notices)) continue;
      } catch (error) {
        context.log.warn({ err: error, user }, 'A Home tab could not be shown');
      }
      for (const notice of notices) await tellAlone(context, user, said(notice));
    }
    under.delete(user);
  }

  return {
    refresh(payload, user, notice) {
      const notices = notice === undefined ? [] : [notice];
      const before = under.get(user);
      if (before === undefined) void keepUp(payload, user, notices);
      else under.set(user, [...(before ?? []), ...notices]);
    },
  };
}

/** @returns whether it is shown now */
async function publish(
  context: Context,
  payload: unknown,
  user: string,
  notices: readonly string[],
): Promise<boolean> {
  const view = homeView({ ...(await shownTo(context, payload, user)), notices });
  for (let tries = 0; tries < 2; tries++) {
    const result = await context.client.call('views.publish', { user_id: user, view });
    if (result.kind === 'ok') return true;
    if (result.kind === 'refused') {
      context.log.warn({ user, why: result.error }, 'Slack does not take a Home tab');
      return false;
    }
    const wait = result.kind === 'ratelimited' ? result.retryAfterMs : 1_000;
    if (wait > LONGEST_WAIT_MS) return false;
    await sleep(wait, undefined, { ref: false });
  }
  return false;
}

async function shownTo(
  context: Context,
  payload: unknown,
  user: string,
): Promise<Omit<HomeShown, 'notices'>> {
  const { command, zone } = context;
  const now = context.now();
  const around = { links: new Map(), command, now, today: dayIn(now, zone) };
  const bare = { mine: null, unsure: false, limited: false, ...around };
  const read = await lookedUp(
    context,
    null,
    async () => {
      const { asking, zone } = await metAsker(context, payload, user);
      const inside = await channelsOf(context.client, user);
      const mine = await context.mine(asking, inside);
      return { mine, unsure: inside === null, limited: isLimited(asking.account), today: dayIn(now, zone) };
    },
    true,
  );
  if (isRefusal(read)) return { ...bare, problem: `${read.sentence} ${read.next}`.replaceAll('`', '') };
  const links = new Map<string, string>();
  await Promise.all(
    read.mine.waiting.slice(0, LINKED).map(async ({ of, run }) => {
      const address = run.message && (await context.permalink(run.message.channel, run.message.ts));
      if (address) links.set(`${of.number}/${run.run}`, address);
    }),
  );
  return { ...bare, ...read, links };
}

/** What somebody is shown depends on their kind of account: of a stranger Slack is asked. */
async function metAsker(context: Context, payload: unknown, user: string): Promise<Asker> {
  const actor = { payload, user };
  const asker = await askerOf(context, actor, null);
  if (asker.asking.account !== 'unknown') return asker;
  await context.people.meet(asker.asking.team, user);
  return askerOf(context, actor, null);
}

const PAGE = z.object({
  channels: z.array(z.object({ id: z.string() })),
  response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish(),
});
/** Somebody may be in thousands of channels. */
const PAGES = 4;

/** @returns the channels that somebody is in, as far as we see them; null: Slack does not say */
async function channelsOf(client: SlackClient, user: string): Promise<Set<string> | null> {
  const found = new Set<string>();
  let cursor = '';
  for (let page = 0; page < PAGES; page++) {
    const result = await client.call('users.conversations', {
      ...{ user, types: 'public_channel,private_channel', exclude_archived: true, limit: 999 },
      ...(cursor && { cursor }),
    });
    const read = result.kind === 'ok' ? PAGE.safeParse(result.data) : null;
    if (!read?.success) return null;
    for (const { id } of read.data.channels) found.add(id);
    cursor = read.data.response_metadata?.next_cursor ?? '';
    if (cursor === '') return found;
  }
  return found;
}

const OPENED = z.object({ user: z.string().min(1), tab: z.string().nullish() });

/** Somebody looks at the app: its Home tab is made anew. */
export function onHomeOpened(context: Context): Middleware<SlackEventMiddlewareArgs<'app_home_opened'>> {
  return async ({ event, body }) => {
    const read = OPENED.safeParse(event);
    if (!read.success || read.data.tab === 'messages') return;
    context.homes.refresh(body, read.data.user);
  };
}

type ButtonArgs = SlackActionMiddlewareArgs<BlockButtonAction>;

/** *Refresh* there. */
export function onRefresh(context: Context): Middleware<ButtonArgs> {
  return async ({ body, ack }) => {
    await ack();
    context.homes.refresh(body, body.user.id);
  };
}

/** *Declare an incident* there, and the global shortcut of that name: the form that `open` alone opens. */
export function onDeclare(
  context: Context,
): (args: {
  body: { trigger_id: string; user: { id: string; name?: string; username?: string }; view?: unknown };
  ack: () => Promise<void>;
}) => Promise<void> {
  return ({ body, ack }) =>
    interaction(context, {
      request: triggerKey(body.trigger_id),
      work: declare(context, body),
      ack,
      // A form that did not open has used the trigger, or Slack is not well.
      tell: (reply) => tellAlone(context, body.user.id, reply, body.trigger_id),
    });
}

async function declare(
  context: Context,
  body: { trigger_id: string; user: { id: string; name?: string; username?: string }; view?: unknown },
): Promise<Reply | null> {
  const { user, trigger_id: trigger } = body;
  const request = triggerKey(trigger);
  const actor = { payload: body, user: user.id, handle: user.username ?? user.name ?? null };
  const asker = await lookedUp(context, request, () => askerOf(context, actor, request));
  if (isRefusal(asker)) return refused(asker);
  const home = body.view === undefined ? {} : { form: { from: { home: true as const } } };
  const asked = { ...asker, implied: null, entered: plain('open') };
  return askAndReply(context, asked, { channel: '', trigger, reply: null, ...home });
}

/** *Done* beside an action item, in the form of the actions or in the Home tab: what was pressed in says what came of it. */
export function onItemDone(context: Context): Middleware<ButtonArgs> {
  return async ({ body, action, ack }) => {
    const atHome = body.view?.type === 'home';
    await interaction(context, {
      request: triggerKey(body.trigger_id),
      work: tickOff(context, body, action.value),
      ack,
      tell: async (reply) =>
        atHome ? context.homes.refresh(body, body.user.id, reply.words) : showIn(context, body, reply),
    });
  };
}

async function tickOff(
  context: Context,
  body: BlockButtonAction,
  value: string | undefined,
): Promise<Reply | null> {
  const carried = unpacked(ITEM_VALUE, value);
  if (!carried) return said('That button is too old to be understood. Type `done N`.');
  const { incident, action } = carried;
  const asking = await lookedUp(context, triggerKey(body.trigger_id), () =>
    clickerIn(context, body, incident),
  );
  if (isRefusal(asking)) return refused(asking);
  const intent: TypedIntent = { type: 'CompleteAction', action };
  return askAndReply(
    context,
    { intent, incident, asking },
    { channel: '', trigger: body.trigger_id, reply: null },
  );
}

async function clickerIn(context: Context, body: BlockButtonAction, incident: number): Promise<Asking> {
  const { user, view } = body;
  const actor = { payload: body, user: user.id, handle: user.username ?? user.name ?? null };
  const { asking } = await askerOf(context, actor, triggerKey(body.trigger_id));
  const from = view ? rememberedIn(view) : null;
  const here = await isInChannelOf(context, asking, from?.channel, incident);
  return { ...asking, seesPrivate: here };
}

/** The form with the items as they are now, and what was typed in it; and what came of the press. */
async function showIn(context: Context, body: BlockButtonAction, reply: Reply): Promise<void> {
  const { view, user } = body;
  if (view?.type !== 'modal') return tellAlone(context, user.id, reply);
  const from = rememberedIn(view);
  const { asking, zone } = await metAsker(context, body, user.id);
  const problem = escaped(reply.words.replaceAll('`', ''));
  const shown = await shownIn(context, 'action', from.incident, { asking, zone }, { problem });
  const anew = refilled(FORMS.action.view(from, shown), valuesOf(view));
  const result = await context.swift.call('views.update', { view_id: view.id, view: anew });
  // The form has been closed meanwhile.
  if (result.kind !== 'ok') await tellAlone(context, user.id, reply);
}
