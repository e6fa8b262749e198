import { createHash } from 'node:crypto';
import { isFields, listOf, textOf } from '../fields.js';
import { meant, type Problem, ProblemsError, pointerOf, problemsWith } from '../manifest/problem.js';
import { BOT_USER, builtInChannels, builtInUsers, type Seed, type SeedMessage } from '../workspace/seed.js';
import { type SeedDocument, seedSchema } from './seed-schema.js';

/** What a seed file says: the workspace, and how the sandbox is to be started on it. */
export interface SeedFile {
  readonly seed: Seed;
  /** Milliseconds since the epoch. */
  readonly now: number | undefined;
  readonly frozen: boolean | undefined;
}

type Path = Array<string | number>;

/**
 * Reads a parsed seed file. Whoever has no id gets one from their name, the same in every run.
 * @throws ProblemsError `invalid_seed` with every mistake: unknown members, wrong values, people and channels that are
 * named and not there, what is there twice
 */
export function readSeed(source: unknown): SeedFile {
  // Nothing at all is a seed too: an empty file, or one with comments only.
  const given = source ?? {};
  const people = new People(given);
  const problems = [...problemsWith(seedSchema, given), ...problemsBetween(given, people)];
  const parsed = seedSchema.safeParse(given);
  if (problems.length > 0 || !parsed.success) throw new ProblemsError('invalid_seed', problems);
  const { now, frozen } = parsed.data;
  return { seed: planned(parsed.data, people), now, frozen };
}

/** An id made of a name. */
function idOf(prefix: string, name: string): string {
  const digits = BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 14)}`);
  return `${prefix}0${digits.toString(36).toUpperCase().padStart(9, '0').slice(-9)}`;
}

/** Kinds of people who are not in #general by themselves. */
const ABSENT = ['deleted', 'is_restricted', 'is_ultra_restricted', 'is_invited_user'];

/** Everybody who can be named in the file. */
class People {
  readonly #ids = new Map<string, string>();
  readonly #outside = new Map<string, string>();
  readonly everybody: string[] = [];

  constructor(source: unknown) {
    const file = isFields(source) ? source : {};
    const builtIn = file.replace === true ? [] : builtInUsers();
    // People of an organisation are known in all its workspaces, by ids of their own.
    const prefix = file.enterprise ? 'W' : 'U';
    for (const { id, name } of builtIn) this.#add(id, name);
    for (const user of listOf(file.users)) {
      const name = textOf(user.name);
      if (name === undefined) continue;
      const id = textOf(user.id) ?? builtIn.find((it) => it.name === name)?.id ?? idOf(prefix, name);
      this.#add(id, name);
      const team = textOf(user.team_id);
      if (team !== undefined) this.#outside.set(id, team);
      else if (!ABSENT.some((kind) => user[kind] === true)) this.everybody.push(id);
    }
    this.#add(BOT_USER, 'app');
  }

  #add(id: string, name: string): void {
    this.#ids.set(name, id);
    this.#ids.set(id, id);
  }

  find(name: string): string | undefined {
    return this.#ids.get(name.replace(/^@/, ''));
  }

  /** The id of somebody who is known to be there. */
  id(name: string): string {
    return this.find(name) ?? name;
  }

  /** Whose person this is, when from another workspace. */
  teamOf(name: string): string | undefined {
    return this.#outside.get(this.id(name));
  }

  get names(): string[] {
    return [...this.#ids.keys()];
  }
}

/** Mistakes that no member shows for itself. Works on what was written, so that all mistakes are told at once. */
function problemsBetween(source: unknown, people: People): Problem[] {
  if (!isFields(source)) return [];
  const problems: Problem[] = [];
  const tell = (path: Path, message: string) => problems.push({ pointer: pointerOf(path), message });
  const once = (list: string, ...keys: string[]) => {
    for (const key of keys) {
      const seen = new Set<unknown>();
      for (const [index, item] of listOf(source[list]).entries()) {
        const value = item[key];
        if (value !== undefined && seen.has(value))
          tell([list, index, key], `stands there twice: ${String(value)}`);
        seen.add(value);
      }
    }
  };
  once('users', 'id', 'name');
  once('channels', 'id', 'name');
  once('usergroups', 'id', 'handle');
  once('profile_fields', 'id', 'label');

  const known = (value: unknown, path: Path) => {
    if (typeof value !== 'string' || value === '' || people.find(value) !== undefined) return;
    tell(path, `there is nobody called ${JSON.stringify(value)}${meant(value, people.names)}`);
  };
  const eachKnown = (list: unknown, path: Path) => {
    if (Array.isArray(list)) for (const [index, name] of list.entries()) known(name, [...path, index]);
  };
  const messages = (list: unknown, path: Path) => {
    for (const [index, message] of listOf(list).entries()) {
      const here = [...path, index];
      known(message.user, [...here, 'user']);
      if (message.blocks !== undefined && people.id(textOf(message.user) ?? '') !== BOT_USER)
        tell([...here, 'blocks'], 'only the app posts blocks: leave them out, or write "user: app"');
      if (isFields(message.reactions))
        for (const [name, by] of Object.entries(message.reactions))
          eachKnown(by, [...here, 'reactions', name]);
      messages(message.replies, [...here, 'replies']);
    }
  };

  for (const [index, user] of listOf(source.users).entries())
    if (user.name === 'app')
      tell(['users', index, 'name'], '"app" stands for the app itself: take another name');
  const guestIn = new Map<string, number>();
  const guests = new Set(
    listOf(source.users).flatMap(({ name, is_ultra_restricted: guest }) => (guest === true ? [name] : [])),
  );
  for (const [index, channel] of listOf(source.channels).entries()) {
    const here = ['channels', index];
    eachKnown(channel.members, [...here, 'members']);
    known(channel.creator, [...here, 'creator']);
    messages(channel.messages, [...here, 'messages']);
    if (!Array.isArray(channel.members)) continue;
    for (const [at, name] of channel.members.entries()) {
      if (typeof name !== 'string') continue;
      const team = people.teamOf(name);
      if (team !== undefined && channel.shared_with !== team)
        tell([...here, 'members', at], `${name} is of ${team}: the channel needs "shared_with: ${team}"`);
      if (!guests.has(name)) continue;
      guestIn.set(name, (guestIn.get(name) ?? 0) + 1);
      if (guestIn.get(name) === 2)
        tell(
          [...here, 'members', at],
          `${name} is a single-channel guest, and is in another channel already`,
        );
    }
  }
  for (const [index, group] of listOf(source.usergroups).entries())
    eachKnown(group.users, ['usergroups', index, 'users']);
  for (const [index, dm] of listOf(source.dms).entries()) {
    eachKnown(dm.members, ['dms', index, 'members']);
    messages(dm.messages, ['dms', index, 'messages']);
  }
  return problems;
}

type Given = NonNullable<NonNullable<SeedDocument['channels']>[number]['messages']>;

function planned(file: SeedDocument, people: People): Seed {
  const { replace, ids, users = [], channels = [], usergroups, dms, emoji, team, enterprise } = file;
  const { settings, profile_fields } = file;
  const names = (list: readonly string[] = []) => list.map((name) => people.id(name));
  const messages = (list: Given = []): SeedMessage[] =>
    list.map(({ user, reactions = {}, replies, ...rest }) => ({
      ...rest,
      user: people.id(user),
      reactions: Object.entries(reactions).map(([name, by]) => ({ name, users: names(by) })),
      replies: messages(replies),
    }));
  const general = channels.some(({ name }) => name === 'general');
  const builtIn = replace ? [] : builtInChannels(0);
  return {
    ...(replace === undefined ? {} : { replace }),
    ...(ids === undefined ? {} : { ids }),
    ...(emoji === undefined ? {} : { emoji }),
    ...(team === undefined ? {} : { team }),
    ...(enterprise === undefined ? {} : { enterprise }),
    ...(settings === undefined ? {} : { settings }),
    ...(profile_fields === undefined ? {} : { profile_fields }),
    users: users.map(({ id, name, real_name, display_name, is_admin, ...rest }) => ({
      ...rest,
      id: id ?? people.id(name),
      name,
      ...(real_name === undefined ? {} : { realName: real_name }),
      ...(display_name === undefined ? {} : { displayName: display_name }),
      ...(is_admin === undefined ? {} : { admin: is_admin }),
    })),
    channels: [
      // Every workspace has one that everybody is in.
      ...(replace && !general ? [{ name: 'general', id: 'C0GENERAL1', members: people.everybody }] : []),
      ...channels.map(({ id, name, members, creator, messages: said, ...rest }) => ({
        ...rest,
        id: id ?? builtIn.find((it) => it.name === name)?.id ?? idOf('C', name),
        name,
        members: names(members),
        ...(creator === undefined ? {} : { creator: people.id(creator) }),
        messages: messages(said),
      })),
    ],
    usergroups: (usergroups ?? []).map(({ id, users: inIt, ...rest }) => ({
      ...rest,
      id: id ?? idOf('S', rest.handle),
      users: names(inIt),
    })),
    dms: (dms ?? []).map(({ members, messages: said }) => ({
      members: names(members),
      messages: messages(said),
    })),
  };
}
