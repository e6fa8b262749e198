import { type Fields, isFields, textOf } from '../fields.js';
import { refuse } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';
import { isSame, type Participant, type PlatformCall, renderCall } from '../workspace/objects/call.js';

/** Calls of another service that an app tells Slack of; a `call` block shows one in a message. */
export const calls: Methods = {
  'calls.add': {
    tier: 3,
    scopes: ['calls:write'],
    errors: ['invalid_created_by', 'invalid_start_time', 'user_not_found'],
    run: (call) => ({ call: renderCall(begin(call)) }),
  },
  'calls.info': {
    tier: 3,
    scopes: ['calls:read'],
    errors: ['invalid_call_id'],
    run: (call) => ({ call: renderCall(known(call)) }),
  },
  'calls.update': {
    tier: 3,
    scopes: ['calls:write'],
    errors: ['invalid_call_id'],
    run: (call) => {
      const found = known(call);
      found.title = call.args.text('title') ?? found.title;
      found.joinUrl = call.args.text('join_url') ?? found.joinUrl;
      found.desktopUrl = call.args.text('desktop_app_join_url') ?? found.desktopUrl;
      call.world.changed();
      return { call: renderCall(found) };
    },
  },
  'calls.end': {
    tier: 3,
    scopes: ['calls:write'],
    errors: ['invalid_call_id', 'inactive_call'],
    run: (call) => {
      const found = active(call);
      const duration = Number(call.args.text('duration') || Number.NaN);
      found.ended = Number.isInteger(duration) ? found.start + duration : call.world.clock.seconds();
      found.participants = [];
      call.world.changed();
      return {};
    },
  },
  'calls.participants.add': {
    tier: 3,
    scopes: ['calls:write'],
    errors: ['invalid_call_id', 'inactive_call', 'bad_users', 'missing_argument', 'user_not_found'],
    run: (call) => {
      const found = active(call);
      for (const one of participants(call)) {
        if (!found.participants.some((other) => isSame(one, other))) found.participants.push(one);
        if (!found.everybody.some((other) => isSame(one, other))) found.everybody.push(one);
      }
      call.world.changed();
      return {};
    },
  },
  'calls.participants.remove': {
    tier: 3,
    scopes: ['calls:write'],
    errors: ['invalid_call_id', 'inactive_call', 'bad_users', 'missing_argument', 'user_not_found'],
    run: (call) => {
      const found = active(call);
      const gone = participants(call);
      found.participants = found.participants.filter((it) => !gone.some((one) => isSame(one, it)));
      call.world.changed();
      return {};
    },
  },
};

function begin(call: Call): PlatformCall {
  const { args, world } = call;
  const externalId = args.need('external_unique_id');
  const joinUrl = args.need('join_url');
  // A bot says for whom; a person's token speaks for that person.
  const createdBy = args.text('created_by') ?? (call.bearer.kind === 'user' ? call.me : '');
  if (!world.users.has(createdBy)) refuse('invalid_created_by');
  const start = args.text('date_start');
  if (start !== undefined && !/^\d{1,10}$/.test(start)) refuse('invalid_start_time');
  const people = args.has('users') ? participants(call) : [];
  const begun: PlatformCall = {
    id: world.ids.make('R'),
    appId: world.identity.appId,
    externalId,
    displayId: args.text('external_display_id') ?? '',
    createdBy,
    start: start === undefined ? world.clock.seconds() : Number(start),
    joinUrl,
    desktopUrl: args.text('desktop_app_join_url') ?? '',
    title: args.text('title') ?? '',
    participants: people,
    everybody: [...people],
  };
  world.calls.set(begun.id, begun);
  return begun;
}

/** @throws SlackError `invalid_call_id` */
function known(call: Call): PlatformCall {
  return call.world.calls.get(call.args.need('id')) ?? refuse('invalid_call_id');
}

/** @throws SlackError `invalid_call_id`, `inactive_call` */
function active(call: Call): PlatformCall {
  const found = known(call);
  if (found.ended !== undefined) refuse('inactive_call');
  return found;
}

/** @throws SlackError `missing_argument`, `bad_users`, `user_not_found` */
function participants(call: Call): Participant[] {
  const users = call.args.json('users', 'bad_users');
  if (users === undefined) refuse('missing_argument');
  if (!Array.isArray(users)) refuse('bad_users');
  return users.map((user: unknown) => {
    if (!isFields(user)) refuse('bad_users');
    return participant(call, user);
  });
}

function participant(call: Call, user: Fields): Participant {
  const slackId = textOf(user.slack_id);
  const externalId = textOf(user.external_id);
  const displayName = textOf(user.display_name);
  const avatarUrl = textOf(user.avatar_url);
  // One of the workspace by id, anybody else by an id and a name.
  if (!slackId && !(externalId && displayName)) refuse('bad_users');
  if (slackId && !call.world.users.has(slackId)) refuse('user_not_found');
  return {
    ...(slackId ? { slackId } : {}),
    ...(externalId ? { externalId } : {}),
    ...(displayName ? { displayName } : {}),
    ...(avatarUrl ? { avatarUrl } : {}),
  };
}
