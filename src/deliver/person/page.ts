import { laneOfPage } from '#domain/incident/effect.js';
import { entryOf, toldText } from '#domain/incident/entry.js';
import {
  keyOfPage,
  type Page,
  pageNumbered,
  serviceIn,
  wantsSomebody,
  whomText,
} from '#domain/paging/page.js';
import { codeInWords, codeOf, natureOf } from '#domain/slack-code.js';
import { LIMITS } from '#domain/text.js';
import { type Account, isInSlack, personLabel, refOf } from '#domain/words.js';
import { NotTaken, type PageEvent } from '#paging/services.js';
import { pageAlarm, pageMessage } from '#slack/blocks/page.js';
import { escaped } from '#slack/blocks/text.js';
import {
  type Attempt,
  type Body,
  CALL_MS,
  courtesy,
  isPermanent,
  Later,
  NO_PREVIEWS,
  needed,
  object,
  Undeliverable,
  Unknown,
} from '../attempt.js';
import { awaitChannel } from '../channel/headline.js';
import { tellDirectly } from '../undelivered.js';

type Send = Attempt<'page.send'>;
type Tell = Attempt<'page.tell'>;
type Follow = Attempt<'page.follow'>;
type Paying = Send | Tell | Follow;

/** So often nobody is told that somebody could not be reached: most of it passes within seconds. */
const QUIET_TRIES = 2;
const AGAIN = 'It is tried again by itself; meanwhile call somebody, or page others: `page @NAME`';
const BY_HAND = 'Call somebody, or page others: `page @NAME`';

/**
 * Pages those whom a name of a step stands for: a service itself, or each of the people, by a delivery of their own. Who is in a
 * group is asked now: it is the people of now who are wanted.
 */
export async function sendPage(attempt: Send): Promise<Body> {
  const { page, step, to } = attempt.row.effect.payload;
  const one = pageOf(attempt);
  if (!wantsSomebody(one)) return { overtaken: true };
  const service = serviceIn(to);
  if (service === null) return sendToPeople(attempt, to);
  const event = await eventOf(attempt, one, 'trigger');
  if (!(await taken(attempt, service, to, event))) return { refused: true };
  await attempt.record({ type: 'NotePageSent', page, step, to, message: null, bare: false }, 'sent');
  return { taken: true };
}

/** Tells a service what became of a page: what it shows must not call anybody any more, or hang there for ever. */
export async function followPage(attempt: Follow): Promise<Body> {
  const { to, how } = attempt.row.effect.payload;
  const one = pageOf(attempt);
  if (how === 'acknowledged' && one.over) return { overtaken: true };
  const event = await eventOf(attempt, one, how === 'acknowledged' ? 'acknowledge' : 'resolve');
  return { taken: await taken(attempt, serviceIn(to) ?? to, `${to}/${how}`, event) };
}

/**
 * Gives something to a service; the same `key` makes it the same there, however often it comes.
 * @param what names it among troubles, of which each is told once
 * @returns whether it was taken; what is of no use to be tried again was told
 */
async function taken(attempt: Send | Follow, name: string, what: string, event: PageEvent): Promise<boolean> {
  const service = attempt.world.paging?.service(name) ?? null;
  if (!service) {
    await fails(attempt, what, `tocsin.yml names no service ${name} any more. ${BY_HAND}`);
    return false;
  }
  await attempt.begin();
  await attempt.may();
  try {
    await service.notify(event, AbortSignal.timeout(CALL_MS));
    return true;
  } catch (error) {
    if (!(error instanceof NotTaken)) throw error;
    if (error.final) {
      const next = event.does === 'trigger' ? BY_HAND : `What it shows of this is closed there by hand`;
      await fails(attempt, what, `${error.message}. ${next}`);
      return false;
    }
    await stillTrying(attempt, what, error.message);
    if (error.retryMs === null) throw new Unknown('page', error.message);
    throw new Later(new Date(attempt.world.now().getTime() + error.retryMs), service.called, true);
  }
}

async function stillTrying(attempt: Paying, what: string, why: string): Promise<void> {
  if (attempt.row.attempts >= QUIET_TRIES) await fails(attempt, what, `${why}. ${AGAIN}`);
}

async function fails(attempt: Paying, to: string, why: string): Promise<void> {
  const { page, ...more } = attempt.row.effect.payload;
  const step = ('step' in more ? more.step : null) ?? 0;
  await attempt.record({ type: 'NotePageFailed', page, step, to, why }, `failed:${to}`);
}

/** @throws Undeliverable where the record knows nothing of it */
function pageOf(attempt: Paying | Attempt<'page.alarm'>): Page {
  const page = pageNumbered(attempt.incident, attempt.row.effect.payload.page);
  if (!page) throw new Undeliverable('no_such_page');
  return page;
}

/** What services and people who are not in a private incident may know of it is that there is one. */
async function eventOf(attempt: Paying, page: Page, does: PageEvent['does']): Promise<PageEvent> {
  const { incident } = attempt;
  const { team, number, severity, title, channel, components } = incident;
  const hidden = incident.private && !page.openly;
  const ref = refOf(number);
  const reason = hidden ? null : await reasonOf(attempt, page);
  const details = {
    by: personLabel(page.by),
    policy: page.policy ?? '',
    ...(reason !== null && { reason }),
    ...(!hidden && { status: incident.status, components: components.join(', ') }),
  };
  return {
    ...{ does, details: hidden ? {} : details, severity, ref: hidden ? null : ref },
    key: keyOfPage(team, number, page.page),
    summary: hidden
      ? 'A private incident needs you'
      : `${ref}${severity ? ` ${severity}` : ''}: ${title}${reason === null ? '' : ` · ${reason}`}`,
    // Made here, and not asked of Slack: it may be Slack that is away.
    link: channel && `https://slack.com/app_redirect?channel=${channel.id}`,
    by: page.acknowledged ? personLabel(page.acknowledged.by) : null,
  };
}

async function reasonOf({ world, row }: Paying, { n }: Page): Promise<string | null> {
  const entries = await world.incidents.entriesNumbered(row.team, row.incident, [n]);
  return entries.get(n)?.text ?? null;
}

/** Why somebody is not paged, by what kind of account they have. */
const NOT_PAGED: Partial<Record<Account, string>> = {
  guest: 'a guest of this workspace',
  outside: 'somebody of another workspace',
  bot: 'a bot',
  gone: 'an account that is deactivated',
};

async function sendToPeople(attempt: Send, to: string): Promise<Body> {
  const { world, row } = attempt;
  const { team, incident } = row;
  const { page, step } = row.effect.payload;
  const named = await peopleFor(attempt, to);
  if (named === null) return { refused: true };
  const accounts = await Promise.all(named.map((id) => world.people.account(team, id)));
  const people = named.filter((_, i) => NOT_PAGED[accounts[i] ?? 'unknown'] === undefined);
  if (people.length === 0) {
    const kind = isInSlack(to) ? NOT_PAGED[accounts[0] ?? 'unknown'] : undefined;
    const who = isInSlack(to) ? personLabel(await personOf(attempt, to)) : whomText(to);
    await fails(attempt, to, `${who} is ${kind ?? 'a name for nobody who could be paged'}. ${BY_HAND}`);
    return { people: 0 };
  }
  if (people.length > LIMITS.paged) {
    const most = `the first ${LIMITS.paged} of its ${people.length} people are paged`;
    await fails(attempt, to, `${whomText(to)} is large: ${most}. Name a smaller group in tocsin.yml`);
  }
  for (const user of people.slice(0, LIMITS.paged)) {
    const lane = laneOfPage(team, incident, page, user);
    const key = `page:${refOf(incident)}:${page}:${step}:${user}`;
    await world.outbox.owe(
      { kind: 'page.tell', payload: { page, user, step } },
      { team, lane, incident, key },
    );
  }
  return { people: people.length };
}

/** @returns ids; null: nobody can say whom the name stands for, and that was told */
async function peopleFor(attempt: Send, to: string): Promise<string[] | null> {
  if (isInSlack(to)) return [to];
  try {
    return (await attempt.world.paging?.people(attempt.row.team, to)) ?? [];
  } catch (error) {
    // In their own words our readers have the code that Slack gave.
    const message = error instanceof Error ? error.message : String(error);
    const why = `who is in ${whomText(to)} Slack does not say (${codeInWords(codeOf(message))})`;
    if (natureOf(codeOf(message)) !== 'final') {
      await stillTrying(attempt, to, why);
      throw new Unknown('usergroups', codeOf(message));
    }
    await fails(attempt, to, `${why}. ${BY_HAND}`);
    return null;
  }
}

async function personOf({ world, row }: Paying, id: string) {
  return (await world.people.personById(row.team, id)) ?? { id, name: null };
}

/**
 * Pages somebody in a direct message, once for each step; or brings what they were sent up to date with how the page stands. A
 * message whose answer was lost is sent again, because the app may not read direct messages: a rare double, rather than silence.
 */
export async function tellPaged(attempt: Tell): Promise<Body> {
  const { row } = attempt;
  const { page, user, step } = row.effect.payload;
  const one = pageOf(attempt);
  const { message, bare } = await wordsFor(attempt, one, user);
  if (step === null) return showAnew(attempt, one, message);
  if (!wantsSomebody(one)) return { overtaken: true };
  try {
    const { channel } = await attempt.read('conversations.open', { users: user });
    const where = needed('conversations.open', object(channel), 'id');
    const { found, body } = await attempt.postOnce(
      { id: `page ${row.id}` },
      new Date(one.since),
      { channel: where, ...message, ...NO_PREVIEWS },
      { patient: false },
    );
    const ts = found ?? needed('chat.postMessage', body, 'ts');
    const sent = { channel: where, ts };
    await attempt.record({ type: 'NotePageSent', page, step, to: user, message: sent, bare }, 'sent');
    return sent;
  } catch (error) {
    if (!isPermanent(error)) throw error;
    // What is wrong with the app is wrong for everybody, and told once.
    const ours = OURS.has(error.code);
    const who = ours ? 'people' : personLabel(await personOf(attempt, user));
    const why = `${who} cannot be paged in Slack (${codeInWords(error.code)}). ${BY_HAND}`;
    await fails(attempt, ours ? error.code : user, why);
    return { refused: error.code };
  }
}

const OURS = new Set(['missing_scope', 'messages_tab_disabled', 'restricted_action', 'no_permission']);

async function showAnew(attempt: Tell, page: Page, message: Body): Promise<Body> {
  const { user } = attempt.row.effect.payload;
  let shown = 0;
  for (const { to, channel, ts } of page.sent) {
    if (to !== user || channel === undefined || ts === undefined) continue;
    try {
      await attempt.write('chat.update', { channel, ts, ...message });
      shown++;
    } catch (error) {
      // They have deleted it, or were deactivated: nothing of it calls anybody.
      if (!isPermanent(error)) throw error;
    }
  }
  return { shown };
}

/** @returns the message for somebody; `bare`: it cannot show the way to the channel yet */
async function wordsFor(attempt: Tell, page: Page, user: string) {
  const { incident, row } = attempt;
  const { channel, headline, members, severity, title } = incident;
  const hidden = incident.private && !page.openly && !members.includes(user);
  const way =
    hidden || !channel || !headline
      ? null
      : await courtesy(attempt, 'chat.getPermalink', { channel: headline.channel, message_ts: headline.ts });
  const { acknowledged, over } = page;
  const stands = acknowledged
    ? { acknowledgedBy: personLabel(acknowledged.by), at: acknowledged.at }
    : over
      ? ('over' as const)
      : null;
  const about = {
    ...{ ref: refOf(row.incident), title, severity, channel: channel?.id ?? null },
    reason: hidden ? null : await reasonOf(attempt, page),
    address: typeof way?.permalink === 'string' ? way.permalink : null,
  };
  const message = pageMessage({
    ...{ incident: row.incident, page: page.page, drill: incident.drill, stands },
    ...{ by: personLabel(page.by), policy: page.policy, about: hidden ? null : about },
  });
  return { message: { ...message }, bare: !hidden && headline === null };
}

/**
 * Tells the incident's channel that a page does not reach somebody, that nobody comes, or that somebody comes who is not in it: with
 * the lead named, else whoever has paged. Where nobody comes, everybody who is there is told; where there is no channel, or it takes
 * no message, those people are told directly.
 */
export async function alarmOfPage(attempt: Attempt<'page.alarm'>): Promise<Body> {
  const { world, incident, row } = attempt;
  await awaitChannel(attempt);
  const fact = await world.incidents.fact(row.team, row.incident, row.effect.payload.seq);
  const entry = fact && entryOf(fact);
  if (!fact || !entry) throw new Undeliverable('no_such_fact');
  const comes = fact.type === 'PageAcknowledged';
  const who = personLabel(fact.by);
  const words = comes
    ? `${toldText(entry)} by ${who}, who is not in this channel. \`invite @${who}\` lets them in`
    : toldText(entry);
  const { by } = pageOf(attempt);
  const people = [incident.roles.lead?.id ?? by.id].filter(isInSlack);
  const message = pageAlarm({ entry, words, people, everybody: fact.type === 'PageEnded' });
  try {
    const channel = attempt.channel.id;
    const { found, body } = await attempt.postOnce(
      { id: `page ${row.id}`, incident: row.incident, entry: entry.n },
      new Date(fact.recordedAt),
      { channel, ...message, ...NO_PREVIEWS },
      { patient: false },
    );
    return { channel, ts: found ?? needed('chat.postMessage', body, 'ts') };
  } catch (error) {
    const [first] = people;
    if (first === undefined || !(isPermanent(error) || error instanceof Undeliverable)) throw error;
    await tellDirectly(attempt, first, `*${refOf(row.incident)}*: ${escaped(words)}`);
    return { told: first };
  }
}
