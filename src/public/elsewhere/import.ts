import { parseHTML } from 'linkedom';
import { z } from 'zod';
import type { Asking, IntentOf } from '#domain/incident/intent.js';
import { isRefusal, type Refusal } from '#domain/refusal.js';
import { COMPONENT_STATES, type ComponentState } from '#domain/status/page.js';
import { LIMITS, lengthOf, printable } from '#domain/text.js';
import { botAsking, type Moment, POST_STATES, STANDING, toSeconds } from '#domain/words.js';
import { askedOf, type Handle } from '#handle/handle.js';
import type { ComponentSettings } from '../settings.js';

/** What another page told of one incident. */
interface ImportedIncident {
  /** There. */
  readonly id: string;
  readonly title: string;
  /** Oldest first. */
  readonly posts: readonly ImportedPost[];
}

export interface ImportedPost {
  /** Its id there. */
  readonly id: string;
  /** The same post of another file, or of the same one again, has the same. */
  readonly key: string;
  readonly intent: IntentOf<'ImportPost'>;
}

/** What could be read of the files of another page. */
export interface ReadStatuspage {
  readonly page: { readonly id: string; readonly name: string; readonly url: string | null };
  /** In their order. */
  readonly components: readonly ComponentSettings[];
  /** Those in which nothing is wrong, oldest first. */
  readonly incidents: readonly ImportedIncident[];
  /** Planned work is not taken over: how much of it there is. */
  readonly maintenances: number;
  /** Everything that is wrong: which file or incident, which member, what. Where there is one, nothing is to be imported unless somebody said so. */
  readonly problems: readonly string[];
}

/** Statuspage's own limits are 255 and 25,000, and a postmortem has none: more than people may type here is taken all the same. */
const LONGEST = { title: 255, text: LIMITS.text, raw: 200_000 } as const;
/** Pages of clouds name hundreds in one update. */
const MOST_COMPONENTS = 500;

const STATES: Readonly<Record<string, ComponentState>> = {
  operational: 'operational',
  under_maintenance: 'maintenance',
  degraded_performance: 'degraded',
  partial_outage: 'partial',
  major_outage: 'major',
};
const OF_MAINTENANCE: readonly string[] = ['scheduled', 'in_progress', 'verifying', 'completed'];

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is no id');
const time = z.iso
  .datetime({ offset: true, error: 'is no time such as 2024-11-10T01:41:00Z' })
  .transform((text) => toSeconds(new Date(text)));
const called = (most: number) =>
  z
    .string('is no text')
    .transform((text) => printable(text).replace(/\s+/g, ' ').trim())
    .refine((text) => text !== '', 'is empty')
    .refine((text) => lengthOf(text) <= most, `is longer than ${most} characters; shorten it in the file`);
const title = called(LONGEST.title);
const name = called(LIMITS.component);
const state = z
  .string()
  .nullish()
  .transform((text, context) => {
    if (text === null || text === undefined || text === '') return null;
    const known = Object.hasOwn(STATES, text) ? STATES[text] : undefined;
    if (known) return known;
    context.addIssue({ code: 'custom', message: `is none of ${Object.keys(STATES).join(', ')}` });
    return z.NEVER;
  });
const body = z
  .string('is no text')
  .max(LONGEST.raw, `is longer than ${LONGEST.raw.toLocaleString('en')} characters; shorten it in the file`)
  .nullish()
  .transform((html) => plainOf(html ?? ''))
  .refine(
    (text) => lengthOf(text) <= LONGEST.text,
    `is longer than ${LONGEST.text.toLocaleString('en')} characters as plain text; shorten it in the file`,
  );

/** Members that are not named here are passed over: others have theirs, and Statuspage adds some. */
const UPDATE = z.object({
  id,
  status: z.enum(POST_STATES, `is none of ${POST_STATES.join(', ')}`),
  body,
  display_at: time.nullish(),
  created_at: time,
  affected_components: z
    .array(z.object({ code: z.string().nullish(), name, new_status: state }))
    .max(MOST_COMPONENTS, `has more than ${MOST_COMPONENTS} items`)
    .nullish(),
});
const INCIDENT = z.object({
  id,
  name: title,
  incident_updates: z.array(UPDATE, 'is no list').min(1, 'is empty'),
  components: z
    .array(z.object({ id: z.string().nullish(), name }))
    .max(MOST_COMPONENTS, `has more than ${MOST_COMPONENTS} items`)
    .nullish(),
});
const COMPONENT = z.object({
  id,
  name,
  group: z.boolean().nullish(),
  group_id: z.string().nullish(),
  description: z
    .string()
    .nullish()
    .transform(
      (text) =>
        printable(plainOf(text ?? ''))
          .replace(/\s+/g, ' ')
          .trim() || null,
    ),
  start_date: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d/, 'is no date such as 2024-11-10')
    .nullish(),
  position: z.number().nullish(),
});
const PAGE = z.object({ id, name: title.nullish(), url: z.string().nullish() });
type Component = z.infer<typeof COMPONENT>;
type Incident = z.infer<typeof INCIDENT>;

/**
 * Reads what an existing page of Statuspage gives away: `summary.json`, `incidents.json` and `components.json` of its public
 * API (v2), files with several of their members, a list of such, and lists of incidents as the REST API gives them (the public
 * one has the latest 50 only).
 * @param names of the files, for problems, where `json` is a list of them
 */
export function readStatuspage(json: unknown, names: readonly string[] = []): ReadStatuspage {
  const problems: string[] = [];
  const parts = partsOf(json, names, problems);
  const page = pageOf(parts.pages, problems);
  const { components, nameOf } = componentsOf(parts.components, problems);
  const maintenances = new Set<unknown>(parts.maintenances);
  const byId = new Map<string, { updatedAt: string; value: unknown; where: string }>();
  for (const { value, where } of parts.incidents) {
    const { id: given, updated_at } = value as { id?: unknown; updated_at?: unknown };
    const key = typeof given === 'string' ? given : where;
    if (isMaintenance(value)) {
      maintenances.add(given ?? value);
      continue;
    }
    // The same one in two files: what was written later says more.
    const updatedAt = typeof updated_at === 'string' ? updated_at : '';
    const other = byId.get(key);
    if (!other || other.updatedAt < updatedAt) byId.set(key, { updatedAt, value, where });
  }
  const incidents: ImportedIncident[] = [];
  for (const { value, where } of byId.values()) {
    const parsed = INCIDENT.safeParse(value);
    if (!parsed.success) problems.push(...wrongIn(parsed.error, where, value));
    else incidents.push(incidentOf(parsed.data, page.id, nameOf));
  }
  incidents.sort((a, b) => order(startOf(a), startOf(b)) || order(a.id, b.id));
  return { page, components, incidents, maintenances: maintenances.size, problems };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const startOf = ({ posts }: ImportedIncident) => posts[0]?.intent.moment.at ?? '';

interface Part {
  value: unknown;
  where: string;
}
type Parts = Record<'pages' | 'components' | 'incidents', Part[]> & { maintenances: unknown[] };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes files apart; what none of them has is no mistake, a file that has nothing of it is. */
function partsOf(json: unknown, names: readonly string[], problems: string[]): Parts {
  const parts: Parts = { pages: [], components: [], incidents: [], maintenances: [] };
  const one = (value: unknown, file: string): void => {
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) one(item, `${file}, item ${i + 1}`);
      return;
    }
    if (isRecord(value) && 'incident_updates' in value) {
      parts.incidents.push({ value, where: file });
      if (typeof value.page_id === 'string') parts.pages.push({ value: { id: value.page_id }, where: file });
      return;
    }
    const known = ['page', 'components', 'incidents', 'scheduled_maintenances'] as const;
    const members = isRecord(value) ? known.filter((member) => value[member] !== undefined) : [];
    if (!isRecord(value) || members.length === 0) {
      problems.push(`${file}: has none of ${known.join(', ')}: it is no file of Statuspage’s API`);
      return;
    }
    for (const member of members) {
      const held = value[member];
      if (member === 'page') parts.pages.push({ value: held, where: `${file}: page` });
      else if (!Array.isArray(held)) problems.push(`${file}: ${member}: is no list`);
      else if (member === 'scheduled_maintenances')
        parts.maintenances.push(...held.map((item) => (isRecord(item) && item.id) || item));
      else
        for (const [i, item] of held.entries()) {
          const where = `${file}: ${member}, item ${i + 1}`;
          if (isRecord(item)) parts[member].push({ value: item, where });
          else problems.push(`${where}: is none`);
        }
    }
  };
  if (Array.isArray(json) && names.length > 0)
    for (const [i, file] of json.entries()) one(file, names[i] ?? `file ${i + 1}`);
  else if (Array.isArray(json)) for (const [i, file] of json.entries()) one(file, `file ${i + 1}`);
  else one(json, names[0] ?? 'the file');
  return parts;
}

function pageOf(found: readonly Part[], problems: string[]): ReadStatuspage['page'] {
  const pages = new Map<string, ReadStatuspage['page']>();
  for (const { value, where } of found) {
    const parsed = PAGE.safeParse(value);
    if (!parsed.success) problems.push(...wrongIn(parsed.error, where, null));
    else {
      const { id, name, url } = parsed.data;
      const other = pages.get(id);
      pages.set(id, { id, name: name ?? other?.name ?? id, url: url ?? other?.url ?? null });
    }
  }
  const [page, another] = pages.values();
  if (another && page)
    problems.push(`the files are of several pages (${[...pages.keys()].join(', ')}): import one at a time`);
  if (!page && found.length === 0)
    problems.push('no file says of which page it is: add one with `page`, such as summary.json');
  return page ?? { id: '', name: '', url: null };
}

/** @returns components as tocsin.yml has them, and under what name a post of that code, or that name, speaks of one */
function componentsOf(found: readonly Part[], problems: string[]) {
  const byId = new Map<string, Component>();
  for (const { value, where } of found) {
    const parsed = COMPONENT.safeParse(value);
    if (parsed.success) byId.set(parsed.data.id, parsed.data);
    else problems.push(...wrongIn(parsed.error, where, value));
  }
  const all = [...byId.values()].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const groups = new Map(all.filter(({ group }) => group).map((one) => [one.id, one]));
  const single = all.filter(({ group }) => !group);
  // In the order in which the page shows them: a group where it stands, and what is in it.
  const place = (one: Component) => groups.get(one.group_id ?? '')?.position ?? one.position ?? 0;
  single.sort((a, b) => place(a) - place(b));
  const often = new Map<string, number>();
  for (const { name } of single) often.set(name, (often.get(name) ?? 0) + 1);
  const names = new Map<string, string>();
  const components = single.map((one): ComponentSettings => {
    const group = groups.get(one.group_id ?? '')?.name ?? null;
    // Here a component is known by its name; those of two groups that share one are told apart as Statuspage does in updates.
    const name = (often.get(one.name) ?? 0) > 1 && group !== null ? `${group} - ${one.name}` : one.name;
    names.set(one.id, name);
    if (group !== null) names.set(`name ${group} - ${one.name}`, name);
    if (often.get(one.name) === 1) names.set(`name ${one.name}`, name);
    const since = one.start_date ? `${one.start_date.slice(0, 10)}T00:00:00Z` : null;
    return { name, group, description: one.description, since };
  });
  // As tocsin.yml tells them apart.
  const counted = new Map<string, string[]>();
  for (const { name } of components) {
    const same = name.normalize('NFKC').toLowerCase();
    counted.set(same, [...(counted.get(same) ?? []), name]);
  }
  for (const [name, ...others] of counted.values())
    if (others.length > 0)
      problems.push(
        `components: ${others.length + 1} are called “${name}”; give them names of their own in the file`,
      );
  const nameOf = (code: string | null | undefined, said: string) =>
    names.get(code ?? '') ?? names.get(`name ${said}`) ?? said;
  return { components, nameOf };
}

function isMaintenance(value: unknown): boolean {
  const { status, impact, scheduled_for } = value as Record<string, unknown>;
  return (
    (typeof status === 'string' && OF_MAINTENANCE.includes(status)) ||
    impact === 'maintenance' ||
    (scheduled_for !== undefined && scheduled_for !== null)
  );
}

function incidentOf(
  incident: Incident,
  from: string,
  nameOf: (code: string | null | undefined, said: string) => string,
): ImportedIncident {
  // Newest first there; sorted is stable, so that two of one second stay in their order.
  const updates = [...incident.incident_updates]
    .reverse()
    .map((update) => ({ ...update, at: update.display_at ?? update.created_at }))
    .sort((a, b) => order(a.at, b.at) || order(a.created_at, b.created_at));
  const ofThem = (incident.components ?? []).map(({ id, name }) => nameOf(id, name));
  const silent = updates.every(({ affected_components: touched }) => (touched ?? []).length === 0);
  const posts = updates.map((update): ImportedPost => {
    const states = new Map<string, ComponentState | null>();
    for (const { code, name, new_status } of update.affected_components ?? []) {
      const called = nameOf(code, name);
      states.set(called, worse(states.get(called) ?? null, new_status));
    }
    // Before 2018 updates did not say what they touched; the incident always did.
    if (silent) for (const called of ofThem) states.set(called, null);
    const moment: Moment = { at: update.at, until: null, precision: 'second' };
    return {
      id: update.id,
      key: `import:${from}:${incident.id}:${update.id}`,
      intent: {
        ...{ type: 'ImportPost', from, external: incident.id, state: update.status, moment },
        ...{ title: incident.name, text: update.body },
        ...{ components: [...states.keys()], states: [...states.values()] },
      },
    };
  });
  return { id: incident.id, title: incident.name, posts };
}

function worse(a: ComponentState | null, b: ComponentState | null): ComponentState | null {
  const rank = (one: ComponentState | null) => (one === null ? -1 : COMPONENT_STATES.indexOf(one));
  return rank(a) > rank(b) ? a : b;
}

/** Says what is wrong and where; the name of the incident, because ids mean nothing to people. */
function wrongIn(error: z.ZodError, where: string, value: unknown): string[] {
  const { id, name } = isRecord(value) ? value : {};
  const called = typeof name === 'string' ? `“${printable(name).slice(0, 80)}”` : null;
  const known = typeof id === 'string' ? printable(id).slice(0, 64) : null;
  const about = [called, known && (called ? `(${known})` : known)].filter(Boolean).join(' ');
  return error.issues.map((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? `item ${part + 1}` : String(part)));
    const at = [`${where}${about ? ` ${about}` : ''}`, ...(path.length > 0 ? [path.join(', ')] : [])];
    // The library's own words are about types.
    const said = /^(Invalid|Too|Expected)/.test(issue.message)
      ? 'is missing, or nothing that can stand here'
      : issue.message;
    return `${at.join(': ')}: ${said}`;
  });
}

/** What recording an import needs. */
export interface ImportPorts {
  handle: Handle;
  /** Whether the workspace has its standing record. */
  standing(team: string): Promise<boolean>;
  /** Who imports, at the command line; each post gets a key of its own. */
  asking: Omit<Asking, 'key' | 'asked' | 'now' | 'source'>;
  now(): Date;
  /** Hears how many posts are settled. */
  told?(done: number, of: number): void;
}

export interface Imported {
  /** Posts that are new. */
  readonly recorded: number;
  /** Posts that came over before. */
  readonly before: number;
  /** Posts that came over before and are other in this file: what was imported stays. */
  readonly changed: readonly ImportedPost[];
  readonly refused: ReadonlyArray<{ readonly post: ImportedPost; readonly refusal: Refusal }>;
  /** Why it ended before its end: nothing behind it was tried, and the same import again goes on from there. null: it did not */
  readonly stopped: Refusal | null;
}

/** So many posts wait to be written at once; whoever has something to say meanwhile comes between two such batches. */
const BATCH = 50;

/**
 * Records posts of another page at their own times, the oldest first, whatever incident they are of. What was imported before
 * is not imported again.
 */
export async function importStatuspage(
  { incidents }: Pick<ReadStatuspage, 'incidents'>,
  ports: ImportPorts,
): Promise<Imported> {
  const posts = incidents
    .flatMap((incident) => incident.posts)
    .sort((a, b) => order(a.intent.moment.at, b.intent.moment.at));
  const result = {
    ...{ recorded: 0, before: 0, changed: [] as ImportedPost[], stopped: null as Refusal | null },
    refused: [] as Array<{ post: ImportedPost; refusal: Refusal }>,
  };
  if (posts.length === 0) return result;
  const none = await standingRecord(ports);
  if (none) return { ...result, stopped: none };
  for (let at = 0; at < posts.length && result.stopped === null; at += BATCH) {
    const batch = posts.slice(at, at + BATCH);
    const outcomes = await Promise.all(
      batch.map((post) => {
        const { key, intent } = post;
        const named = { source: 'cli' as const, key, asked: askedOf(intent), now: ports.now() };
        return ports.handle(intent, STANDING, { ...ports.asking, ...named });
      }),
    );
    for (const [i, outcome] of outcomes.entries()) {
      const post = batch[i] as ImportedPost;
      if (!isRefusal(outcome)) result[outcome.repeated ? 'before' : 'recorded'] += 1;
      else if (outcome.code === 'KEY_USED_BEFORE') result.changed.push(post);
      else if (outcome.code === 'SECRET_TYPED') result.refused.push({ post, refusal: outcome });
      else result.stopped ??= outcome;
    }
    ports.told?.(Math.min(at + BATCH, posts.length), posts.length);
    await new Promise(setImmediate);
  }
  return result;
}

/** @returns why there is none */
async function standingRecord({ handle, standing, asking, now }: ImportPorts): Promise<Refusal | null> {
  const { team } = asking;
  if (await standing(team)) return null;
  const outcome = await handle(
    { type: 'OpenStandingRecord' },
    null,
    botAsking(team, 'standing-record', now()),
  );
  // Another process may have opened it at the same moment.
  return isRefusal(outcome) && !(await standing(team)) ? outcome : null;
}

/** What is needed of a node; the types of a browser are not loaded here. */
interface Node {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly data?: string;
  readonly childNodes: ArrayLike<Node>;
  getAttribute?(name: string): string | null;
}

const TEXT = 3;
const ELEMENT = 1;
/** Nobody has ever read what stands in these. */
const UNREAD = new Set([
  'SCRIPT',
  'STYLE',
  'TEMPLATE',
  'HEAD',
  'TITLE',
  'NOSCRIPT',
  'IFRAME',
  'OBJECT',
  'SVG',
  'MATH',
]);
const BLOCKS = new Set([
  ...['P', 'DIV', 'UL', 'OL', 'LI', 'TABLE', 'TR', 'BLOCKQUOTE', 'PRE', 'HR', 'DL', 'DT', 'DD', 'SECTION'],
  ...['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'ARTICLE', 'HEADER', 'FOOTER', 'FIGURE'],
]);
/** Between these there is an empty line. */
const APART = new Set([
  'P',
  'H1',
  'H2',
  'H3',
  'H4',
  'H5',
  'H6',
  'UL',
  'OL',
  'TABLE',
  'BLOCKQUOTE',
  'PRE',
  'DL',
]);

/**
 * Turns a text that may hold HTML, as bodies of Statuspage do, into plain text: line breaks stay (written as such, as `<br>`
 * or by blocks), a link is followed by its address unless it is its text, list items begin with a dash, entities are their
 * characters, and nothing that could not be seen is left.
 */
export function plainOf(html: string): string {
  const source = html.replace(/\r\n?/g, '\n');
  return tidy(/[<&]/.test(source) ? readOut(source) : source);
}

function readOut(source: string): string {
  const { document } = parseHTML(`<!doctype html><html><body>${source}`);
  let out = '';
  let broken = false;
  const breakLine = (lines: number) => {
    const there = /\n*$/.exec(out)?.[0].length ?? 0;
    if (out.trim() !== '') out += '\n'.repeat(Math.max(0, lines - there));
    broken = true;
  };
  // Not by recursion: an author decides how deep it goes.
  const work: Array<Node | (() => void)> = [document];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    if (typeof next === 'function') {
      next();
      continue;
    }
    if (next.nodeType === TEXT) {
      // Editors break the line behind a tag that breaks it as well.
      out += broken ? (next.data ?? '').replace(/^[ \t]*\n[ \t]*/, '') : next.data;
      broken = false;
      continue;
    }
    const name = next.nodeName.toUpperCase();
    if (UNREAD.has(name)) continue;
    if (next.nodeType === ELEMENT) {
      if (name === 'BR') {
        out += '\n';
        broken = true;
      }
      const lines = APART.has(name) ? 2 : 1;
      if (BLOCKS.has(name)) {
        breakLine(lines);
        work.push(() => breakLine(lines));
      }
      if (name === 'LI') out += '- ';
      if (name === 'A') {
        const from = out.length;
        const href = next.getAttribute?.('href')?.trim() ?? '';
        work.push(() => {
          const bare = (text: string) =>
            text
              .trim()
              .replace(/^https?:\/\//i, '')
              .replace(/\/$/, '');
          const said = bare(out.slice(from));
          if (/^(https?:\/\/|mailto:)/i.test(href) && said !== bare(href.replace(/^mailto:/i, '')))
            out += said === '' ? href : ` (${href.replace(/^mailto:/i, '')})`;
        });
      }
    }
    for (let i = next.childNodes.length - 1; i >= 0; i--) work.push(next.childNodes[i] as Node);
  }
  return out;
}

/** At most one empty line at a time, no blanks at the ends of lines, and only what can be seen. */
function tidy(text: string): string {
  return printable(text.replaceAll('\u00a0', ' '))
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
