import { entryOf, isOfAlert, isOfPage, isOfRun, isOfWatch, toldText } from '#domain/incident/entry.js';
import type { DraftFact, Fact } from '#domain/incident/fact.js';
import type { SecretKind } from '#domain/secret/kind.js';
import { codeInWords, codeOf } from '#domain/slack-code.js';
import { type Moment, maintenanceRef, refOf, runRef, type Source } from '#domain/words.js';
import { clockIn, dateTimeOf, excerpt, timeOf } from './clock.js';
import type { Undelivered } from './undelivered.js';

/** What was recorded, once it is durable. */
export interface Outcome {
  /** `INC-7` */
  ref: string;
  /** In order of recording. */
  facts: readonly DraftFact[];
  /** Remarks: a component that the settings do not know, for example. Whole sentences. */
  notes: readonly string[];
  now: Date;
}

/** Receipts of more facts than this are summed up. */
const LINES = 10;

type Numbered = DraftFact & { data: Moment & { n: number } };

/**
 * The receipt: plain text, a line per fact, with the word *recorded*, the number of the entry, the moment in UTC, and how
 * to correct it. To be given only after the commit. Not escaped for any front.
 */
export function receiptOf(outcome: Outcome): string {
  const { ref, facts, notes, now } = outcome;
  const lines =
    facts.length > LINES ? [summedUp(ref, facts, now)] : facts.map((fact) => lineOf(ref, fact, now));
  return [...lines, ...notes, howToCorrect(ref, facts)].filter((line) => line !== '').join('\n');
}

function lineOf(ref: string, fact: DraftFact, now: Date): string {
  switch (fact.type) {
    case 'IncidentOpened': {
      const severity = fact.data.severity ? ` ${fact.data.severity}` : '';
      const how = `${fact.data.drill ? ' drill' : ''}${fact.data.private ? ' private' : ''}`;
      const title = excerpt(fact.texts.title ?? '');
      return `${ref} opened and recorded as #${fact.data.n}, ${momentText(fact.data, now)}:${severity}${how} ${title} · the channel follows`;
    }
    case 'EntryEdited':
      return `${ref} #${fact.data.entry} edited, recorded: ${excerpt(fact.texts.text ?? '')}`;
    case 'EntryRetimed':
      return `${ref} #${fact.data.entry} moved, recorded: ${momentText(fact.data, now)}`;
    case 'EntryStruck':
      return `${ref} #${fact.data.entry} struck, recorded: ${excerpt(fact.texts.reason ?? '')} · it stays in the timeline, marked`;
    case 'PeopleInvited': {
      const names = fact.data.people.map((id, i) => fact.texts[`person.${i}`] ?? id);
      return `${ref} recorded: ${names.join(', ')} invited`;
    }
    case 'PeopleLeft': {
      const names = fact.data.people.map((id, i) => fact.texts[`person.${i}`] ?? id);
      const how = fact.data.how === 'removed' ? 'removed; the channel follows' : 'left';
      return `${ref} recorded: ${names.join(', ')} ${how}`;
    }
    case 'MeasureAsked': {
      const { from, to, start, end } = fact.data;
      const [begin, ending] = [from, to].map((at) =>
        momentText({ at, until: null, precision: 'second' }, now),
      );
      return `${ref} recorded: the impact is measured from ${begin} (${start}) to ${ending} (${end}) · what it comes to stands in the timeline when Prometheus has answered`;
    }
    case 'RemindersSnoozed': {
      const { until } = fact.data;
      if (until === null) return `${ref} recorded: reminders are not snoozed any more`;
      const moment = momentText({ at: until, until: null, precision: 'minute' }, now);
      return `${ref} recorded: reminders are snoozed until ${moment} · \`snooze off\` ends it`;
    }
    case 'OngoingConfirmed':
      return `${ref} recorded: still going`;
    case 'ChannelOpened':
      return `${ref} recorded: channel #${fact.texts.name ?? fact.data.channel}`;
    case 'ChannelLost':
    case 'ChannelFound':
    case 'ChannelRenamed':
      return `${ref} recorded: how its channel is`;
    case 'HeadlinePosted':
    case 'Announced':
      return `${ref} recorded: ${fact.type === 'Announced' ? 'announced' : 'headline posted'}`;
    case 'BridgeOpened':
      return `${ref} #${fact.data.n} recorded, ${momentText(fact.data, now)}: a bridge at ${fact.texts.host ?? 'an address'} · its link follows in the channel, and ends when the incident does`;
    case 'WatchStopped':
      return fact.data.how === 'replaced'
        ? `${ref} recorded: the watch before it ends; what it saw is counted in the channel`
        : `${ref} recorded: the watch ends; what it saw is counted in the channel`;
    case 'IncidentMerged':
      return `${ref} #${fact.data.n} recorded, ${momentText(fact.data, now)}: ${excerpt(sentenceOf(fact))} · it is resolved here; go on in the channel of ${refOf(fact.data.into)}`;
    case 'AlertsMoved':
      return `${ref} #${fact.data.n} recorded, ${momentText(fact.data, now)}: alerts of ${excerpt(sentenceOf(fact))}`;
    case 'RunProposed': {
      const what = fact.data.planOnly
        ? 'will be planned; nothing is changed'
        : 'will be planned; whoever must agree is asked, and nothing changes before';
      return `${ref} #${fact.data.n} recorded, ${momentText(fact.data, now)}: ${excerpt(sentenceOf(fact))} · ${runRef(fact.data.run)} ${what}`;
    }
    default: {
      // Nobody reads the receipt of what workers note by themselves.
      if (!isNumbered(fact)) return `${ref} recorded: ${fact.type}`;
      const kind = fact.type === 'MilestoneMarked' ? 'milestone ' : '';
      return `${ref} #${fact.data.n} recorded, ${momentText(fact.data, now)}: ${kind}${excerpt(sentenceOf(fact))}`;
    }
  }
}

/** The sentence that the timeline will show. */
function sentenceOf(draft: DraftFact): string {
  const place = { v: 1, team: '', incident: 0, seq: 0, recordedAt: '', source: 'bot' as const };
  const entry = entryOf({ ...draft, ...place, by: { id: '', name: null } } as Fact);
  return entry ? toldText(entry) : '';
}

const UTC = clockIn('UTC');

/** `01:41 UTC`, `~01:41 UTC`, `01:41–01:44 UTC`; with its date when that is not today in UTC. */
function momentText(moment: Moment, now: Date): string {
  if (moment.precision === 'date') return timeOf(moment, UTC);
  const today = now.toISOString().slice(0, 10) === moment.at.slice(0, 10);
  return `${today ? timeOf(moment, UTC) : dateTimeOf(moment, UTC)} UTC`;
}

function summedUp(ref: string, facts: readonly DraftFact[], now: Date): string {
  const entries = facts.filter(isNumbered);
  const first = entries[0];
  const last = entries.at(-1);
  if (!first || !last) return `${ref}: ${facts.length} changes recorded`;
  const sorted = entries.map((fact) => fact.data).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const from = momentText(sorted[0] ?? first.data, now);
  const to = momentText(sorted.at(-1) ?? last.data, now);
  return `${ref} #${first.data.n} to #${last.data.n}: ${entries.length} entries recorded, from ${from} to ${to}`;
}

/** Nothing for what a run did, or a watch, or an alert: that is not for people to correct. */
function howToCorrect(ref: string, facts: readonly DraftFact[]): string {
  const entries = facts
    .filter(isNumbered)
    .filter((fact) => !isOfRun(fact) && !isOfWatch(fact) && !isOfAlert(fact) && !isOfPage(fact));
  if (facts.some(({ type }) => type === 'IncidentMerged')) return `To take it back: \`reopen ${ref} REASON\``;
  const moved = facts.find((fact) => fact.type === 'AlertsMoved');
  if (moved) {
    const { to, hidden } = moved.data;
    const there = to === null || hidden ? 'their new incident' : refOf(to);
    return `To bring them back: \`attach ${moved.texts.key ?? 'KEY'} ${ref}\` in ${there}`;
  }
  const only = entries[0];
  if (!only && facts.some(({ type }) => type === 'PageStarted'))
    return '`ack` ends it: whoever comes types it';
  if (!only) return facts.some(({ type }) => type === 'WatchStarted') ? '`watch stop` ends it' : '';
  if (entries.length > 1) return 'To correct: `edit N TEXT`, `time N TIME`, `strike N REASON`';
  const { n } = only.data;
  if (only.type === 'IncidentLinked') return `To take it back: \`strike ${n} REASON\``;
  if (only.type === 'UpdatePromised')
    return only.data.next === null
      ? ''
      : '`next off` takes it back; whoever leads is reminded when it is due';
  if (only.type === 'IncidentOpened') return `To correct: \`title TEXT\`, \`time ${n} TIME\``;
  const ofPage = howToCorrectPublic(only);
  if (ofPage) return ofPage;
  const wordsAreTheirs = Object.hasOwn(only.texts, 'text');
  return `To correct: ${wordsAreTheirs ? `\`edit ${n} TEXT\`, ` : ''}\`time ${n} TIME\`, \`undo\``;
}

/** What the public reads is corrected in other words. */
function howToCorrectPublic(fact: Numbered): string | null {
  const { n } = fact.data;
  switch (fact.type) {
    case 'StatusPosted':
      return `To correct: \`publish --correct ${n} TEXT\`, \`publish --withdraw ${n} REASON\``;
    case 'ComponentStateSet':
      return `To correct: set it again, or \`publish --withdraw ${n} REASON\``;
    case 'MaintenancePlanned':
    case 'MaintenancePosted': {
      const name = maintenanceRef(fact.data.maintenance);
      return `\`maintenance ${name} post TEXT\` says more of it, \`maintenance ${name} move --from TIME --to TIME\` moves it, \`maintenance ${name} cancel\` calls it off`;
    }
    default:
      return null;
  }
}

function isNumbered(fact: DraftFact): fact is Numbered {
  return 'n' in fact.data;
}

/**
 * Told beside the receipt to somebody who writes to an incident without a channel, because nobody else may have told them;
 * null: nothing is known to be in its way.
 */
export function channelRemark(ref: string, rows: readonly Undelivered[]): string | null {
  const row = rows.find(({ effect }) => effect.kind === 'channel.open');
  if (!row) return null;
  const code = codeInWords(codeOf(row.error));
  return `${ref} has no channel${row.dead ? '' : ' yet'}: Slack said ${code}. \`show ${ref}\` says what to do.`;
}

const listed = (kinds: readonly SecretKind[]) => kinds.join(', ');

/** @returns for the receipt: that something was taken out, and what is to be done; nothing where nothing was */
export function secretsRemark(removed: readonly SecretKind[], source: Source): string[] {
  if (removed.length === 0) return [];
  const still =
    source === 'slack'
      ? 'If it is in a message too, delete that one.'
      : 'It may still be in the history of a shell, or in the log of a program.';
  return [
    `Taken out of the text before it was recorded: ${listed(removed)}. Change it, because it was typed here, and tell whoever looks after security. ${still}`,
  ];
}

/** A recorded message that holds a secret, as it is told to its author, or to whoever recorded it. */
export interface SecretTold {
  /** `INC-7`; null: they may not know of it. */
  ref: string | null;
  n: number;
  kinds: readonly SecretKind[];
  /** They wrote the message themselves. */
  own: boolean;
  /** Somebody wrote it who can be asked, and is told too. */
  author: boolean;
}

/** @returns plain text; the message's address goes behind it */
export function secretTold({ ref, n, kinds, own, author }: SecretTold): string {
  const where = ref === null ? 'recorded' : `recorded in ${ref} as #${n}`;
  const first = own
    ? `A message of yours was ${where}, without the secret that it holds (${listed(kinds)}). In Slack it still stands for all to read.`
    : `The message that you recorded in ${ref ?? 'an incident'} as #${n} holds a secret (${listed(kinds)}). It is not in the record, but still in Slack.`;
  const steps = own
    ? 'Delete the message, or edit it (⋯ → Edit message).'
    : author
      ? 'Its author is told too: see that they delete or edit it, or ask an admin of the workspace.'
      : 'An app wrote it: ask an admin of the workspace to delete it, and see to what the app sends.';
  return `${first} 1. ${steps} 2. Change the secret wherever it is used. 3. Tell whoever looks after security.`;
}
