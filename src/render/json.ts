import { type Entry, ERASED, entryText, filesOf } from '#domain/incident/entry.js';
import { type Counted, type Measurement, notedSentences } from '#domain/incident/impact.js';
import type { KeptImage, RecordedFile } from '#domain/incident/message.js';
import type { IncidentState } from '#domain/incident/state.js';
import { MARKS, refOf } from '#domain/words.js';
import { actionItems, type Dossier, differenceOf, impactFigures, metricsIn, unstruck } from './document.js';
import { runItem } from './runs.js';

/**
 * The `json` export, `tocsin.incident/1`: times in UTC with `Z`, two spaces of indentation, LF at the end.
 * Names and order of members are relied on from outside.
 */
export async function* renderJson(dossier: Dossier): AsyncIterable<string> {
  yield '{\n  "format": "tocsin.incident/1",\n';
  yield `  "incident": ${block(incidentOf(dossier.state))},\n`;
  yield* list('timeline', dossier.entries(), lineOf);
  yield* list('status_posts', unstruck(dossier, ['post']), ({ at, detail, ...post }) => ({
    at,
    state: detail.state,
    text: textOf(post),
  }));
  const figures = await impactFigures(dossier);
  yield* list('impact', unstruck(dossier, ['impact']), (entry) => ({
    text: entryText(entry),
    failed: entry.detail.failed ?? null,
    total: entry.detail.total ?? null,
    from: entry.detail.from ?? null,
    to: entry.detail.to ?? null,
    components: entry.detail.components ?? [],
    ...(entry.detail.unaffected && { unaffected: entry.detail.unaffected }),
    ...(entry.detail.measured && { measured: measuredOf(entry, entry.detail.measured, figures) }),
  }));
  yield* list('causes', unstruck(dossier, ['cause']), (entry) => ({ text: entryText(entry) }));
  const actions = await actionItems(dossier.entries({ kinds: ['action'] }));
  yield* list('actions', actions, ({ n, text, owner, done, due, ticket }) => ({
    ...{ n, text, owner, done },
    ...(due !== null && { due }),
    ...(ticket && { ticket: { name: ticket.name, url: ticket.url } }),
  }));
  yield* list('runs', await dossier.runs(), runItem);
  const integrity = { algorithm: 'sha256', facts: dossier.facts, head: dossier.head };
  yield `  "integrity": ${block(integrity)}\n}\n`;
}

function incidentOf(state: IncidentState) {
  const { milestones } = state;
  const { metrics, contradictions } = metricsIn(state);
  return {
    ref: refOf(state.number),
    title: state.title,
    severity: state.severity,
    status: state.status,
    private: state.private,
    drill: state.drill,
    ...(state.falseAlarm && { false_alarm: true }),
    ...(state.links && {
      links: state.links.map(({ other, how }) => ({ ref: refOf(other), how: HOW[how] })),
    }),
    components: state.components,
    lead: person(state.roles.lead),
    channel: state.channel && { id: state.channel.id, name: state.channel.name },
    milestones: {
      opened: state.opened.at,
      ...Object.fromEntries(MARKS.map((mark) => [mark, milestones[mark]?.at ?? null])),
    },
    metrics,
    contradictions,
  };
}

/** What another incident is to this one. */
const HOW = { linked: 'linked', into: 'merged_into', from: 'merged_from' } as const;

/**
 * `author`, of a captured message only, is who wrote it; `by` is who put it into the timeline; `files` came with it, and at
 * `deleted_at` it was deleted in Slack. `alert`, of what monitoring said
 * only, is what it said.
 */
function lineOf(entry: Entry) {
  const files = filesOf(entry);
  return {
    n: entry.n,
    at: entry.at,
    until: entry.until,
    precision: entry.precision,
    recorded_at: entry.recordedAt,
    edited_at: entry.editedAt,
    kind: entry.kind,
    text: entryText(entry),
    struck: entry.struck,
    by: person(entry.by),
    source: entry.source,
    link: entry.link,
    ...(entry.detail.author && { author: person(entry.detail.author) }),
    ...(files.length > 0 && { files: files.map((file) => fileOf(file, entry.detail.kept ?? [])) }),
    ...(entry.detail.deleted && { deleted_at: entry.detail.deleted }),
    ...(entry.detail.alert && { alert: alertOf(entry) }),
  };
}

/** `kept`: its bytes are, as an image; then it is of that type and size, which Slack may have said otherwise. */
function fileOf({ id, name, type, size }: RecordedFile, images: readonly KeptImage[]) {
  const image = images.find((one) => one.id === id);
  const kept = image && { type: image.type, size: image.size, sha256: image.digest };
  return { name, type, size, ...(kept && { kept }) };
}

/** `text` is what its sender wrote beside its title; labels, values and links are empty where it has none, or they were erased. */
function alertOf({ detail, text, erased }: Entry) {
  return {
    id: detail.alert,
    source: detail.sender,
    rule: detail.rule ?? null,
    key: detail.key,
    title: textOf({ text, erased }),
    text: detail.about ?? null,
    firing: detail.firing ?? false,
    times: detail.times ?? 1,
    labels: sorted(detail.labels),
    values: sorted(detail.values),
    links: sorted(detail.links),
  };
}

/** Names in the order that the facts have them in: the database keeps them in one of its own. */
function sorted(named: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Members in an order of our own: the database keeps them in one of its. `differs`: from the newest figures that were typed. */
function measuredOf(entry: Entry, of: Measurement, figures: Awaited<ReturnType<typeof impactFigures>>) {
  const counted = ({ name, failed, total }: Counted) => ({ name, failed, total });
  const { typed, measured } = figures;
  const differs = entry.n === measured?.n ? differenceOf(typed, entry) : null;
  return {
    entry: entry.n,
    looked_at: of.looked,
    step_s: of.stepMs / 1000,
    queries: { failed: of.failedQuery, total: of.totalQuery },
    limited: of.limited ?? false,
    components: of.components.map(counted),
    groups: of.groups.map(counted),
    noted: notedSentences(of.noted),
    bucket_s: of.bucketMs / 1000,
    failed_in: of.failedIn,
    total_in: of.totalIn,
    ...(typed && differs && { differs: { entry: typed.n, text: differs } }),
  };
}

function textOf(entry: Pick<Entry, 'text' | 'erased'>): string {
  return entry.erased ? ERASED : (entry.text ?? '');
}

function person(of: { id: string; name: string | null } | undefined) {
  return of ? { id: of.id, name: of.name } : null;
}

/** A member that is an array, one item at a time. */
async function* list<T>(
  name: string,
  items: AsyncIterable<T> | Iterable<T>,
  shape: (item: T) => unknown,
): AsyncIterable<string> {
  let first = true;
  for await (const item of items) {
    yield `${first ? `  "${name}": [\n` : ',\n'}    ${block(shape(item), 4)}`;
    first = false;
  }
  yield first ? `  "${name}": [],\n` : '\n  ],\n';
}

/** JSON whose lines after the first are moved right: a text's own newlines are `\n` in JSON, so only layout moves. */
function block(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(indent)}`);
}
