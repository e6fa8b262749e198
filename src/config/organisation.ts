import { type Document, type ErrorCode, isMap, isScalar, parseDocument } from 'yaml';
import { z } from 'zod';
import { readZone } from '#domain/command/time/zone.js';
import { readBridge } from '#domain/incident/bridge.js';
import type { ReminderSettings } from '#domain/incident/reminder.js';
import { SECRET_KINDS } from '#domain/secret/kind.js';
import { readSpan } from '#domain/text.js';
import { SEVERITIES } from '#domain/words.js';

/** Read by the same function as in a command: what a person may type there is what may stand here. */
const zone = z.string().transform((value, context) => {
  const name = readZone(value);
  if (typeof name === 'string') return name;
  context.addIssue({ code: 'custom', message: `is not a time zone. ${name.next}` });
  return z.NEVER;
});

const role = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    'is not a role; write lower-case letters, digits and dashes, such as scribe',
  );

/** A kind of secret that is left in what people write. */
const kept = z.enum(SECRET_KINDS, {
  error: `is no kind of secret that is taken out of texts; the kinds are ${SECRET_KINDS.join(', ')}`,
});

/** A mapping of these keys and no others: a misspelt one is said with those that there are. */
function mapping<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has keys that mean nothing here (${(issue.keys ?? []).join(', ')}); the known ones are ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

/** A length of time, as people type it; `off` is null. */
const spanOrOff = z.unknown().transform((value, context) => {
  if (isOff(value)) return null;
  const ms = typeof value === 'string' ? readSpan(value) : null;
  if (ms !== null && ms >= 60_000 && ms <= 7 * 86_400_000) return ms;
  const message =
    'is no length of time from 1m to 7d; write it with its unit, such as 30m, 1h30m or 1d, or off';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const isOff = (value: unknown) => value === 'off' || value === false;

/** `off` in the place of a mapping is `off` for each of its keys. */
function orOff<S extends z.ZodRawShape>(shape: S, keys: readonly (keyof S & string)[]) {
  const off = Object.fromEntries(keys.map((key) => [key, 'off']));
  return z.preprocess((value) => (isOff(value) ? off : (value ?? {})), mapping(shape));
}

const interval = (usual: string) => spanOrOff.prefault(usual);
const severity = z.enum(SEVERITIES, { error: `is no severity; there are ${SEVERITIES.join(', ')}` });

/** What channels are reminded of, and when. */
const reminders = orOff(
  {
    update: orOff(
      {
        ...{ sev1: interval('30m'), sev2: interval('1h'), sev3: interval('off'), sev4: interval('off') },
        none: interval('1h'),
      },
      [...SEVERITIES, 'none'],
    ).prefault({}),
    lead: z
      .preprocess(
        (value) => (typeof value === 'object' && value !== null ? value : { after: value ?? '10m' }),
        mapping({ after: interval('10m'), severities: z.array(severity).default(['sev1', 'sev2']) }),
      )
      .prefault({}),
    quiet: interval('1d'),
    times: z.int().min(1, 'is too small; write 1 to 10').max(10, 'is too big; write 1 to 10').default(3),
  },
  ['update', 'lead', 'quiet'],
)
  .prefault({})
  .transform(
    ({ update, lead: { after, severities }, quiet, times }): ReminderSettings => ({
      ...{ update, quietMs: quiet, times },
      lead: after === null ? null : { afterMs: after, of: severities },
    }),
  );

/** Where people talk: an address, or one with more to say. */
const bridge = z
  .unknown()
  .nullish()
  .transform((value, context) => {
    if (value === undefined || value === null) return null;
    const read = readBridge(value);
    if (typeof read !== 'string') return read;
    context.addIssue({ code: 'custom', message: read });
    return z.NEVER;
  });

/** The name of an emoji, with or without the colons around it. The bot's own tick is no sign of a person's. */
const emoji = z
  .string()
  .transform((value) => value.replace(/^:(.*):$/, '$1'))
  .pipe(
    z
      .string()
      .regex(
        /^[a-z0-9_+'-]{1,100}$/,
        'is not the name of an emoji; write it as in Slack between the colons, such as pushpin',
      )
      .refine((name) => name !== 'white_check_mark', 'is the tick that the bot itself sets; take another'),
  );

/** Sections that another room checks when things are put together: here they are only let through. */
const SECTIONS = [
  ...(['permissions', 'approvers', 'keystores', 'routes', 'pairs'] as const),
  ...(['commands', 'secrets', 'schedules', 'http', 'watch', 'impact'] as const),
  ...(['metrics', 'alerts', 'status', 'paging', 'actions', 'tracker'] as const),
] as const;
type SectionName = (typeof SECTIONS)[number];
const section = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {});

/** `tocsin.yml`: what an organisation decides. Strict: a misspelt key is a mistake, not a wish. */
const ORGANISATION = z.strictObject({
  command: z
    .string()
    .regex(/^\/[a-z0-9_-]{1,31}$/, 'is not a slash command; write it as in manifest.yml, such as /incident')
    .default('/incident'),
  zone: zone.nullable().default(null),
  roles: z.array(role).default(['lead', 'scribe', 'comms', 'ops']),
  components: z.array(z.string().min(1)).default([]),
  announce: z.string().min(1).nullable().default(null),
  invite: mapping({
    people: z.array(z.string().regex(/^[UW][A-Z0-9]+$/, 'is not a user id such as U012AB3CD')).default([]),
    groups: z.array(z.string().regex(/^S[A-Z0-9]+$/, 'is not a user group id such as S012AB3CD')).default([]),
  }).default({ people: [], groups: [] }),
  catchup: mapping({ on_join: z.boolean().default(true) }).default({ on_join: true }),
  capture: mapping({
    emoji: z.array(emoji).max(20, 'has more than 20 emoji; take fewer').default(['pushpin']),
    /** Images of recorded messages are fetched and kept. */
    files: z.boolean().default(false),
    /** What becomes of the words of a message that is deleted in Slack: readings have them no more, or still. */
    deleted: z.enum(['hide', 'keep'], { error: 'is not one of hide, keep' }).default('hide'),
  }).default({ emoji: ['pushpin'], files: false, deleted: 'hide' }),
  secrets_in_text: mapping({ keep: z.array(kept).default([]) }).default({ keep: [] }),
  bridge,
  canvas: z.boolean().default(false),
  reminders,
  ...(Object.fromEntries(SECTIONS.map((name) => [name, section])) as Record<SectionName, typeof section>),
});

/** What another room finds wrong in its sections, whatever the others are like. `roles`: null where they are wrong too. */
export type CheckSections = (sections: Sections, at: PlaceOf, roles: readonly string[] | null) => string[];
type Sections = Record<SectionName, Record<string, unknown>>;

/** Settings that are not wrong where a file holds them, and not used; but for the title of `status_page`. */
const LATER = ['severities', 'status_page'];

/**
 * @property zone default zone for people whose own is not known; null: none set, so UTC
 * @property announce channel (id, or name without #) that hears of every incident; null: none
 */
export type Organisation = z.infer<typeof ORGANISATION> & {
  /** Where a setting stands, for messages: `['keystores', 'tts-old']` → `tocsin.yml:12`. */
  at: PlaceOf;
  /** `status_page: { title }`: what `status.title` was called before; null: not there. */
  legacyTitle: string | null;
};

/** @returns the settings, or everything that is wrong with them: file, line, place, what to write instead. */
export function readOrganisation(
  source: string,
  file: string,
  check: CheckSections = () => [],
): Organisation | string[] {
  const document = parseDocument(source, { uniqueKeys: true });
  if (document.errors.length > 0) {
    return document.errors.map(
      (error) =>
        `${file}:${error.linePos?.[0].line ?? 1}: ${UNREADABLE[error.code] ?? parserSays(error.message)}`,
    );
  }
  const at = placesIn(document, source, file);
  let settings: unknown;
  try {
    settings = document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch {
    return [`${file}:1: repeats itself too often with aliases (*name); write out what they stand for`];
  }
  const parsed = ORGANISATION.safeParse(withoutLater(settings));
  const wrong = check(sectionsOf(settings), at, parsed.success ? parsed.data.roles : null);
  if (parsed.success)
    return wrong.length > 0 ? wrong : { ...parsed.data, at, legacyTitle: legacyTitleIn(settings) };
  const issues = parsed.error.issues.map((issue) => {
    const place = issue.path.join('.');
    return `${at(issue.path)}: ${place ? `${place} ` : ''}${worded(issue)}`;
  });
  return [...issues, ...wrong];
}

function sectionsOf(settings: unknown): Sections {
  const of = (name: string) => (settings as Record<string, unknown> | null)?.[name];
  const record = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  return Object.fromEntries(SECTIONS.map((name) => [name, record(of(name))])) as Sections;
}

function legacyTitleIn(settings: unknown): string | null {
  const page = (settings as Record<string, unknown> | null)?.status_page;
  const title = typeof page === 'object' && page !== null ? (page as { title?: unknown }).title : null;
  return typeof title === 'string' && title.trim() !== '' ? title.trim().slice(0, 100) : null;
}

function withoutLater(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !LATER.includes(key)));
}

function worded(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const known = Object.keys(ORGANISATION.shape).join(', ');
    return `has keys that mean nothing here (${issue.keys.join(', ')}); the known ones are ${known}`;
  }
  if (issue.code === 'invalid_type')
    return `is not ${KINDS[issue.expected] ?? issue.expected}; write it as one`;
  return /^(Invalid|Too (big|small))\b/.test(issue.message)
    ? 'is empty; write it, or leave it out'
    : issue.message;
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list, such as [a, b]',
  boolean: 'true or false',
  object: 'a mapping, such as { name: value }',
  record: 'a mapping, such as { name: value }',
};

/** What the parser finds most, with what to do; its own words name functions of its. */
const UNREADABLE: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'is indented with a tab; YAML takes spaces only',
  DUPLICATE_KEY: 'says a key for the second time; keep one of them',
  MULTIPLE_DOCS: 'begins a second document (---); keep one',
};

/** Its first line, without the place, which stands before it. */
const parserSays = (text: string) =>
  `is not YAML: ${(text.split('\n')[0] ?? text).replace(/ at line \d+, column \d+:?$/, '')}; correct it there or just above`;

/** Where a path of keys stands in a YAML file: `tocsin.yml:12`. A path that is not there: the nearest that is. */
export type PlaceOf = (path: readonly PropertyKey[]) => string;

/** @param source what `document` was parsed from */
function placesIn(document: Document, source: string, file: string): PlaceOf {
  return (path) => {
    let offset = 0;
    for (let length = path.length; length > 0 && offset === 0; length--)
      offset = offsetOf(document, path.slice(0, length)) ?? 0;
    return `${file}:${source.slice(0, offset).split('\n').length}`;
  };
}

/** Of the key where there is one: the value of `store:` may begin on the next line. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent))
    for (const { key } of parent.items)
      if (isScalar(key) && String(key.value) === String(path.at(-1))) return key.range?.[0];
  return (document.getIn(path, true) as { range?: [number, number, number] } | undefined)?.range?.[0];
}
