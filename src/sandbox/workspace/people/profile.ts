import type { Fields } from '../../fields.js';
import type { Status, User } from '../objects/user.js';
import type { World } from '../world.js';

/**
 * Tells the app that somebody's account or profile is another now.
 * @param also the narrower events that go with it
 */
export function userChanged(world: World, user: User, also: readonly string[] = []): void {
  user.updated = world.clock.seconds();
  for (const type of ['user_change', ...also]) tell(world, type, user);
}

/** Tells the app of somebody new. */
export function userJoined(world: World, user: User): void {
  tell(world, 'team_join', user);
}

/** Sets or clears (all empty) somebody's status. */
export function setStatus(world: World, user: User, status: Status): void {
  if (status.text === '' && status.emoji === '') delete user.status;
  else user.status = status;
  const { id } = user;
  // It ends by itself, and Slack tells of that too. Whoever changed it meanwhile has another status object.
  if (status.expiration > 0) {
    world.clock.at(status.expiration * 1000, () => {
      const now = world.users.get(id);
      if (now?.status?.expiration !== status.expiration) return;
      delete now.status;
      userChanged(world, now, ['user_profile_changed', 'user_status_changed']);
    });
  }
  userChanged(world, user, ['user_profile_changed', 'user_status_changed']);
}

/** What `users.getPresence` says; of somebody else it is active or away and nothing more. */
export function presenceOf(world: World, user: User, own: boolean): Fields {
  const online = onlineOf(world, user);
  const away = user.away ?? false;
  const presence = online && !away ? 'active' : 'away';
  if (!own) return { presence };
  return {
    presence,
    online,
    auto_away: !online && !away,
    manual_away: away,
    connection_count: online ? 1 : 0,
    last_activity: world.clock.seconds(),
  };
}

function onlineOf(world: World, user: User): boolean {
  if (user.deleted || user.invited) return false;
  if (user.id === world.identity.botUserId) return world.manifest.alwaysOnline || user.online === true;
  return user.online ?? true;
}

function tell(world: World, type: string, user: User): void {
  const shown = world.showUser(user);
  world.happened({
    event: { type, user: shown, cache_ts: world.clock.seconds(), event_ts: world.ids.ts() },
  });
}
