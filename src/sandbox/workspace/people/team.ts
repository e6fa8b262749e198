import type { World } from '../world.js';

/** Adds a custom emoji, or another name of one (`alias:…`); the app is told. */
export function addEmoji(world: World, name: string, value: string): void {
  world.emoji.set(name, value);
  happen(world, { subtype: 'add', name, value });
}

/**
 * Takes custom emoji away, with every other name of them; the app is told of all at once.
 * @returns the names that are gone
 */
export function removeEmoji(world: World, name: string): string[] {
  const names = [...world.emoji]
    .filter(([it, value]) => it === name || value === `alias:${name}`)
    .map(([it]) => it);
  for (const it of names) world.emoji.delete(it);
  if (names.length > 0) happen(world, { subtype: 'remove', names });
  return names;
}

/** Gives a custom emoji another name; the app is told. */
export function renameEmoji(world: World, from: string, to: string): void {
  const value = world.emoji.get(from) ?? '';
  world.emoji.delete(from);
  world.emoji.set(to, value);
  happen(world, { subtype: 'rename', old_name: from, new_name: to, value });
}

/** Gives the workspace another name; the app is told. */
export function renameTeam(world: World, name: string): void {
  world.identity.teamName = name;
  world.happened({ event: { type: 'team_rename', name, event_ts: world.ids.ts() } });
}

function happen(world: World, event: Record<string, unknown>): void {
  world.happened({ event: { type: 'emoji_changed', ...event, event_ts: world.ids.ts() } });
}
