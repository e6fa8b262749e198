import type { Fields } from '../../fields.js';
import { renderUsergroup, type Usergroup } from '../objects/usergroup.js';
import type { World } from '../world.js';

/** What may be said of a user group when it is made or changed. */
export interface GroupNotes {
  name?: string;
  handle?: string;
  description?: string;
  channels?: string[];
}

/** Makes a user group with nobody in it; the app is told. Names are the caller's business. */
export function createGroup(
  world: World,
  by: string,
  notes: GroupNotes & { name: string; handle: string },
): Usergroup {
  const now = world.clock.seconds();
  const group: Usergroup = {
    id: world.ids.make('S'),
    users: [],
    ...notes,
    created: now,
    updated: now,
    createdBy: by,
    updatedBy: by,
  };
  world.usergroups.set(group.id, group);
  tell(world, group, 'subteam_created');
  return group;
}

/** Changes what is named; the app is told. */
export function alterGroup(world: World, group: Usergroup, by: string, notes: GroupNotes): void {
  Object.assign(group, notes);
  touch(world, group, by);
  tell(world, group, 'subteam_updated');
}

/** Takes a user group out of use, or into it again; its people stay in it. */
export function switchGroup(world: World, group: Usergroup, by: string, on: boolean): void {
  group.disabled = !on;
  touch(world, group, by);
  if (on) {
    delete group.deletedAt;
    delete group.deletedBy;
  } else {
    group.deletedAt = world.clock.seconds();
    group.deletedBy = by;
  }
  tell(world, group, 'subteam_updated');
}

/** Puts exactly these people into a group; the app hears who came and who went, and whether it was itself. */
export function setGroupUsers(world: World, group: Usergroup, by: string, users: readonly string[]): void {
  const before = group.users;
  const previous = group.updated ?? 0;
  const added = users.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !users.includes(id));
  group.users = [...users];
  touch(world, group, by);
  if (added.length + removed.length > 0) {
    happen(world, {
      type: 'subteam_members_changed',
      subteam_id: group.id,
      team_id: world.identity.teamId,
      date_previous_update: previous,
      date_update: group.updated,
      added_users: added,
      added_users_count: added.length,
      removed_users: removed,
      removed_users_count: removed.length,
    });
  }
  tell(world, group, 'subteam_updated');
  const { botUserId } = world.identity;
  if (added.includes(botUserId)) happen(world, { type: 'subteam_self_added', subteam_id: group.id });
  if (removed.includes(botUserId)) happen(world, { type: 'subteam_self_removed', subteam_id: group.id });
}

function touch(world: World, group: Usergroup, by: string): void {
  group.updated = world.clock.seconds();
  group.updatedBy = by;
}

function tell(world: World, group: Usergroup, type: 'subteam_created' | 'subteam_updated'): void {
  const subteam = renderUsergroup(group, world.identity.teamId, { users: true, count: true });
  happen(world, { type, subteam });
}

function happen(world: World, event: Fields & { type: string }): void {
  world.happened({ event: { ...event, event_ts: world.ids.ts() } });
}
