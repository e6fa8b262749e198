import type { AlertFactBody } from '../alert/fact.js';
import { alertsHere, firstAlert } from '../alert/state.js';
import { firstOf, type Link, type LinkFactBody } from '../link/link.js';
import {
  type Page,
  type PageFactBody,
  pageNumbered,
  serviceIn,
  servicesOf,
  toldOf,
  wantsSomebody,
  whomText,
} from '../paging/page.js';
import type { RunFactBody } from '../run/fact.js';
import { runsOf } from '../run/state.js';
import { type Counted, isCalm, type WatchFactBody, watchOf } from '../watch/watch.js';
import { isInSlack, isTracker, type Loss, refOf, runRef, type Status } from '../words.js';
import type { Bridge } from './bridge.js';
import { isOfAlert, isOfLink, isOfPage, isOfReminder, isOfRun, isOfWatch } from './entry.js';
import type { Fact } from './fact.js';
import { mayBeKept } from './message.js';
import type { About, ReminderFactBody } from './reminder.js';
import type { IncidentState } from './state.js';

/**
 * Something we owe the outside world because of a fact. A row of the outbox; paid in order within its lane.
 * Payloads hold references (sequence and entry numbers), never texts: texts can be erased, payloads are not.
 */
export type Effect =
  /**
   * Make the channel, invite, topic, headline: once per incident, finished if interrupted. `owner`: whose word it was, where
   * a machine spoke, and `typed` the channel where it was typed: for telling somebody that there is no channel.
   */
  | { kind: 'channel.open'; payload: { owner?: string; typed?: string } }
  /** Look in Slack how the incident's channel is: something was heard of it. In a lane of its own. */
  | { kind: 'channel.look'; payload: Record<string, never> }
  /** Look from time to time whether the channel, lost by the fact `seq`, is there again. In a lane of its own. */
  | { kind: 'channel.await'; payload: { seq: number } }
  /** The channel is there again: what could not be shown in it is owed anew, before what came later. */
  | { kind: 'channel.found'; payload: Record<string, never> }
  /** Show entry `n` in the incident's channel; `head` is the chain's hash, shown at state changes. */
  | { kind: 'channel.entry'; payload: { n: number; head: string | null } }
  /** Tell the channel of a correction of entry `n`; or (`filed`) that its action item has a ticket. */
  | { kind: 'channel.amend'; payload: { n: number; how: 'edited' | 'retimed' | 'struck' | 'filed' } }
  /** Bring headline and topic up to date with the state. */
  | { kind: 'headline.refresh'; payload: Record<string, never> }
  /** Bring the channel's canvas up to date. In a lane of its own: it is slow, and nobody waits for it. */
  | { kind: 'canvas.refresh'; payload: Record<string, never> }
  /** Show the call of the entry `n` in the incident's channel, as Slack's card or as a link. */
  | { kind: 'bridge.show'; payload: { n: number } }
  /** That call is over; where it was shown, if that was known by then. */
  | { kind: 'bridge.end'; payload: { n: number; shown?: NonNullable<Bridge['shown']> } }
  /** Announce the incident, or bring its announcement up to date. In a lane of its own: it needs no channel of the incident's. */
  | { kind: 'announcement.refresh'; payload: Record<string, never> }
  /** Tell the incident's channel what was given up: these rows of the outbox. */
  | { kind: 'channel.notice'; payload: { rows: number[] } }
  /** Tell the incident's channel that these of its entries and runs are in the record no more: from, to. */
  | {
      kind: 'channel.restored';
      payload: { entries: [number, number] | null; runs: [number, number] | null };
    }
  /**
   * Tell a person that what they wait for does not come: that row of the outbox. In a lane of its own. `typed`: the channel
   * where they asked for it, for when they cannot be told directly. `absent`: the channel is there, and Slack's code for not
   * letting them in. `lost`: nothing can be shown in the channel any more, for that reason; there is no row then.
   */
  | {
      kind: 'person.tell';
      payload: { user: string; row: number; typed?: string; absent?: string; lost?: Loss };
    }
  /**
   * Tell a person, alone, that a message which was recorded holds a secret, and how it is removed: its author, and who
   * recorded it. What it was is with the fact `seq`. In a lane of its own: it needs no channel of the incident's.
   */
  | { kind: 'secret.tell'; payload: { seq: number; user: string } }
  | { kind: 'people.invite'; payload: { people: string[] } }
  /** Take people out of the incident's channel; `by`: who is told when Slack refuses. */
  | { kind: 'people.remove'; payload: { people: string[]; by: string } }
  /** Tell somebody, alone, who came late how the incident stands; many together, where they came together. In a lane of its own. */
  | { kind: 'people.catchup'; payload: { user: string } }
  /** Say in the channel that somebody with a role was deactivated, and who could take it over. In a lane of its own. */
  | { kind: 'role.vacant'; payload: { user: string } }
  /** Fetch a message that somebody pinned (`by`: their id) and record it, at its own time; `ts` is Slack's, never a float. */
  | { kind: 'message.capture'; payload: { channel: string; ts: string; by: string } }
  /** Somebody (`by`) took the pin away: offer to strike what they recorded by it. In the lane of the captures, behind their own. */
  | { kind: 'message.unpinned'; payload: { channel: string; ts: string; by: string } }
  /** Fetch and keep images of a recorded message, where tocsin.yml says so; which ones is with the fact `seq`; `by` recorded it. In a lane of its own. */
  | { kind: 'message.files'; payload: { seq: number; by: string } }
  /** Bring what the channel shows of entry `n` up to date, where it stands: its message was edited or deleted in Slack. */
  | { kind: 'channel.follow'; payload: { n: number } }
  /**
   * Tell somebody who mentioned the bot where its command is, and of what looks like a command the line to type. In a lane of
   * its own. `bot`: our own id, as far as it was known; `thread`: where it was written, if not in the channel itself.
   */
  | {
      kind: 'mention.answer';
      payload: { channel: string; ts: string; user: string; bot: string | null; thread?: string };
    }
  /** Send an export file to whoever asked, in the channel where they asked; `asked` when, in ISO 8601. */
  | {
      kind: 'export.send';
      payload: { format: string; zone: string; channel: string; user: string; asked?: string };
    }
  /**
   * Ask Prometheus what was counted, and record it. What is to be measured is with the fact `seq`; `user` waits for it, and
   * `typed` is the channel where they asked. In a lane of its own: it may take long.
   */
  | { kind: 'impact.measure'; payload: { seq: number; user: string; typed?: string } }
  /** Show the picture of the measured impact `n`; what it is made of is with the fact `seq`. */
  | { kind: 'impact.picture'; payload: { n: number; seq: number } }
  /** Take a run as far as it goes now. In the run's own lane, by workers of runs: it may take long. */
  | { kind: 'run.advance'; payload: { run: number } }
  /** Bring the run's one message in the channel up to date. */
  | { kind: 'run.show'; payload: { run: number } }
  /** Offer, with a button, to plan a runbook on what a drift watch has found. Inputs are names of stores. */
  | { kind: 'run.offer'; payload: { runbook: string; inputs: Record<string, string> } }
  /** Tell everybody who is there, and the announcement channel, that the glass was broken; its reason is with the fact `seq`. */
  | { kind: 'run.alarm'; payload: { run: number; seq: number } }
  /** Send what a step printed as a file; its text is with the fact `seq`. */
  | { kind: 'run.log'; payload: { run: number; step: string; seq: number } }
  /** Post the messages that a step asked for; their texts are with the fact `seq`. */
  | { kind: 'run.post'; payload: { run: number; seq: number; posts: number } }
  /** Settle what waits of a group of alerts. In the group's own lane, which is no incident's. */
  | { kind: 'alerts.settle'; payload: Record<string, never> }
  /** Bring the one message of a group of alerts in the incident's channel up to date. */
  | { kind: 'alerts.show'; payload: { group: string } }
  /** Take a group of alerts to another incident, or (null) to a new one. In the group's own lane, in line with its signals. */
  | { kind: 'alerts.move'; payload: { group: string; to: number | null } }
  /**
   * Look, or end the watch: in its own lane, by workers of runs. `counted`: what it came to so far, absent at its beginning.
   * `wake`: somebody has spoken, so that what is due in that lane later is due now; in a lane beside it.
   */
  | { kind: 'watch.look'; payload: { watch: number; counted?: Counted; wake?: true } }
  /**
   * Tell the channel, with who is to know it named, what a watch saw, or that it cannot go on: the fact `seq`, entry `n`.
   * `asked`: who asked for it.
   */
  | { kind: 'watch.tell'; payload: { seq: number; n: number; asked: string } }
  /** Write the public page's files, with what the fact `seq` says in them. In a lane of its own. */
  | { kind: 'status.page'; payload: { seq: number } }
  /** Tell those who want to hear of it what the fact `seq` says to the public. In one lane for all incidents of a workspace. */
  | { kind: 'status.tell'; payload: { seq: number } }
  /** Of a version before: that another post was promised by now. It is owed as `reminder.post` since. */
  | { kind: 'status.remind'; payload: { n: number } }
  /** Remind the channel, as the fact `seq` says, unless somebody has done something about it since. In a lane of its own. */
  | { kind: 'reminder.post'; payload: { about: About; seq: number } }
  /**
   * Have another incident record its half of what the entry `n` says; or (`off`) that it does not count any more: known by the
   * entry `first` of whichever said it first. In a lane of its own: it waits for no channel.
   */
  | { kind: 'incident.link'; payload: { other: number; n: number; first: number; off?: true } }
  /** Page those whom `to` stands for (`@sre`, an id, `service:main`), in that step. In a lane of its own, or the service's. */
  | { kind: 'page.send'; payload: { page: number; step: number; to: string } }
  /**
   * Page somebody, in a direct message, in that step; `step` null: what they have been sent shows how the page stands by now. In
   * their own lane: nobody waits for another.
   */
  | { kind: 'page.tell'; payload: { page: number; user: string; step: number | null } }
  /** Tell a service that has a page what became of it. In that service's lane, behind what it was sent before. */
  | { kind: 'page.follow'; payload: { page: number; to: string; how: 'acknowledged' | 'resolved' } }
  /**
   * Tell the channel, with who is to know it named, that a page does not reach somebody, or nobody comes: the fact `seq`, entry
   * `n`. In a lane of its own: without a channel those people are told directly.
   */
  | { kind: 'page.alarm'; payload: { page: number; seq: number; n: number } }
  /** Have the ticket of an action item say what is so now: file it, close it, open it again. Its words are in the record. */
  | { kind: 'ticket.push'; payload: { action: number } }
  /** Look at a ticket: did somebody close it there, or open it again? In the lane of those that are written. */
  | { kind: 'ticket.look'; payload: { action: number } }
  /** Remind somebody, in one message, of action items: each by its incident and number. */
  | { kind: 'actions.remind'; payload: { user: string; items: Array<[incident: number, action: number]> } }
  /** Tell the lead, or the channel, of action items that are due and that nobody is reminded of. */
  | { kind: 'actions.unowned'; payload: { items: number[] } };

export type EffectKind = Effect['kind'];

/** The lane of an incident's effects, `T024BE7LD/INC-7`: they are paid in order within it. */
export function laneOf(team: string, incident: number): string {
  return `${team}/${refOf(incident)}`;
}

/** A lane beside it, for a kind of effect that must neither wait for the others nor hold them up. */
export function laneBeside(team: string, incident: number, kind: EffectKind): string {
  return `${laneOf(team, incident)}/${kind}`;
}

/** A run takes long: it has a lane of its own, `T024BE7LD/INC-7/RUN-3`. */
export function laneOfRun(team: string, incident: number, run: number): string {
  return `${laneOf(team, incident)}/${runRef(run)}`;
}

/** The lane of the row that wakes a run at a later time, `…/RUN-3/timer/17`; one for each fence. */
export function laneOfTimer(team: string, incident: number, run: number, fence: number): string {
  return `${laneOfRun(team, incident, run)}/timer/${fence}`;
}

/** What is said about the alerts of one key is settled in one lane, `T024BE7LD/alerts/<group>`: in order, whichever incident it is about. */
export function laneOfAlerts(team: string, group: string): string {
  return `${team}/alerts/${group}`;
}

/** The lane of the row that has a group settled at a later time. */
export function laneOfAlertsTimer(team: string, group: string): string {
  return `${laneOfAlerts(team, group)}/timer`;
}

/**
 * What the public is shown has lanes of its own, whichever incident it is about: `T024BE7LD/status/page`, where the page is
 * written, and `T024BE7LD/status/tell`, with more below it, where those are told who want to hear of it.
 */
export function laneOfPublic(team: string, what: 'page' | 'tell', part: number | null = null): string {
  return `${team}/status/${what}${part === null ? '' : `/${part}`}`;
}

const PUBLIC_LANE = /^([^/]+)\/status\/(page|tell)(?:\/(\d+))?$/;

/** @returns what of the public's a lane is for; null: it is none of these */
export function publicLaneOf(
  lane: string,
): { team: string; what: 'page' | 'tell'; part: number | null } | null {
  const [, team, what, part] = PUBLIC_LANE.exec(lane) ?? [];
  if (team === undefined) return null;
  return { team, what: what === 'page' ? 'page' : 'tell', part: part === undefined ? null : Number(part) };
}

const ALERTS_LANE = /^([^/]+)\/alerts\/([0-9a-f]+)(\/timer)?$/;

/** @returns the group of alerts that a lane belongs to; null: it belongs to none */
export function alertsLaneOf(lane: string): { team: string; group: string; timer: boolean } | null {
  const [, team, group, timer] = ALERTS_LANE.exec(lane) ?? [];
  if (team === undefined || group === undefined) return null;
  return { team, group, timer: timer !== undefined };
}

const RUN_LANE = /^([^/]+)\/INC-(\d+)\/RUN-(\d+)(\/timer(?:\/\d+)?)?$/;

/** @returns the run that a lane belongs to; null: it belongs to none */
export function runLaneOf(
  lane: string,
): { team: string; incident: number; run: number; timer: boolean } | null {
  const [, team, incident, run, timer] = RUN_LANE.exec(lane) ?? [];
  if (team === undefined) return null;
  return { team, incident: Number(incident), run: Number(run), timer: timer !== undefined };
}

/** A watch has a lane of its own, `T024BE7LD/INC-7/watch/2`; what wakes it is in one beside that. */
export function laneOfWatch(team: string, incident: number, watch: number, wake = false): string {
  return `${laneOf(team, incident)}/watch/${watch}${wake ? '/wake' : ''}`;
}

const WATCH_LANE = /^([^/]+)\/INC-(\d+)\/watch\/(\d+)(\/wake)?$/;

/** @returns the watch that a lane belongs to; null: it belongs to none */
export function watchLaneOf(
  lane: string,
): { team: string; incident: number; watch: number; wake: boolean } | null {
  const [, team, incident, watch, wake] = WATCH_LANE.exec(lane) ?? [];
  if (team === undefined) return null;
  return { team, incident: Number(incident), watch: Number(watch), wake: wake !== undefined };
}

/** Whoever is paged has a lane of their own, `T024BE7LD/INC-7/page/1/@sre`: nobody waits for another, nor for the channel. */
export function laneOfPage(team: string, incident: number, page: number, to: string): string {
  return `${laneOf(team, incident)}/page/${page}/${whomText(to)}`;
}

/** Effects outside the incident's channel have lanes of their own: they are paid also when that channel cannot be made. */
export function laneOfEffect(team: string, incident: number, effect: Effect): string {
  switch (effect.kind) {
    case 'run.advance':
      return laneOfRun(team, incident, effect.payload.run);
    case 'watch.look':
      return laneOfWatch(team, incident, effect.payload.watch, effect.payload.wake);
    case 'alerts.move':
      return laneOfAlerts(team, effect.payload.group);
    case 'page.send':
    case 'page.follow':
      return laneOfPage(team, incident, effect.payload.page, effect.payload.to);
    case 'page.tell':
      return laneOfPage(team, incident, effect.payload.page, effect.payload.user);
    case 'status.page':
      return laneOfPublic(team, 'page');
    case 'status.tell':
      return laneOfPublic(team, 'tell');
    case 'channel.look':
    case 'channel.await':
    case 'person.tell':
    case 'announcement.refresh':
    case 'canvas.refresh':
    case 'impact.measure':
    case 'run.alarm':
    case 'secret.tell':
    case 'message.files':
    case 'mention.answer':
    case 'status.remind':
    case 'reminder.post':
    case 'incident.link':
    case 'page.alarm':
    case 'ticket.push':
    case 'actions.remind':
    case 'actions.unowned':
      return laneBeside(team, incident, effect.kind);
    // What is written and what is looked at come after each other.
    case 'ticket.look':
      return laneBeside(team, incident, 'ticket.push');
    default:
      return laneOf(team, incident);
  }
}

/**
 * What the world is owed because of a fact. Pure.
 * @param hash of that fact: the chain's head at that moment, shown in the channel at state changes so that a copy leaves us
 */
export function effectsOf(fact: Fact, before: IncidentState | null, hash: string): Effect[] {
  const entry = (head: string | null = null): Effect => ({
    kind: 'channel.entry',
    payload: { n: (fact.data as { n: number }).n, head },
  });
  if (isOfRun(fact)) return runEffectsOf(fact, entry);
  if (isOfWatch(fact)) return watchEffectsOf(fact, before, entry);
  if (isOfAlert(fact)) return alertEffectsOf(fact, before, entry);
  if (isOfLink(fact)) return linkEffectsOf(fact, before, entry, hash);
  if (isOfReminder(fact)) return reminderEffectsOf(fact, entry);
  if (isOfPage(fact)) return pageEffectsOf(fact, before, entry);
  const refresh = refreshOf(before);
  switch (fact.type) {
    case 'IncidentOpened':
      return [{ kind: 'channel.open', payload: {} }, ...(fact.data.private ? [] : [ANNOUNCEMENT])];
    case 'MessageCaptured':
      return [
        entry(),
        ...secretTells(fact.data.secrets ? [fact.data.author, fact.by.id] : [], fact.seq),
        ...(fact.data.files?.some(mayBeKept)
          ? [{ kind: 'message.files', payload: { seq: fact.seq, by: fact.by.id } } as const]
          : []),
      ];
    case 'MessageEdited': {
      const { entry: n, shown, secrets, recorder } = fact.data;
      return [
        ...(shown ? [{ kind: 'channel.follow', payload: { n } } as const] : []),
        ...secretTells(secrets ? [fact.by.id, ...(recorder ? [recorder] : [])] : [], fact.seq),
      ];
    }
    case 'MessageDeleted':
      return [{ kind: 'channel.follow', payload: { n: fact.data.entry } }];
    case 'FilesKept':
      return [];
    case 'NoteRecorded':
    case 'LineTakenIn':
    case 'CauseRecorded':
    case 'ActionChanged':
      return [entry()];
    case 'ActionAdded':
    case 'ActionCompleted':
    case 'ActionReopened':
      return [entry(), ...ticketOf(before, fact.data.action, fact.by.id)];
    case 'ActionFiled':
      return [{ kind: 'channel.amend', payload: { n: fact.data.entry, how: 'filed' } }];
    case 'StatusPosted':
      // What was promised in the channel has come with it.
      return [entry(), ...publicly(before, fact.seq), ...(before?.rhythm?.next ? [HEADLINE] : [])];
    case 'ComponentStateSet':
      return [entry(), ...publicly(before, fact.seq)];
    case 'MaintenancePlanned':
    case 'MaintenancePosted':
      return publicly(before, fact.seq);
    case 'PostImported':
      // Nobody is told anew of what was over long ago.
      return [{ kind: 'status.page', payload: { seq: fact.seq } }];
    case 'StatusChanged':
      return [
        entry(hash),
        ...refresh,
        ...(isCalm(fact.data) ? [] : wakeOf(before)),
        ...alertsShownAnew(before, fact.data.status),
        ...(fact.data.status === 'resolved' ? bridgeEnds(before) : []),
        ...(fact.data.status === 'resolved' ? pagesOver(before) : []),
        ...(fact.data.status === 'resolved' ? [] : unlinked(before, ({ how }) => how === 'into')),
      ];
    case 'SeverityChanged':
    case 'TitleChanged':
    case 'MilestoneMarked':
    case 'ComponentAdded':
    case 'ComponentRemoved':
    case 'ImpactRecorded':
      return [entry(), ...refresh];
    case 'MeasureAsked':
      return [{ kind: 'impact.measure', payload: { seq: fact.seq, user: fact.by.id } }];
    case 'ImpactMeasured':
      return [entry(), { kind: 'impact.picture', payload: { n: fact.data.n, seq: fact.seq } }, ...refresh];
    case 'RoleAssigned':
      return [entry(), ...refresh, { kind: 'people.invite', payload: { people: [fact.data.person] } }];
    case 'PeopleInvited':
      return [{ kind: 'people.invite', payload: { people: fact.data.people } }];
    case 'PeopleLeft':
      // Whoever left by themselves is out already.
      return fact.data.how === 'removed'
        ? [{ kind: 'people.remove', payload: { people: fact.data.people, by: fact.by.id } }]
        : [];
    case 'EntryEdited':
    case 'EntryRetimed':
    case 'EntryStruck': {
      const { entry: n } = fact.data;
      const status = fact.type === 'EntryStruck' ? fact.data.restored?.status?.status : undefined;
      return [
        { kind: 'channel.amend', payload: { n, how: CORRECTED[fact.type] } },
        ...onHeadline(before, n),
        ...(fact.data.public ? publicly(before, fact.seq) : []),
        ...(fact.type === 'EntryStruck' && fact.data.action !== undefined
          ? ticketOf(before, fact.data.action, fact.by.id)
          : []),
        ...(status && !isCalm({ status }) ? wakeOf(before) : []),
        ...(status ? alertsShownAnew(before, status) : []),
        ...(fact.type === 'EntryStruck' && before?.bridge?.n === n ? bridgeEnds(before) : []),
        ...(status === 'resolved' ? pagesOver(before) : []),
        // What the other half has struck it knows.
        ...(fact.type === 'EntryStruck' && fact.source !== 'bot'
          ? unlinked(before, (link) => link.n === n)
          : []),
      ];
    }
    case 'ChannelOpened':
      // Where it was announced before there was a channel, people are shown the way to it now.
      return before?.private ? [] : [ANNOUNCEMENT];
    case 'BridgeOpened':
      return [{ kind: 'bridge.show', payload: { n: fact.data.n } }, HEADLINE];
    case 'ChannelLost':
      return lossEffectsOf(fact, before);
    case 'ChannelFound':
      return [{ kind: 'channel.found', payload: {} }, ...refresh];
    case 'ChannelRenamed':
      // Where it is named in a message it is a link, which Slack shows with the name of now.
      return [];
    case 'HeadlinePosted':
      // Whoever was paged before there was a channel is shown the way to it now.
      return (before?.pages?.list ?? []).filter(({ over }) => !over).flatMap(tellAnew);
    case 'Announced':
    case 'CaughtUp':
    case 'BridgeShown':
      return [];
    case 'NumbersSkipped':
      return before ? [{ kind: 'channel.restored', payload: skipped(before, fact.data) }] : [];
    default: {
      const unknown: never = fact;
      throw new Error(`a fact of an unknown type: ${JSON.stringify(unknown)}`);
    }
  }
}

/** What a tracker has said it knows. Of a drill nobody makes tickets. */
function ticketOf(before: IncidentState | null, action: number, by: string): Effect[] {
  if (before?.drill || isTracker(by)) return [];
  return [{ kind: 'ticket.push', payload: { action } }];
}

/**
 * Whoever leads it is told, and the announcement says it. Of an incident that is over a channel may go: nobody is woken,
 * and whoever writes to it hears it with the receipt.
 */
function lossEffectsOf(
  { seq, data: { how } }: Extract<Fact, { type: 'ChannelLost' }>,
  before: IncidentState | null,
): Effect[] {
  const wait: Effect = { kind: 'channel.await', payload: { seq } };
  if (before === null || before.status === 'resolved') return [wait];
  const { lead } = before.roles;
  const user = lead && isInSlack(lead.id) ? lead.id : before.opener.id;
  return [
    { kind: 'person.tell', payload: { user, row: 0, lost: how } },
    ...(before.private ? [] : [ANNOUNCEMENT]),
    wait,
  ];
}

/** A drill is on no public page. The standing record is of no incident, and is no drill. */
function publicly(before: IncidentState | null, seq: number): Effect[] {
  if (before?.drill) return [];
  return [
    { kind: 'status.page', payload: { seq } },
    { kind: 'status.tell', payload: { seq } },
  ];
}

/** The numbers that the channel shows and that mean nothing any more. */
function skipped(before: IncidentState, { entries, runs }: { entries: number; runs: number }) {
  const from = (last: number, to: number): [number, number] | null => (to > last ? [last + 1, to] : null);
  return { entries: from(before.entries, entries), runs: from(runsOf(before).count, runs) };
}

/** An app has nobody to tell; whoever recorded its message is. */
function secretTells(people: readonly string[], seq: number): Effect[] {
  const told = [...new Set(people)].filter(isInSlack);
  return told.map((user) => ({ kind: 'secret.tell', payload: { seq, user } }));
}

const CORRECTED = { EntryEdited: 'edited', EntryRetimed: 'retimed', EntryStruck: 'struck' } as const;

const HEADLINE: Effect = { kind: 'headline.refresh', payload: {} };
const ANNOUNCEMENT: Effect = { kind: 'announcement.refresh', payload: {} };

/** A private incident is announced nowhere. */
function refreshOf(state: IncidentState | null): Effect[] {
  return [HEADLINE, ...(state?.private ? [] : [ANNOUNCEMENT])];
}

/** A call ends with its incident, or with the entry that says where it is. */
function bridgeEnds(before: IncidentState | null): Effect[] {
  const { bridge } = before ?? {};
  if (!bridge || bridge.over) return [];
  const { n, shown } = bridge;
  return [{ kind: 'bridge.end', payload: { n, ...(shown && { shown }) } }];
}

/** A correction reaches the headline only when the headline rests on that entry. */
function onHeadline(state: IncidentState | null, n: number): Effect[] {
  const rests =
    state !== null &&
    (state.impact?.n === n ||
      state.measured?.n === n ||
      state.unaffected?.some((one) => one.n === n) ||
      state.opened.n === n ||
      state.lastPost?.n === n ||
      state.rhythm?.next?.n === n ||
      state.links?.some((link) => link.n === n) ||
      (state.bridge?.n === n && !state.bridge.over) ||
      Object.values(state.milestones).some((milestone) => milestone?.n === n));
  return rests ? refreshOf(state) : [];
}

/**
 * What the world is owed because of what monitoring said. Whoever settles a group's signals asks for its message once for all
 * of them, so an alert alone owes none: 5,000 of them would ask for it 5,000 times.
 */
function alertEffectsOf(
  fact: Fact & AlertFactBody,
  before: IncidentState | null,
  entry: () => Effect,
): Effect[] {
  const { group } = fact.data;
  const show: Effect = { kind: 'alerts.show', payload: { group } };
  switch (fact.type) {
    case 'AlertFired': {
      const { detected } = before?.milestones ?? {};
      const first = firstAlert(before?.alerts);
      const sooner = first === null || fact.data.at < first.at;
      return sooner && !detected?.marked ? refreshOf(before) : [];
    }
    case 'AlertsMoved':
      return [
        entry(),
        show,
        { kind: 'alerts.move', payload: { group, to: fact.data.to } },
        ...refreshOf(before),
      ];
    case 'AlertsTaken':
      // One that comes back brings along what it had shown first.
      return [entry(), show, ...(before?.alerts?.[group] ? refreshOf(before) : [])];
    case 'AlertChanged':
    case 'AlertsShown':
      return [];
  }
}

/** What the world is owed because of what an incident has to do with another: the one that it was said in first tells the other. */
function linkEffectsOf(
  fact: Fact & LinkFactBody,
  before: IncidentState | null,
  entry: (head?: string) => Effect,
  hash: string,
): Effect[] {
  const { n } = fact.data;
  const tell = (other: number): Effect => ({ kind: 'incident.link', payload: { other, n, first: n } });
  switch (fact.type) {
    case 'IncidentLinked':
      return [entry(), HEADLINE, ...(fact.data.theirs === undefined ? [tell(fact.data.other)] : [])];
    case 'IncidentMerged':
      return [
        entry(hash),
        ...refreshOf(before),
        ...bridgeEnds(before),
        ...pagesOver(before),
        tell(fact.data.into),
      ];
    case 'IncidentTakenIn':
      return [entry(), ...refreshOf(before)];
  }
}

/** What the world is owed because of what a channel is to be reminded of. */
function reminderEffectsOf(fact: Fact & ReminderFactBody, entry: () => Effect): Effect[] {
  switch (fact.type) {
    case 'UpdatePromised':
      return [entry(), HEADLINE];
    case 'ChannelReminded':
      return [{ kind: 'reminder.post', payload: { about: fact.data.about, seq: fact.seq } }];
    // Who did it is told, and the message that it was done under.
    case 'RemindersSnoozed':
    case 'OngoingConfirmed':
      return [];
  }
}

/** What the world is owed because of somebody who is called for. */
function pageEffectsOf(
  fact: Fact & PageFactBody,
  before: IncidentState | null,
  entry: () => Effect,
): Effect[] {
  const { page } = fact.data;
  const one = before && pageNumbered(before, page);
  const send = (to: string, step: number): Effect => ({ kind: 'page.send', payload: { page, step, to } });
  switch (fact.type) {
    case 'PageStarted':
      return [entry(), ...(fact.data.steps[0]?.notify ?? []).map((to) => send(to, 0))];
    case 'PageEscalated':
      return [entry(), ...fact.data.notify.map((to) => send(to, fact.data.step))];
    case 'PageSent': {
      // It was over, or the way to the channel became known, while the message was on its way.
      const { to } = fact.data;
      const shown = fact.data.bare && before?.headline;
      const stale = one && serviceIn(to) === null && (!wantsSomebody(one) || shown);
      return stale ? [{ kind: 'page.tell', payload: { page, user: to, step: null } }] : [];
    }
    case 'PageFailed':
    case 'PageEnded':
      return [{ kind: 'page.alarm', payload: { page, seq: fact.seq, n: fact.data.n } }];
    case 'PageAcknowledged': {
      const outside = before?.private && !one?.openly && !before.members.includes(fact.by.id);
      return [
        // Who comes and cannot get in is let in by somebody, or not.
        outside ? { kind: 'page.alarm', payload: { page, seq: fact.seq, n: fact.data.n } } : entry(),
        ...(one ? [...tellAnew(one), ...follow(one, 'acknowledged')] : []),
      ];
    }
  }
}

function tellAnew(page: Page): Effect[] {
  return toldOf(page).map((user) => ({
    kind: 'page.tell',
    payload: { page: page.page, user, step: null },
  }));
}

function follow(page: Page, how: 'acknowledged' | 'resolved'): Effect[] {
  return servicesOf(page).map((to) => ({ kind: 'page.follow', payload: { page: page.page, to, how } }));
}

/** Nobody is paged any more for what is over. */
function pagesOver(before: IncidentState | null): Effect[] {
  const open = (before?.pages?.list ?? []).filter(({ over }) => !over);
  return open.flatMap((page) => [...(page.acknowledged ? [] : tellAnew(page)), ...follow(page, 'resolved')]);
}

/** The other half does not count any more either. */
function unlinked(state: IncidentState | null, gone: (link: Link) => boolean): Effect[] {
  return (state?.links ?? []).filter(gone).map((link) => {
    const { n, other } = link;
    return { kind: 'incident.link', payload: { other, n, first: firstOf(link), off: true } };
  });
}

/** What is offered under alerts depends on whether the incident is open. */
function alertsShownAnew(before: IncidentState | null, status: Status): Effect[] {
  if ((before?.status === 'resolved') === (status === 'resolved')) return [];
  return alertsHere(before?.alerts).map(({ group }) => ({ kind: 'alerts.show', payload: { group } }));
}

/** A step's log of more characters than this is sent as a file; the message shows its end anyway. */
const LOG_IN_MESSAGE = 600;

/** Facts by the bot itself need not wake the run's worker; facts by a person must. */
const OWN = 'tocsin';

/**
 * What the world is owed because of something that happened in a run. While a worker advances a run, its own facts
 * need not wake it: the row that woke it stays open until the run rests.
 */
function runEffectsOf(fact: Fact & RunFactBody, entry: () => Effect): Effect[] {
  const { run } = fact.data;
  const show: Effect = { kind: 'run.show', payload: { run } };
  const byPerson = fact.by.id !== OWN;
  const advance: Effect[] = byPerson ? [{ kind: 'run.advance', payload: { run } }] : [];
  switch (fact.type) {
    case 'RunProposed':
      // The bot itself asks for scheduled runs, and the worker must wake for them too.
      return [show, { kind: 'run.advance', payload: { run } }];
    case 'RunApproved':
      // Loud on purpose: everybody in the channel sees that the glass was broken, in a line of its own.
      return [
        ...(fact.data.breakGlass
          ? [entry(), { kind: 'run.alarm', payload: { run, seq: fact.seq } } as const]
          : []),
        show,
        ...advance,
      ];
    case 'RunShown':
    case 'StepTaken':
      return [];
    case 'StepFinished':
      return [
        show,
        ...((fact.texts.log ?? '').length > LOG_IN_MESSAGE
          ? [{ kind: 'run.log', payload: { run, step: fact.data.step, seq: fact.seq } } as const]
          : []),
        ...(fact.data.posts > 0
          ? [{ kind: 'run.post', payload: { run, seq: fact.seq, posts: fact.data.posts } } as const]
          : []),
        ...advance,
      ];
    default:
      return [show, ...advance];
  }
}

/** What the world is owed because of something that happened in a watch. */
function watchEffectsOf(
  fact: Fact & WatchFactBody,
  before: IncidentState | null,
  entry: () => Effect,
): Effect[] {
  const of = before?.watches?.list.find(({ watch }) => watch === fact.data.watch);
  const asked = of?.by.id ?? fact.by.id;
  const tell = (n: number): Effect => ({ kind: 'watch.tell', payload: { seq: fact.seq, n, asked } });
  switch (fact.type) {
    case 'WatchStarted':
      return [entry(), { kind: 'watch.look', payload: { watch: fact.data.watch } }];
    case 'WatchStopped':
      return [{ kind: 'watch.look', payload: { watch: fact.data.watch, wake: true } }];
    case 'WatchFailed':
      return [tell(fact.data.n)];
    case 'WatchRecovered':
      return [entry()];
    case 'WatchEnded':
      return [fact.data.how === 'impossible' ? tell(fact.data.n) : entry()];
  }
}

/** Of what is not over any more, the watch is counted up at once, and not when its next look is due. */
function wakeOf(state: IncidentState | null): Effect[] {
  const on = state && watchOf(state);
  return on ? [{ kind: 'watch.look', payload: { watch: on.watch, wake: true } }] : [];
}
