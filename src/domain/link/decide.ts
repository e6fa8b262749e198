import { alertsHere } from '../alert/state.js';
import type { Entry } from '../incident/entry.js';
import type { DraftFact } from '../incident/fact.js';
import type { Asking, Decision, Found, Intent, Rule } from '../incident/intent.js';
import type { IncidentState } from '../incident/state.js';
import { type Refusal, refuse } from '../refusal.js';
import { runsOf } from '../run/state.js';
import { given, LIMITS } from '../text.js';
import { watchOf } from '../watch/watch.js';
import { happened, refOf, runRef, STANDING } from '../words.js';
import { firstOf, type Link, type LinkIntent, mergedInto } from './link.js';

/** What follows from an intent about links and merges. Pure. */
export function decideLink(state: IncidentState, intent: LinkIntent, asking: Asking, found: Found): Decision {
  const rule = RULES[intent.type] as Rule<typeof intent.type>;
  return rule(state, intent, asking, found);
}

export function isAboutLink(intent: { type: string }): intent is LinkIntent {
  return Object.hasOwn(RULES, intent.type);
}

const RULES: { readonly [T in LinkIntent['type']]: Rule<T> } = {
  LinkIncidents: (state, { to, reason }, asking, { target = null }) => {
    const no = notTogether(state, to, target);
    if (no) return no;
    const known = linkTo(state, to);
    if (known)
      return refuse('LINKED_ALREADY', { ref: refOf(state.number), other: refOf(to), entry: known.n });
    const data = { ...happened(state, asking, null), other: to };
    return [{ type: 'IncidentLinked', data, texts: { text: reason } }];
  },

  /** Its alerts go along, or what monitoring says next would be recorded where nobody looks any more. */
  MergeIncident: (state, { to, reason, leavePublic }, asking, { target = null }) => {
    const no = notTogether(state, to, target) ?? notMergeable(state, target, leavePublic);
    if (no || !target) return no ?? refuse('NO_SUCH_INCIDENT', { ref: refOf(to) });
    const moved = alertsHere(state.alerts);
    const groups = new Set([...Object.keys(target.alerts ?? {}), ...moved.map(({ group }) => group)]).size;
    if (moved.length > 0 && groups > LIMITS.alertGroups) {
      const next = `Move some of them first: \`attach KEY INC-9\`, or \`split KEY\`.`;
      return refuse('TOO_MANY', { what: 'groups of alerts', count: groups, limit: LIMITS.alertGroups, next });
    }
    const data = {
      ...happened(state, asking, null),
      into: to,
      ...(target.channel && { channel: target.channel.id }),
    };
    const facts: DraftFact[] = moved.map(({ group, key, firing }, i) => ({
      type: 'AlertsMoved',
      data: { ...happened(state, asking, null, i + 1), group, to, firing },
      texts: { key },
    }));
    return [{ type: 'IncidentMerged', data, texts: given({ text: reason }) }, ...facts];
  },

  /** Once, however often it is asked for: it is the other half of what is on disk already. */
  NoteLinked: (state, { other, theirs, text }, asking) => {
    if (linkTo(state, other)) return [];
    const data = { ...happened(state, asking, null), other, theirs };
    return [{ type: 'IncidentLinked', data, texts: given({ text }) }];
  },

  NoteTakenIn: (state, { from, theirs, text }, asking) => {
    const known = linkTo(state, from);
    if (known?.how === 'from' && known.theirs === theirs) return [];
    const data = { ...happened(state, asking, null), from, theirs };
    return [{ type: 'IncidentTakenIn', data, texts: given({ text }) }];
  },

  NoteUnlinked: (state, { other, first }) => {
    const link = (state.links ?? []).find((one) => one.other === other && firstOf(one) === first);
    if (!link) return [];
    const reason = link.how === 'from' ? `${refOf(other)} goes on by itself` : `struck in ${refOf(other)}`;
    return [{ type: 'EntryStruck', data: { entry: link.n, restored: null }, texts: { reason } }];
  },
};

const linkTo = ({ links = [] }: IncidentState, other: number): Link | undefined =>
  links.find((link) => link.other === other);

/** Two incidents that must not stand in each other's record. */
function notTogether(state: IncidentState, to: number, target: IncidentState | null): Refusal | null {
  const [ref, other] = [refOf(state.number), refOf(to)];
  if (state.number === STANDING) return refuse('NO_SUCH_INCIDENT', { ref });
  if (to === state.number) return refuse('LINK_TO_ITSELF', { ref });
  if (!target || target.number !== to || to === STANDING) return refuse('NO_SUCH_INCIDENT', { ref: other });
  // Whoever may read the one would read there that there is the other, and some of them are not in it.
  if (state.private || target.private)
    return refuse('LINK_PRIVATE', { ref, other, hidden: state.private ? ref : other });
  const into = mergedInto(target);
  if (into !== null) return refuse('MERGED', { ref: other, into: refOf(into) });
  const next = 'Strike one that says nothing any more: `strike N REASON`.';
  const most = Math.max(state.links?.length ?? 0, target.links?.length ?? 0) + 1;
  return most > LIMITS.links
    ? refuse('TOO_MANY', { what: 'links', count: most, limit: LIMITS.links, next })
    : null;
}

/** What must be settled before an incident goes on in another. */
function notMergeable(
  state: IncidentState,
  target: IncidentState | null,
  leavePublic: boolean,
): Refusal | null {
  const [ref, into] = [refOf(state.number), refOf(target?.number ?? 0)];
  if (state.drill !== target?.drill) return refuse('MERGE_DRILL', { ref, into });
  const under = runsOf(state)
    .list.filter(({ status }) => status !== 'ended')
    .map(({ run }) => runRef(run));
  if (under.length > 0) return refuse('MERGE_UNDER_WAY', { ref, what: under, next: '`cancel RUN`' });
  if (watchOf(state)) return refuse('MERGE_UNDER_WAY', { ref, what: ['a watch'], next: '`watch stop`' });
  if (target?.status === 'resolved' && (state.status !== 'resolved' || alertsHere(state.alerts).length > 0))
    return refuse('MERGE_INTO_RESOLVED', { ref, into });
  if (isOpenInPublic(state) && !leavePublic) return refuse('MERGE_PUBLIC', { ref, into });
  return null;
}

/** Was the public told of it, and not yet that it is over? A drill tells the public nothing. */
function isOpenInPublic({ drill, lastPost }: IncidentState): boolean {
  return !drill && lastPost !== null && lastPost.state !== 'resolved' && lastPost.state !== 'postmortem';
}

/** What may still be done in an incident that goes on elsewhere: its record is put right, and its people may go. */
const STILL: ReadonlySet<Intent['type']> = new Set<Intent['type']>([
  ...(['EditEntry', 'RetimeEntry', 'StrikeEntry', 'ReopenIncident', 'UninvitePeople'] as const),
  // What is to be done after it is done, or passed on, where it was written down.
  ...(['CompleteAction', 'ChangeAction'] as const),
  // What the public reads of it must not stay as it is for that.
  ...(['CorrectPost', 'WithdrawPost', 'SetComponentState'] as const),
]);

/** @returns why a person may not have that done in an incident that goes on elsewhere; null: it does not, or they may */
export function goesOnElsewhere(
  state: IncidentState,
  intent: Intent,
  { source }: Pick<Asking, 'source'>,
  { entry }: Pick<Found, 'entry'>,
): Refusal | null {
  const into = mergedInto(state);
  if (into === null || source === 'bot' || source === 'alerts') return null;
  if (intent.type === 'PublishPost' && isOpenInPublic(state)) return null;
  // Without a status that it had before it would be open again, and still go on elsewhere.
  const isStatus = intent.type === 'StrikeEntry' && entry?.kind === 'status';
  if (STILL.has(intent.type) && !isStatus) return null;
  return refuse('MERGED', { ref: refOf(state.number), into: refOf(into) });
}

/** A link is taken back by striking it, a merge by reopening. @returns why that entry is not struck; null: it may be */
export function mergeStands(
  { n, kind, detail }: Entry,
  { number, links = [] }: IncidentState,
): Refusal | null {
  if (kind !== 'link' || detail.link === 'linked') return null;
  const link = links.find((one) => one.n === n);
  const merged = link?.how === 'from' ? link.other : number;
  const next = link
    ? `\`reopen ${refOf(merged)} REASON\` takes the merge back.`
    : 'It was taken back already, and stays as it was.';
  return refuse('ENTRY_NOT_EDITABLE', { entry: n, kind, next });
}
