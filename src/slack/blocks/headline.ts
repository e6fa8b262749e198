import type { types } from '@slack/bolt';
import { type Bridge, bridgeOf, hostOf } from '#domain/incident/bridge.js';
import { differenceText, impactText, unaffectedText } from '#domain/incident/impact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { linksText } from '#domain/link/link.js';
import { LOST } from '#domain/slack-code.js';
import { isInSlack, MARKS, minuteText, type Person, personLabel, refOf, sourceOf } from '#domain/words.js';
import { headButton } from './buttons.js';
import {
  type Block,
  channelLink,
  context,
  cut,
  escaped,
  link,
  MAX,
  type Message,
  section,
  whenLabel,
} from './text.js';

/**
 * The pinned message at the top of the incident's channel; updated, never repeated.
 * @param pin the emoji that records a message here; null: none does
 */
export function headlineMessage(
  state: IncidentState,
  command: string,
  pin: string | null = 'pushpin',
): Message {
  const title = `*${refOf(state.number)}* ${escaped(cut(state.title.replace(/\s+/g, ' '), 250))}`;
  const facts = [statusLine(state), ...promise(state), ...people(state, command), ...about(state)].join('\n');
  const blocks: Block[] = [
    section(title),
    section(cut(facts, MAX.section)),
    section(cut(milestones(state), MAX.section)),
    { type: 'actions', elements: buttons(state) },
    context(
      `\`${escaped(command)}\` alone says what is next${pin === null ? '' : `; react with :${escaped(pin)}: to keep a message`}.`,
    ),
  ];
  return { text: cut(`${title}\n${facts}`, MAX.text), blocks };
}

/** The likeliest first: on a phone the last ones are a line below. Each is what its verb asks for where nothing is typed behind it. */
function buttons(state: IncidentState): types.Button[] {
  const all = (verbs: ReadonlyArray<readonly [string, string]>) =>
    verbs.map(([verb, label]) => headButton(verb, label, state.number));
  const took = 'lead' in state.roles ? (['lead', 'Lead'] as const) : (['take', 'I lead'] as const);
  const after = [['action', 'Actions'] as const, ['export', 'Export'] as const];
  // What has been merged goes on elsewhere, and takes hardly anything more.
  if (goesOn(state).length > 0) return all(after);
  if (state.status === 'resolved')
    return all([['note', 'Note'], ['postmortem', 'Postmortem'], ...after, ['status', 'Reopen']]);
  return all([['note', 'Note'], ['status', 'Status'], ['sev', 'Severity'], took, ['run', 'Run'], ...after]);
}

const capital = (words: string) => `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`;

/** `sev2 · identified`, and what else a reader must know at once. */
function statusLine(state: IncidentState): string {
  return [
    ...(state.drill ? ['*DRILL*'] : []),
    state.severity ?? 'no severity yet',
    `*${state.status}*`,
    ...goesOn(state),
    ...(state.private ? ['private'] : []),
  ].join(' · ');
}

/** By when more was promised, while somebody waits for it. */
function promise({ status, rhythm }: IncidentState): string[] {
  const next = rhythm?.next;
  return status === 'resolved' || !next ? [] : [`Next update by ${minuteText(next.by, next.at)}`];
}

/** Where it goes on: `merged into INC-7 → #inc-7`. */
function goesOn({ links = [] }: IncidentState): string[] {
  const into = links.find(({ how }) => how === 'into');
  if (!into) return [];
  const there = into.channel === undefined ? '' : ` → ${channelLink(into.channel)}`;
  return [`*merged into ${refOf(into.other)}*${there}`];
}

function people(state: IncidentState, command: string): string[] {
  const roles = Object.entries(state.roles);
  // Whoever opens an incident by hand is there; an alert is nobody.
  const how = byAlert(state) === null ? '' : ` · \`${escaped(command)} lead @NAME\` says who`;
  if (roles.length === 0) return [`Lead: nobody yet${how}`];
  const named = roles
    .map(([role, person]) => `${escaped(role)}: ${escaped(cut(personLabel(person), 80))}`)
    .join(' · ');
  return [cut('lead' in state.roles ? capital(named) : `Lead: nobody yet · ${named}`, 700)];
}

function about(state: IncidentState): string[] {
  return [
    ...(state.components.length ? [`Components: ${escaped(cut(state.components.join(', '), 600))}`] : []),
    ...(state.impact ? [`Impact: ${escaped(cut(impact(state.impact), 600))}`] : []),
    ...measured(state),
    ...linked(state),
    ...joining(state),
  ];
}

/** The one thing of the headline that people press: so it stands on a line of its own. */
function joining(state: IncidentState): string[] {
  const bridge = bridgeOf(state);
  return bridge ? [`Bridge: ${link(bridge.url, `join at ${cut(hostOf(bridge.url), 100)}`)}`] : [];
}

/** A message with Slack's card of a call, which stands in no list of the SDK. */
interface BridgeMessage {
  text: string;
  blocks: Array<Block | { type: 'call'; call_id: string }>;
}

const cardOf = (call: string) => ({ type: 'call' as const, call_id: call });

/** The call of an incident, on its own: Slack's card where there is one, else the link. */
export function bridgeMessage(
  bridge: Bridge & { url: string },
  card: string | null,
  { ref, command }: { ref: string; command: string },
): BridgeMessage {
  const join = link(bridge.url, `join at ${cut(hostOf(bridge.url), 100)}`);
  const by = isInSlack(bridge.by) ? `, opened by <@${bridge.by}>` : '';
  const said = context(
    `\`#${bridge.n}\`${by} · it ends when ${ref} is resolved; \`${escaped(command)} strike ${bridge.n} REASON\` ends it before`,
  );
  const shown = card === null ? section(`*Bridge*: ${join}`) : cardOf(card);
  return { text: `Bridge of ${ref}: ${join}`, blocks: [shown, said] };
}

/** The same when it is over. A card says so by itself. */
export function bridgeOverMessage(ref: string, n: number, card: string | null): BridgeMessage {
  const text = `The bridge of ${ref} (\`#${n}\`) is over.`;
  return { text, blocks: [...(card === null ? [] : [cardOf(card)]), context(text)] };
}

/** The other incidents that it has to do with; where it goes on stands beside its status. */
function linked({ links = [] }: IncidentState): string[] {
  const others = links.filter(({ how }) => how !== 'into');
  const text = linksText(others);
  return text === '' ? [] : [escaped(cut(capital(text), 300))];
}

/** `19 failed of 2,000 · only the Developer API`, from what was given. */
function impact({ failed, total, text }: NonNullable<IncidentState['impact']>): string {
  const count = (n: number) => n.toLocaleString('en');
  return [
    ...(failed === null ? [] : [`${count(failed)} failed${total === null ? '' : ` of ${count(total)}`}`]),
    ...(text === null ? [] : [text.replace(/\s+/g, ' ')]),
  ].join(' · ');
}

/** What was counted stands beside what somebody typed, with how they differ; then what people say was not affected. */
function measured({ impact, measured, unaffected = [] }: IncidentState): string[] {
  const spared = unaffectedText(unaffected.map(({ name }) => name));
  const differs = impact && measured && !measured.limited ? differenceText(impact, measured) : null;
  const counted = measured && impactText({ ...measured, text: null });
  return [
    ...(counted ? [`Measured: ${escaped(cut(counted, 600))}${differs ? ` · ${differs}` : ''}`] : []),
    ...(spared ? [escaped(cut(capital(spared), 400))] : []),
  ];
}

/** `by an alert from prometheus`; null: a person opened it. */
function byAlert({ opener }: IncidentState): string | null {
  const source = sourceOf(opener.id);
  return source === null ? null : `by an alert from ${escaped(cut(source, 80))}`;
}

/** Known milestones in UTC, in the order in which they happen; the day is named where it is another one than before. */
function milestones(state: IncidentState): string {
  const by = byAlert(state);
  const label = (stone: Pick<IncidentState['opened'], 'at' | 'precision'>, before: string) =>
    whenLabel({ at: stone.at, until: null, precision: stone.precision }, before);
  const lines = [`Opened ${label(state.opened, '')}${by === null ? '' : ` ${by}`}`];
  let before = state.opened.at;
  for (const mark of MARKS) {
    const stone = state.milestones[mark];
    if (!stone) continue;
    lines.push(`${capital(mark)} ${label(stone, before)}`);
    before = stone.at;
  }
  return `${lines.join(' · ')} (UTC)`;
}

/** @returns the channel's topic, at most 250 characters. Slack neither formats nor links a topic, so nothing is escaped. */
export function topic(state: IncidentState): string {
  const lead = state.roles.lead;
  const parts = [
    refOf(state.number),
    ...(state.drill ? ['drill'] : []),
    ...(state.severity ? [state.severity] : []),
    state.status,
    ...(lead ? [`lead ${cut(lead.name ?? lead.id, 60)}`] : []),
  ];
  return cut(`${parts.join(' · ')} · ${state.title.replace(/\s+/g, ' ')}`, MAX.topic);
}

/**
 * One line for the announcement channel, kept up to date. Never composed for a private incident: the delivery checks that.
 */
export function announcementMessage(
  state: IncidentState,
  /** `refused`: what Slack said when it was to make the channel, if that is known. */
  without: { refused: string | null; command: string } = { refused: null, command: '/incident' },
): Message {
  const title = escaped(cut(state.title.replace(/\s+/g, ' '), 250));
  const lost = state.channel?.lost
    ? ` (${escaped(`${LOST[state.channel.lost].means}: ${LOST[state.channel.lost].mend}`)})`
    : '';
  const where = state.channel
    ? ` → ${channelLink(state.channel.id)}${lost}`
    : ` · ${noChannel(state, without)}`;
  const text = `*${refOf(state.number)}* ${title}\n${statusLine(state)}${unled(state)}${where}`;
  return { text, blocks: [section(text)] };
}

/** An incident under a link to it. Everybody who reads the channel sees it: whoever shows it has looked who they are. */
export function incidentCard(state: IncidentState, command: string): Block[] {
  const { blocks } = announcementMessage(state, { refused: null, command });
  const lead = state.roles.lead ? `lead ${escaped(cut(personLabel(state.roles.lead), 80))}` : 'no lead yet';
  // The call is for those who are in the incident's own channel.
  const known = [lead, ...about({ ...state, bridge: undefined }), milestones(state)];
  return [...blocks, context(cut(known.join(' · '), 1_500))];
}

/** The same as Slack's own kind of incident, a work object. Slack shows these texts as they are. */
export function incidentEntity(
  state: IncidentState,
  { shared, url }: { shared: string; url: string },
): types.EntityMetadata {
  const { lead } = state.roles;
  const person = ({ id, name }: Person) =>
    isInSlack(id)
      ? { type: 'slack#/types/user', user: { user_id: id } }
      : { type: 'string', value: cut(name ?? id, 80) };
  const said = (value: string, length = 300) => ({ value: cut(value, length) });
  const damage = state.impact ?? state.measured;
  return {
    app_unfurl_url: shared,
    url,
    external_ref: { id: refOf(state.number), type: 'incident' },
    entity_type: 'slack#/entities/incident',
    entity_payload: {
      attributes: {
        title: { text: cut(`${state.drill ? 'DRILL ' : ''}${state.title.replace(/\s+/g, ' ')}`, 250) },
        display_type: state.drill ? 'Drill' : 'Incident',
        display_id: refOf(state.number),
        product_name: 'Tocsin',
      },
      fields: {
        status: said(state.status),
        ...(state.severity && { priority: said(state.severity) }),
        created_by: person(state.opener),
        ...(lead && { assigned_to: person(lead) }),
        date_created: { value: Math.floor(Date.parse(state.opened.at) / 1000) },
        ...(damage && { description: said(impact({ text: null, ...damage }), 1_000) }),
        ...(state.components.length > 0 && { service: said(state.components.join(', ')) }),
      },
    },
  };
}

/** What nobody has opened and nobody leads, somebody has to take. */
function unled(state: IncidentState): string {
  const by = byAlert(state);
  if (by === null || 'lead' in state.roles || state.status === 'resolved') return '';
  return ` · opened ${by}, nobody leads it yet`;
}

function noChannel(
  state: IncidentState,
  { refused, command }: { refused: string | null; command: string },
): string {
  const why = refused ? ` (Slack said ${escaped(cut(refused, 80))})` : '';
  return `no channel yet${why}; \`${escaped(command)} note ${refOf(state.number)} TEXT\` records from anywhere`;
}

/**
 * Name of an incident's channel: `inc-7-api-is-slow`. Slack takes lower-case letters of any script, digits, `-` and `_`,
 * and repairs nothing, so everything else becomes a hyphen. A title without a usable letter gives `inc-7`.
 * @param taken how many names before this one were taken; 1 gives `…-2`, 2 gives `…-3`
 * @returns at most 80 characters
 */
export function channelName(incident: number, title: string, taken = 0): string {
  const suffix = taken === 0 ? '' : `-${taken + 1}`;
  const words = title
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFC')
    // Apostrophes, and the marks that only colour an emoji.
    .replace(/[’'`]|\uFE0E|\uFE0F|\u20E3/g, '')
    .replace(/[^\p{Ll}\p{Lo}\p{Lm}\p{M}\p{Nd}_-]+/gu, '-')
    // A mark belongs to its letter (Thai, Arabic, Devanagari); without one it goes.
    .replace(/(^|-)\p{M}+/gu, '$1')
    .replace(/[-_]*-[-_]*/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '');
  const prefix = `inc-${incident}`;
  if (!/[\p{L}\p{N}]/u.test(words)) return prefix + suffix;
  const room = MAX.channelName - prefix.length - 1 - suffix.length;
  return `${prefix}-${shorten(words, room)}${suffix}`;
}

/** Whole words if that keeps at least half; never half a character. */
function shorten(words: string, room: number): string {
  if (words.length <= room) return words;
  const begin = cut(words, room, '');
  const word = words[room] === '-' ? begin.length : begin.lastIndexOf('-');
  return (word >= room / 2 ? begin.slice(0, word) : begin).replace(/[-_]+$/g, '');
}
