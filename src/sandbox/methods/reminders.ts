import type { Fields } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { post } from '../workspace/posting.js';
import type { Reminder, World } from '../workspace/world.js';

const SLACKBOT = 'USLACKBOT';
const DAY_S = 86_400;
const MAX_AHEAD_S = 5 * 365 * DAY_S;
const UNITS: Record<string, number> = { second: 1, minute: 60, hour: 3600, day: DAY_S, week: 7 * DAY_S };
const FREQUENCIES = ['daily', 'weekly', 'monthly', 'yearly'];

/** Reminders of the person whose token it is; bots have none. */
export const reminders: Methods = {
  'reminders.add': {
    tier: 2,
    tokens: ['user'],
    scopes: ['reminders:write'],
    errors: [
      ...['cannot_parse', 'cannot_add_bot', 'cannot_add_others', 'cannot_add_slackbot', 'user_not_found'],
      'missing_argument',
    ],
    run: (call) => {
      const { world, args, me } = call;
      const text = args.text('text');
      if (!text || !args.has('time')) refuse('missing_argument');
      const user = args.text('user') || me;
      const whom = world.users.get(user);
      if (!whom) refuse('user_not_found');
      if (user === SLACKBOT) refuse('cannot_add_slackbot');
      if (whom.bot) refuse('cannot_add_bot');
      if (user !== me) refuse('cannot_add_others');
      const recurrence = recurrenceOf(call);
      const reminder: Reminder = {
        id: world.ids.make('Rm'),
        user,
        text,
        time: timeOf(args.text('time') ?? '', world.clock.seconds()),
        ...(recurrence ? { recurrence } : {}),
        completed: 0,
      };
      world.reminders.set(reminder.id, reminder);
      if (!recurrence) world.clock.at(reminder.time * 1000, () => remind(world, reminder.id));
      return { reminder: show(reminder) };
    },
  },
  'reminders.list': {
    tier: 2,
    tokens: ['user'],
    scopes: ['reminders:read'],
    errors: [],
    run: ({ world, me }) => ({
      reminders: [...world.reminders.values()].filter((it) => it.user === me).map(show),
    }),
  },
  'reminders.info': {
    tier: 2,
    tokens: ['user'],
    scopes: ['reminders:read'],
    errors: ['not_found', 'missing_argument'],
    run: (call) => ({ reminder: show(own(call)) }),
  },
  'reminders.complete': {
    tier: 2,
    tokens: ['user'],
    scopes: ['reminders:write'],
    errors: ['not_found', 'cannot_complete_recurring', 'missing_argument'],
    run: (call) => {
      const reminder = own(call);
      if (reminder.recurrence) refuse('cannot_complete_recurring');
      reminder.completed = call.world.clock.seconds();
      return {};
    },
  },
  'reminders.delete': {
    tier: 2,
    tokens: ['user'],
    scopes: ['reminders:write'],
    errors: ['not_found', 'missing_argument'],
    run: (call) => {
      call.world.reminders.delete(own(call).id);
      return {};
    },
  },
};

/** Slackbot says it in the person's direct messages, where the app is not. */
function remind(world: World, id: string): void {
  const reminder = world.reminders.get(id);
  if (!reminder || reminder.completed > 0) return;
  const { channel } = world.direct([SLACKBOT, reminder.user]);
  post(world, channel, { user: SLACKBOT, text: `Reminder: ${reminder.text}` });
}

function own(call: Call): Reminder {
  const id = call.args.text('reminder');
  if (!id) refuse('missing_argument');
  const reminder = call.world.reminders.get(id);
  if (reminder?.user !== call.me) refuse('not_found');
  return reminder;
}

function show(reminder: Reminder): Fields {
  return {
    id: reminder.id,
    creator: reminder.user,
    user: reminder.user,
    text: reminder.text,
    recurring: reminder.recurrence !== undefined,
    ...(reminder.recurrence
      ? { recurrence: reminder.recurrence }
      : { time: reminder.time, complete_ts: reminder.completed }),
  };
}

/**
 * A time to come, in seconds since the epoch: a number (seconds from now when less than a day), or words like
 * `in 15 minutes`. Slack understands many more words than this.
 */
function timeOf(given: string, now: number): number {
  const words = /^in (\d+) (second|minute|hour|day|week)s?$/i.exec(given.trim());
  const unit = UNITS[words?.[2]?.toLowerCase() ?? ''];
  if (words && unit) return now + Number(words[1]) * unit;
  const number = Number(given);
  if (!Number.isInteger(number) || number <= 0) refuse('cannot_parse');
  const time = number < DAY_S ? now + number : number;
  if (time <= now || time > now + MAX_AHEAD_S) refuse('cannot_parse');
  return time;
}

function recurrenceOf(call: Call): Reminder['recurrence'] {
  const given = call.args.object('recurrence', 'cannot_parse');
  if (!given) return undefined;
  const { frequency, weekdays } = given;
  if (typeof frequency !== 'string' || !FREQUENCIES.includes(frequency)) refuse('cannot_parse');
  return { frequency, ...(Array.isArray(weekdays) ? { weekdays: weekdays.map(String) } : {}) };
}
