import { aboutOf, codeInWords, natureOf } from '#domain/slack-code.js';
import { isGroup, isInSlack, type Person, personLabel } from '#domain/words.js';
import { escaped } from '#slack/blocks/text.js';
import { type Attempt, type Body, courtesy, isPermanent, list, opened, strings } from '../attempt.js';
import type { World } from '../ports.js';

/** Brings people into the incident's channel who were named by a command; says in the channel who could not be. */
export async function invitePeople(attempt: Attempt<'people.invite'>): Promise<Body> {
  const { channel } = attempt;
  // A person who was taken out again meanwhile must not come back in.
  const people = slackPeople(attempt).filter((id) => attempt.incident.members.includes(id));
  const groups = attempt.row.effect.payload.people.filter(isGroup);
  if (people.length + groups.length === 0) return { absent: [] };
  // Who is in a group is asked when they are brought in: it is the people of now who are wanted.
  const named = await peopleOf(attempt, { people, groups });
  const absent = [...named.missing, ...(await inviteAll(attempt, channel.id, named.people))];
  await tellAbsent(attempt, channel.id, absent);
  return { channel: channel.id, absent };
}

/** Slack's answers by which somebody is not in the channel, which is what was wanted. */
const OUT = new Set(['not_in_channel', 'user_not_found', 'user_not_in_channel']);

/**
 * Takes people out of the incident's channel. Access to the incident has ended with the record; where Slack does not
 * let the bot remove somebody, the person who asked hears it, for the channel itself can still be read.
 */
export async function removePeople(attempt: Attempt<'people.remove'>): Promise<Body> {
  const { channel } = attempt;
  const kept: Absent[] = [];
  // A person who was brought back meanwhile stays.
  for (const user of slackPeople(attempt).filter((id) => !attempt.incident.members.includes(id))) {
    try {
      await attempt.write('conversations.kick', { channel: channel.id, user });
    } catch (error) {
      if (!isPermanent(error)) throw error;
      if (!OUT.has(error.code)) kept.push({ user, error: error.code });
    }
  }
  if (kept.length > 0) await tellKept(attempt, channel.id, kept);
  return { channel: channel.id, kept };
}

async function tellKept(attempt: Attempt<'people.remove'>, channel: string, kept: Absent[]): Promise<void> {
  const { by: user } = attempt.row.effect.payload;
  const people = kept.map((one) => `<@${one.user}> (Slack says ${one.error})`).join(', ');
  const text = `I could not take ${people} out of this channel. They see the incident here for as long as they are in it: remove them by hand.`;
  try {
    await attempt.write('chat.postEphemeral', { channel, user, text });
  } catch (error) {
    if (!isPermanent(error)) throw error;
    await attempt.write('chat.postMessage', { channel, text });
  }
}

/** Somebody named by an API token or on the CLI may be nobody in Slack. */
function slackPeople(attempt: Attempt<'people.invite'> | Attempt<'people.remove'>): string[] {
  return attempt.row.effect.payload.people.filter(isInSlack);
}

type Invitation = Attempt<'channel.open'> | Attempt<'people.invite'>;

/**
 * Who is meant by the configured people (`U…` or a name) and groups (`S…` or a handle, `@` or not).
 * @returns `missing`: those that nobody knows, or that this workspace does not tell (free plans have no groups)
 */
export async function peopleOf(
  attempt: Invitation,
  invite: { people: string[]; groups: string[] },
): Promise<{ people: string[]; missing: Absent[] }> {
  const { team } = attempt.incident;
  const people: string[] = [];
  const missing: Absent[] = [];
  for (const name of invite.people) {
    const id = /^[UW][A-Z0-9]{5,}$/.test(name)
      ? name
      : (await attempt.world.people.personByName(team, name.replace(/^@/, '')))?.id;
    if (id) people.push(id);
    else missing.push({ user: name, error: 'user_not_found' });
  }
  for (const group of invite.groups) {
    try {
      const id = /^S[A-Z0-9]{5,}$/.test(group) ? group : await groupOf(attempt, group);
      if (!id) {
        missing.push({ user: group, error: 'no_such_subteam' });
        continue;
      }
      people.push(...strings((await attempt.read('usergroups.users.list', { usergroup: id })).users));
    } catch (error) {
      if (!isPermanent(error)) throw error;
      missing.push({ user: group, error: error.code });
    }
  }
  return { people, missing };
}

async function groupOf(attempt: Invitation, handle: string): Promise<string | null> {
  const { usergroups } = await attempt.read('usergroups.list', {});
  const bare = handle.replace(/^@/, '');
  const found = list(usergroups).find((one) => one.handle === bare || one.name === bare);
  return found ? String(found.id) : null;
}

const BATCH = 100;

/** Somebody who could not be brought in, and Slack's reason. */
export interface Absent {
  user: string;
  error: string;
}

// These are in already, or are us.
const FINE = new Set(['already_in_channel', 'cant_invite_self']);

/**
 * Brings people into a channel. Guests, deactivated people and strangers are no failure: they are named in the answer.
 *
 * `force` lets the valid ones in beside a bad one; where Slack refuses a whole batch all the same, everybody is tried
 * alone, so that one bad id costs nobody else a seat.
 * @param users ids, in any number, repeated ones too
 * @throws what a retry may mend, and what is wrong with the channel rather than with a person
 */
export async function inviteAll(
  attempt: Pick<Attempt, 'write'>,
  channel: string,
  users: string[],
): Promise<Absent[]> {
  const absent: Absent[] = [];
  const wanted = [...new Set(users)];
  for (let i = 0; i < wanted.length; i += BATCH)
    absent.push(...(await inviteBatch(attempt, channel, wanted.slice(i, i + BATCH))));
  return absent;
}

/** @returns who of them is not in; each is tried alone where Slack refuses them as a whole */
async function inviteBatch(
  attempt: Pick<Attempt, 'write'>,
  channel: string,
  users: string[],
): Promise<Absent[]> {
  try {
    // A comma string: an array would be sent as JSON, which Slack does not promise to take.
    const body = await attempt.write('conversations.invite', {
      channel,
      users: users.join(','),
      force: true,
    });
    return absentIn(list(body.errors));
  } catch (error) {
    // About the channel or about us: no other person would fare better.
    if (!isPermanent(error) || aboutOf(error.code) !== null) throw error;
    // With an answer for each of them nobody needs to be asked alone; unless one speaks of a passing trouble.
    const answers = absentIn(list(error.errors));
    const passing = answers.some((one) => !['final', 'unknown'].includes(natureOf(one.error)));
    if (error.errors.length >= users.length && !passing) return answers;
    if (users.length === 1)
      return FINE.has(error.code) ? [] : users.map((user) => ({ user, error: error.code }));
    const absent: Absent[] = [];
    for (const user of users) absent.push(...(await inviteBatch(attempt, channel, [user])));
    return absent;
  }
}

function absentIn(errors: Record<string, unknown>[]): Absent[] {
  return errors.flatMap(({ user, ok, error }) => {
    if (ok === true || typeof user !== 'string' || typeof error !== 'string' || FINE.has(error)) return [];
    return [{ user, error }];
  });
}

// Slack's codes for what people understand at once; any other code is shown as it is.
const REASONS: Record<string, string> = {
  user_is_restricted: 'a guest, who may not be added here',
  ura_max_channels: 'a guest of one channel only',
  user_not_found: 'not found',
  user_disabled: 'deactivated',
  cant_invite: 'cannot be invited',
  no_such_subteam: 'no such group',
  missing_scope: 'the Slack app lacks the scope `usergroups:read`; add it and install the app again',
  org_user_not_in_team: 'not in this workspace',
  plan_upgrade_required: 'this workspace has no user groups',
};

function reasonFor(user: string, error: string): string {
  // For a person another scope is missing; Slack does not say here which.
  if (error === 'missing_scope' && /^[UW]/.test(user)) return codeInWords(error);
  return REASONS[error] ?? codeInWords(error);
}

// What only a person in Slack can do: our own word for them changes nothing.
const BY_HAND = new Set(['user_is_restricted', 'ura_max_channels', 'no_external_invite_permission']);
const GONE = new Set(['user_not_found', 'user_disabled', 'cant_invite']);

function nextFor(absent: readonly Absent[], command: string): string {
  const people = absent.filter(({ user }) => isInSlack(user));
  if (people.some(({ error }) => BY_HAND.has(error)))
    return ' They can be added by hand, by an admin of the workspace: *Add people* in this channel.';
  return people.some(({ error }) => GONE.has(error))
    ? ` Bring in somebody else: \`${escaped(command)} invite @NAME\`.`
    : '';
}

/** Names in the channel those who could not be brought in, so that somebody calls them. */
export async function tellAbsent(
  attempt: Attempt<'channel.open'> | Attempt<'people.invite'>,
  channel: string,
  absent: Absent[],
): Promise<void> {
  if (absent.length === 0) return;
  const named = await Promise.all(
    absent.map(async ({ user, error }) => {
      const name = isGroup(user)
        ? `@${(await attempt.world.groups.names([user])).get(user) ?? user}`
        : personLabel(await personOf(attempt, user));
      return `${escaped(name.slice(0, 80))} (${escaped(reasonFor(user, error))})`;
    }),
  );
  const shown = named.slice(0, 20).join(', ');
  const more = named.length > 20 ? ` and ${named.length - 20} more` : '';
  const message = {
    channel,
    text: `Could not be added: ${shown}${more}.${nextFor(absent, attempt.world.org.command)}`,
  };
  try {
    await attempt.postOnce({ id: `absent ${attempt.row.id}` }, opened(attempt), message);
  } catch (error) {
    // The invitation itself is done with; a channel that takes no message has said so at the headline.
    if (!isPermanent(error)) throw error;
  }
}

/** @returns the person with the name known now; somebody whom nobody knows keeps the id. */
export async function personOf(
  { world, row }: { world: Pick<World, 'people'>; row: { team: string } },
  id: string,
): Promise<Person> {
  return (await world.people.personById(row.team, id)) ?? { id, name: null };
}

/**
 * The same, but Slack is asked about somebody whom nobody knows: people of other workspaces are in no list.
 * @param profile `user_profile` of their message, for whom Slack does not tell
 */
export async function metPerson(
  attempt: Pick<Attempt, 'world' | 'row' | 'read'>,
  id: string,
  profile: unknown = null,
): Promise<Person> {
  const { world, row } = attempt;
  const known = await personOf(attempt, id);
  if (known.name !== null || !isInSlack(id)) return known;
  const told = await courtesy(attempt, 'users.info', { user: id });
  return (
    (told && (await world.people.learn(row.team, { user: told.user }))) ??
    (await world.people.learn(row.team, { id, profile })) ??
    known
  );
}
