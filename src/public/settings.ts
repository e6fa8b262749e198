import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DateTime } from 'luxon';
import { z } from 'zod';
import type { PlaceOf } from '#config/organisation.js';
import { readZone } from '#domain/command/time/zone.js';
import { readRules } from '#domain/permission.js';
import { type LeakRules, leakSentence, leaksIn } from '#domain/status/leak.js';
import type { PublicRules } from '#domain/status/publish.js';
import {
  strangeFields,
  TEMPLATE_FIELDS,
  TEMPLATE_NAME,
  TEMPLATE_STATES,
  type Template,
} from '#domain/status/template.js';
import { isPrintable, LIMITS } from '#domain/text.js';
import { toSeconds } from '#domain/words.js';
import { SectionReader } from '#runbooks/definition/words.js';
import { httpAddress } from '#runbooks/keystores/keystore.js';
import { every } from '#runbooks/schedule.js';

/** One component that the public may know of. */
export interface ComponentSettings {
  readonly name: string;
  readonly group: string | null;
  readonly description: string | null;
  /** From when on it was watched (UTC): before that nothing is known of it, unless a fact says something. null: not said. */
  readonly since: string | null;
}

export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** How the page looks: `status:` of tocsin.yml. */
export interface LookSettings {
  readonly title: string;
  /** Where the public finds the page, without a slash at its end; null: not known. Feeds, mails and the JSON need it. */
  readonly url: string | null;
  readonly language: Language;
  /** IANA. */
  readonly zone: string;
  /** An image in the built folder; null: none. */
  readonly logo: { readonly file: string; readonly alt: string } | null;
  /** `#rrggbb`; null: our own. Whatever has too little contrast was refused when it was read. */
  readonly colours: { readonly accent: string | null; readonly accentDark: string | null };
  readonly links: ReadonlyArray<{ readonly text: string; readonly url: string }>;
  /** A sentence or two under the title; null: none. */
  readonly about: string | null;
}

/** `status:` of tocsin.yml, checked. */
export interface StatusSettings {
  readonly look: LookSettings;
  /** The picture that was checked, to be written into the folder under `look.logo.file`; null: none. */
  readonly logo: { readonly content: Buffer } | null;
  /** Where the pages are written. Absolute. */
  readonly folder: string;
  readonly components: readonly ComponentSettings[];
  /** Who may publish, as `from:` of `permissions:`; null: not set (`rulesWithPublishers`). */
  readonly publishers: readonly string[] | null;
  readonly internalWords: readonly string[];
  /** `example.com`, `*.example.com`: with the page's own and those of its links. */
  readonly publicHosts: readonly string[];
  /** The organisation's own; the usual ones are beside them (`templateNamed`). */
  readonly templates: ReadonlyMap<string, Template>;
  /** Posts from before there was a page are shown on it too. */
  readonly earlierPosts: boolean;
  /** The next update is promised in so many milliseconds, where nobody says otherwise; null: none is. */
  readonly followMs: number | null;
  /** Sections of other readers, as they stand; null: not there. */
  readonly raw: Readonly<Record<Raw, Record<string, unknown> | null>>;
}

const RAW = ['subscribers', 'statuspage', 'webhook'] as const;
type Raw = (typeof RAW)[number];

/** What `status:` rests on where it does not say. */
export interface StatusBase {
  /** `components:` of tocsin.yml. */
  readonly components: readonly string[];
  readonly publicUrl: string | null;
  readonly dataDir: string;
  /** `status_page: { title }`, as it was called before. */
  readonly legacyTitle: string | null;
  /** `zone:` of tocsin.yml; absent or null: UTC. */
  readonly zone?: string | null;
  /** Roles that the organisation has; absent or null: not known, and names of roles are not checked. */
  readonly roles?: readonly string[] | null;
}

/** The grounds on which text stands, light and dark: as in pages/style.css. */
export const GROUNDS = { light: ['#ffffff', '#f6f7f9'], dark: ['#0e1116', '#171b22'] } as const;
const CONTRAST = 4.5;
const MOST_COMPONENTS = 500;
/** Of what a component is described with, in UTF-16 units. */
export const LONGEST_DESCRIPTION = 300;
const LOGO_BYTES = 500_000;

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\n\r\u2028\u2029]*$/, 'has more than one line; write it on one')
    .refine(isPrintable, 'holds characters that nobody sees; write it without them');
const address = httpAddress.refine(
  (text) => !/[\s<>"'`\\]/.test(text),
  'holds characters that an address has not; write them as %20 and the like',
);
const zone = z.string().transform((value, context) => {
  const name = readZone(value);
  if (typeof name === 'string') return name;
  context.addIssue({ code: 'custom', message: `is not a time zone; ${name.next}` });
  return z.NEVER;
});

const colour = (grounds: readonly string[], what: string) =>
  z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'is not a colour; write it in quotes as "#1f5fbf"')
    .transform((value) => value.toLowerCase())
    .superRefine((value, context) => {
      const ratio = Math.min(...grounds.map((ground) => contrast(value, ground)));
      if (!(ratio < CONTRAST)) return;
      // Never rounded up to what would be enough.
      const shown = (Math.floor(ratio * 100) / 100).toFixed(2);
      const message = `has a contrast of ${shown} : 1 to the ${what} ground, and people need ${CONTRAST} : 1 to read; write a ${what === 'light' ? 'darker' : 'lighter'} one`;
      context.addIssue({ code: 'custom', message });
    });

const component = z.strictObject({
  name: line(LIMITS.component),
  group: line(LIMITS.component).nullable().default(null),
  description: line(LONGEST_DESCRIPTION).nullable().default(null),
  since: z
    .string()
    .regex(
      /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/,
      'is not a day; write it as 2024-01-31, or with its time as 2024-01-31T09:00:00Z',
    )
    .nullable()
    .default(null),
});

const template = z
  .strictObject({
    state: z.enum(TEMPLATE_STATES),
    text: z
      .string()
      .min(1)
      .max(LIMITS.post)
      .refine(isPrintable, 'holds characters that nobody sees; write it without them')
      .superRefine((text, context) => {
        const strange = strangeFields(text).map((name) => `{${name}}`);
        if (strange.length === 0) return;
        const known = TEMPLATE_FIELDS.map((name) => `{${name}}`).join(', ');
        const message = `has ${strange.join(', ')}, which is no field; these are: ${known}`;
        context.addIssue({ code: 'custom', message });
      }),
    next: every.optional(),
  })
  .transform(({ state, text, next }): Template => ({ state, text, nextMs: next ?? null }));

const host = z
  .string()
  .regex(
    /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i,
    'is not the name of a host; write it without https:// and path, such as example.com, or *.example.com for all below it',
  )
  .transform((name) => name.toLowerCase());

const SHAPE = z.strictObject({
  title: line(100).optional(),
  url: address.optional(),
  language: z.enum(LANGUAGES).default('en'),
  zone: zone.optional(),
  folder: z.string().min(1).optional(),
  logo: z.strictObject({ file: z.string().min(1), alt: line(200) }).optional(),
  colours: z
    .strictObject({
      accent: colour(GROUNDS.light, 'light').optional(),
      accent_dark: colour(GROUNDS.dark, 'dark').optional(),
    })
    .default({}),
  links: z
    .array(z.strictObject({ text: line(80), url: address }))
    .max(20)
    .default([]),
  about: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .refine(isPrintable, 'holds characters that nobody sees; write it without them')
    .optional(),
  components: z.array(component).max(MOST_COMPONENTS).optional(),
  publishers: z.unknown().optional(),
  internal_words: z.array(line(100).min(2)).max(2_000).default([]),
  public_hosts: z.array(host).max(500).default([]),
  templates: z
    .record(
      z
        .string()
        .regex(
          TEMPLATE_NAME,
          'is not a name; write lower-case letters, digits and dashes, such as login-fails',
        ),
      template,
    )
    .default({}),
  earlier_posts: z.boolean().default(false),
  follow: every.optional(),
  ...(Object.fromEntries(RAW.map((name) => [name, z.record(z.string(), z.unknown()).nullish()])) as Record<
    Raw,
    z.ZodOptional<z.ZodNullable<z.ZodRecord<z.ZodString, z.ZodUnknown>>>
  >),
});

/**
 * @param section as it stands in tocsin.yml
 * @param at where a path of keys stands: `['status', 'links', 2]` → `tocsin.yml:12`
 * @param base what holds where the section does not say
 * @returns the settings, or everything that is wrong with them: place, what, what to write instead
 */
export function readStatusSettings(
  section: Record<string, unknown>,
  at: PlaceOf,
  base: StatusBase,
): { settings: StatusSettings } | { problems: string[] } {
  const reader = new SectionReader(['status'], at);
  // A key without a value (`links:`) is one that was not filled in.
  const given = Object.fromEntries(Object.entries(section).filter(([, value]) => value !== null));
  const read = reader.shaped(SHAPE, given);

  const publishers = publishersIn(given.publishers, base.roles ?? null, (what) =>
    reader.wrong(['publishers'], what),
  );
  if (!read) return { problems: reader.problems };

  const logo = read.logo ? logoIn(read.logo.file, (what) => reader.wrong(['logo', 'file'], what)) : null;
  const named = read.zone ?? base.zone ?? 'UTC';
  const components = read.components ?? base.components.map((name) => ({ ...BARE, name }));
  const seen = new Map<string, number>();
  for (const [i, { name }] of components.entries()) {
    const same = name.normalize('NFKC').toLowerCase();
    const before = seen.get(same);
    if (before !== undefined && read.components)
      reader.wrong(
        ['components', i, 'name'],
        `is the name of an earlier component (${before + 1}.); write another, or take it away`,
      );
    seen.set(same, before ?? i);
  }
  if (components.length > MOST_COMPONENTS && !read.components)
    reader.wrong(
      ['components'],
      `is missing, and \`components:\` has more than ${MOST_COMPONENTS}; write those that the public knows`,
    );
  const dated = components.map((one, i) => {
    const since = one.since === null ? null : dayIn(one.since, named);
    if (since === undefined)
      reader.wrong(['components', i, 'since'], 'is a day that there is not; write it as 2024-01-31');
    return { ...one, since: since ?? null };
  });
  if (reader.problems.length > 0) return { problems: reader.problems };

  const url =
    (read.url ?? (base.publicUrl === null ? null : `${base.publicUrl}/status`))?.replace(/\/+$/, '') ?? null;
  const { accent = null, accent_dark: accentDark = null } = read.colours;
  return {
    settings: {
      look: {
        ...{ title: read.title ?? base.legacyTitle ?? 'Status', url, language: read.language, zone: named },
        logo: logo && read.logo ? { file: logo.name, alt: read.logo.alt } : null,
        ...{ colours: { accent, accentDark }, links: read.links, about: read.about ?? null },
      },
      logo: logo && { content: logo.content },
      folder: resolve(read.folder ?? join(base.dataDir, 'status')),
      components: dated,
      publishers,
      internalWords: read.internal_words,
      publicHosts: [
        ...new Set([...read.public_hosts, ...hostsOf([url, ...read.links.map((link) => link.url)])]),
      ],
      templates: new Map(Object.entries(read.templates)),
      earlierPosts: read.earlier_posts,
      followMs: read.follow ?? null,
      raw: Object.fromEntries(RAW.map((name) => [name, read[name] ?? null])) as StatusSettings['raw'],
    },
  };
}

const BARE = { group: null, description: null, since: null };

const hostsOf = (urls: ReadonlyArray<string | null>) =>
  urls.flatMap((url) => (url === null ? [] : [new URL(url).hostname]));

/** Read by the same function as `permissions:`. */
function publishersIn(
  value: unknown,
  roles: readonly string[] | null,
  problem: (what: string) => void,
): readonly string[] | null {
  if (value === undefined) return null;
  if (!Array.isArray(value)) {
    problem('is not a list of who may; write [comms, "@press"]');
    return null;
  }
  const read = readRules({ publish: value }, roles);
  if ('rules' in read) return read.rules.publish ?? null;
  for (const { what } of read.problems) problem(what);
  return null;
}

/** @returns UTC with whole seconds; undefined: there is no such time */
function dayIn(text: string, named: string): string | undefined {
  const read = DateTime.fromISO(text, { zone: named });
  return read.isValid ? toSeconds(read.toJSDate()) : undefined;
}

/** What a text that compares two colours is worth, as WCAG 2.2 counts it: 1 to 21. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Reads the picture, by what is in it and not by its name. @returns null: a problem was told */
function logoIn(file: string, problem: (what: string) => void): { name: string; content: Buffer } | null {
  const path = resolve(file);
  let content: Buffer;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (found.size > LOGO_BYTES) {
      problem(
        `has ${found.size.toLocaleString('en')} bytes; make it ${LOGO_BYTES.toLocaleString('en')} at the most`,
      );
      return null;
    }
    content = readFileSync(path);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    problem(`cannot be read (${code}): ${path}; name a file that is there`);
    return null;
  }
  const kind = kindOf(content);
  if (kind === null) {
    problem('is no SVG, PNG or WebP; make it one of these');
    return null;
  }
  const active = kind === 'svg' ? activeIn(content.toString('utf8')) : null;
  if (active !== null) {
    problem(
      `holds ${active}, which a picture on a public page must not; save it as a plain SVG, or as a PNG`,
    );
    return null;
  }
  return { name: `logo.${kind}`, content };
}

function kindOf(content: Buffer): 'svg' | 'png' | 'webp' | null {
  if (content.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'png';
  if (content.toString('latin1', 0, 4) === 'RIFF' && content.toString('latin1', 8, 12) === 'WEBP')
    return 'webp';
  // In UTF-8 only: what is written in other letters could hide from whoever looks for scripts.
  const text = content.toString('utf8');
  if (text.includes('\ufffd') || text.includes('\0')) return null;
  return /^\ufeff?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->)[\s\S])*-->\s*)*(?:<!DOCTYPE|<svg[\s>])/.test(
    text,
  )
    ? 'svg'
    : null;
}

/** @returns what could run, or fetch something, when the picture is opened; null: nothing */
function activeIn(svg: string): string | null {
  const plain = svg.replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));?/gi, (all, hex?: string, digits?: string) => {
    const code = hex ? Number.parseInt(hex, 16) : Number(digits);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
  for (const text of [svg, plain]) {
    if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return 'a DOCTYPE';
    if (
      /<(?:[\w-]+:)?(?:script|foreignObject|iframe|object|embed|audio|video|handler|listener)\b/i.test(text)
    )
      return 'a script, or a part of another page';
    if (/[\s"'/]on[a-z]+\s*=/i.test(text)) return 'a script (an attribute that begins with on)';
    if (/(?:java|vb)\s*script\s*:/i.test(text.replace(/[\s\p{Cc}]/gu, ''))) return 'a script (an address)';
    if (
      /(?:href|src)\s*=\s*["']?\s*(?!#|data:image\/(?:png|jpeg|webp|gif);)[^"'\s>]/i.test(text) ||
      /@import|url\(\s*["']?(?![\s"']|#|data:image\/(?:png|jpeg|webp|gif);)/i.test(text)
    )
      return 'the address of another file';
    if (/<\?xml-stylesheet/i.test(text)) return 'a style sheet of another file';
    if (
      /<(?:[\w-]+:)?(?:set|animate\w*)\b[^>]*attributeName\s*=\s*["']?\s*(?:xlink:)?(?:href|on)/i.test(text)
    )
      return 'an animation of addresses';
  }
  return null;
}

/**
 * What a text for the public is compared with.
 * @param known of this incident and this house: names of people, all components, and other words (runbooks, key stores, channels)
 */
export function leakRulesOf(
  settings: Pick<StatusSettings, 'components' | 'internalWords' | 'publicHosts'>,
  known: { people: readonly string[]; components: readonly string[]; words: readonly string[] },
): LeakRules {
  const publicNames = settings.components.map(({ name }) => name);
  const shown = new Set(publicNames);
  return {
    ...{ publicHosts: settings.publicHosts, publicNames, people: known.people },
    internalWords: [...settings.internalWords, ...known.words],
    components: known.components.filter((name) => !shown.has(name)),
  };
}

/** What deciding on a post needs of the settings. @param known all components of the house, and other words of it */
export function publicRulesOf(
  settings: Pick<StatusSettings, 'components' | 'internalWords' | 'publicHosts'>,
  known: { components: readonly string[]; words: readonly string[] },
): PublicRules {
  const rules = leakRulesOf(settings, { ...known, people: [] });
  const components = settings.components.map(({ name }) => name);
  return {
    components: components.length > 0 ? components : null,
    leaks: (text, people) => leaksIn(text, { ...rules, people }),
    leakText: leakSentence,
  };
}
