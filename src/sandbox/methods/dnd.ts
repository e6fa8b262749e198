import { refuse } from '../refuse.js';
import type { Methods } from '../web-api/context.js';
import { dndOf, endSession, snooze } from '../workspace/people/dnd.js';
import { ownUser, visibleUser } from './people.js';

/** A day at most. */
const MAX_MINUTES = 1440;

/** Hours of rest, and pauses asked for by hand. */
export const dnd: Methods = {
  'dnd.info': {
    tier: 3,
    scopes: ['dnd:read'],
    errors: ['user_not_found', 'user_not_visible'],
    run: (call) => {
      const user = visibleUser(call, call.args.text('user') || call.me);
      return dndOf(user, call.world.clock.now(), user.id === call.me);
    },
  },
  'dnd.teamInfo': {
    tier: 2,
    scopes: ['dnd:read'],
    errors: ['no_users_provided', 'user_not_visible', 'user_not_found', 'too_many_users'],
    run: (call) => {
      const users = call.args.list('users');
      if (users.length === 0) refuse('no_users_provided');
      if (users.length > 50) refuse('too_many_users');
      const now = call.world.clock.now();
      return { users: Object.fromEntries(users.map((id) => [id, dndOf(visibleUser(call, id), now)])) };
    },
  },
  'dnd.setSnooze': {
    tier: 2,
    tokens: ['user'],
    scopes: ['dnd:write'],
    errors: ['missing_duration', 'too_long', 'snooze_failed'],
    run: (call) => {
      const given = call.args.text('num_minutes');
      if (!given) refuse('missing_duration');
      const minutes = Number(given);
      if (!Number.isInteger(minutes) || minutes < 1) refuse('snooze_failed');
      if (minutes > MAX_MINUTES) refuse('too_long');
      const user = ownUser(call);
      snooze(call.world, user, minutes);
      const { snooze_enabled, snooze_endtime, snooze_remaining, snooze_is_indefinite } = dndOf(
        user,
        call.world.clock.now(),
        true,
      );
      return { snooze_enabled, snooze_endtime, snooze_remaining, snooze_is_indefinite };
    },
  },
  'dnd.endSnooze': {
    tier: 2,
    tokens: ['user'],
    scopes: ['dnd:write'],
    errors: ['snooze_not_active', 'snooze_end_failed'],
    run: (call) => {
      const user = ownUser(call);
      const now = call.world.clock.now();
      if (dndOf(user, now, true).snooze_enabled !== true) refuse('snooze_not_active');
      snooze(call.world, user, 0);
      return dndOf(user, now, true);
    },
  },
  'dnd.endDnd': {
    tier: 2,
    tokens: ['user'],
    scopes: ['dnd:write'],
    errors: ['not_in_dnd'],
    run: (call) => {
      if (!endSession(call.world, ownUser(call))) refuse('not_in_dnd');
      return {};
    },
  },
};
