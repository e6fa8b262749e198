import { createHmac } from 'node:crypto';
import type { AnswerPorts } from '#answer/answer.js';
import { BadConfig, type Config } from '#config/config.js';
import type { PlaceOf } from '#config/organisation.js';
import type { Entry } from '#domain/incident/entry.js';
import type { Fact } from '#domain/incident/fact.js';
import type { IncidentState } from '#domain/incident/state.js';
import { type Rules, rulesWithPublishers } from '#domain/permission.js';
import { isRefusal } from '#domain/refusal.js';
import type { PublicPage, PublicPost } from '#domain/status/page.js';
import type { PublicRules } from '#domain/status/publish.js';
import { publicPage } from '#domain/status/read.js';
import { fillTemplate, type TemplateValues, templateNamed } from '#domain/status/template.js';
import { botAsking, maintenanceRef, refOf, STANDING, toSeconds } from '#domain/words.js';
import type { Handle } from '#handle/handle.js';
import type { Log } from '#log.js';
import { apiFiles } from '#public/api.js';
import { badgeFile } from '#public/badge.js';
import type { PublicChange } from '#public/change.js';
import { feedFiles } from '#public/feeds.js';
import { openFolder, type PublicFile } from '#public/folder.js';
import { assets, htmlFiles } from '#public/pages/pages.js';
import {
  publicRulesOf,
  readStatusSettings,
  type StatusBase,
  type StatusSettings,
} from '#public/settings.js';
import { createSite, type Site } from '#public/site.js';
import { Words } from '#public/words/words.js';
import type { Store } from '#store/store.js';

/** What `status:` rests on where it does not say. */
export function statusBaseOf({ org, publicUrl, dataDir }: Pick<Config, 'org' | 'publicUrl' | 'dataDir'>): StatusBase {
  const { components, legacyTitle, zone, roles } = org;
  return { components, legacyTitle, zone, roles, publicUrl, dataDir };
}

/** `status:` of tocsin.yml. @throws BadConfig with everything that is wrong there */
export function statusSettings(config: Config): StatusSettings {
  const read = readStatusSettings(config.org.status, config.org.at, statusBaseOf(config));
  if ('settings' in read) return read.settings;
  throw new BadConfig(read.problems);
}

/** Who may do what, with those who publish. */
export function rulesWith(rules: Rules, { publishers }: Pick<StatusSettings, 'publishers'>): Rules {
  return rulesWithPublishers(rules, publishers);
}

/** Names of the house that no word of a sentence looks like: `tts-old`, and not `rollback`. */
function plainlyOurs(names: Iterable<string>): string[] {
  return [...names].filter((name) => /[-_.\d]/.test(name));
}

/** What deciding on a post needs of the configuration. @param stores names of key stores, routes and the like */
export function publicRules(
  { org }: Pick<Config, 'org'>,
  settings: StatusSettings,
  stores: Iterable<string>,
): PublicRules {
  return publicRulesOf(settings, { components: org.components, words: plainlyOurs(stores) });
}

/** A template's text, the next update that is promised, and where planned work stands: what `answer` needs of the page. */
export function publishingWith(
  settings: StatusSettings,
  rules: PublicRules,
  store: Pick<Store, 'incidents'>,
  handle: Handle,
): NonNullable<AnswerPorts['publicly']> {
  const words = new Words(settings.look.language, settings.look.zone);
  return {
    async ready(post, state, now) {
      const template = post.template == null ? null : templateNamed(settings, post.template);
      if (isRefusal(template)) return template;
      const posted = post.state ?? (template && isPostState(template.state) ? template.state : state.status);
      const promises = posted === 'resolved' || posted === 'postmortem' ? null : (template?.nextMs ?? settings.followMs);
      const next =
        post.next ??
        (promises === null
          ? null
          : { at: toSeconds(new Date(now.getTime() + promises)), until: null, precision: 'minute' as const });
      const more = { ...(next && { next }), ...(template && { state: posted, template: null }) };
      if (!template) return { ...post, ...more };
      const entries = await store.incidents.entriesOf(state.team, state.number, TOLD);
      const values = valuesOf(state, entries, rules, words, next?.at ?? null, settings.look.url);
      const text = fillTemplate(template, values, post.template ?? 'post');
      return typeof text === 'string' ? { ...post, ...more, text } : text;
    },
    async standing(team) {
      if (await store.incidents.load(team, STANDING)) return;
      await handle({ type: 'OpenStandingRecord' }, null, botAsking(team, 'standing-record', new Date()));
    },
  };
}

const isPostState = (state: string): state is 'investigating' | 'identified' | 'monitoring' | 'resolved' | 'postmortem' =>
  ['investigating', 'identified', 'monitoring', 'resolved', 'postmortem'].includes(state);

/** Of these a template may speak; of causes and actions only in a postmortem that somebody looks at before it goes out. */
const TOLD = ['post', 'impact', 'cause', 'action'] as const;

function valuesOf(
  state: IncidentState,
  entries: readonly Entry[],
  { components }: PublicRules,
  words: Words,
  next: string | null,
  url: string | null,
): TemplateValues {
  const may = (name: string) => components === null || components.includes(name);
  const names = state.components.filter(may);
  const live = entries.filter(({ struck, erased }) => !struck && !erased);
  const posts = live.filter(({ kind }) => kind === 'post').sort((a, b) => (a.at < b.at ? -1 : 1));
  const at = (of: string) => posts.find(({ detail }) => detail.state === of)?.at;
  const { started, resolved } = state.milestones;
  const began = started?.at ?? posts[0]?.at ?? state.opened.at;
  const ended = at('resolved') ?? resolved?.at ?? null;
  const moment = (time: string | null | undefined) => (time ? words.moment(time) : null);
  const texts = (kind: Entry['kind']) => live.filter((one) => one.kind === kind).flatMap(({ text }) => text ?? []);
  return {
    ...{ component: words.list(names), components: words.list(names), title: state.publicTitle?.title ?? null },
    ...{ started: moment(began), identified: moment(at('identified')), monitoring: moment(at('monitoring')) },
    ...{ resolved: moment(ended), next: moment(next), url },
    duration: ended ? words.duration((Date.parse(ended) - Date.parse(began)) / 1000) : null,
    impact: texts('impact').at(-1) ?? null,
    posts: posts.map((post) => `${words.moment(post.at)}: ${post.text ?? ''}`).join('\n'),
    cause: texts('cause').at(-1) ?? null,
    actions: live
      .filter(({ kind, detail }) => kind === 'action' && detail.done !== true)
      .flatMap(({ text }) => (text === null ? [] : `- ${text}`))
      .join('\n'),
  };
}

/** The public page of one workspace: how it is read, and what it is made of. */
export type PublicReading = ReturnType<typeof publicReading>;

/** @param secret what names are hidden with: the same one gives the same addresses, for ever */
export function publicReading(
  { published, incidents }: Pick<Store, 'published' | 'incidents'>,
  settings: StatusSettings,
  secret: string,
  now: () => Date,
) {
  const { look } = settings;
  const words = new Words(look.language, look.zone);
  const known = new Map<string, { revision: string; at: number; page: Promise<PublicPage> }>();

  async function read(team: string): Promise<PublicPage> {
    const names = settings.components.map(({ name }) => name);
    const [records, since] = await Promise.all([
      published.records(team),
      published.seen(team, names, now()),
    ]);
    const components = settings.components.map((one) => ({ ...one, since: one.since ?? since.get(one.name) ?? null }));
    const { zone } = look;
    return publicPage(records, components, { zone, now: now(), idOf: idOf(team), earlier: settings.earlierPosts });
  }

  /** Twelve letters and digits that say nothing of what they stand for. */
  function idOf(team: string): (of: string) => string {
    return (of) => {
      const digest = createHmac('sha256', secret).update(`status/v1\n${team}\n${of}`).digest();
      return [...digest.subarray(0, 12)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
    };
  }

  /** One reading for many who ask at the same time about changes of the same moment. */
  async function current(team: string): Promise<PublicPage> {
    const revision = await published.revision(team);
    const before = known.get(team);
    const at = performance.now();
    if (before && before.revision === revision && at - before.at < HELD_MS) return before.page;
    const page = read(team);
    page.catch(() => known.delete(team));
    known.set(team, { revision, at, page });
    return page;
  }

  return {
    words,
    read,
    current,
    idOf,
    revision: (team: string) => published.revision(team),
    /** What a fact says to the public; null: nothing, or nothing any more. */
    async changeOf(team: string, incident: number, seq: number): Promise<PublicChange | null> {
      const fact = await incidents.fact(team, incident, seq);
      const about = fact && aboutOf(fact);
      if (!fact || !about) return null;
      const page = await current(team);
      const refs = [refOf(incident), idOf(team)(refOf(incident))];
      const of = page.incidents.find(({ ref }) => refs.includes(ref)) ?? null;
      const maintenance =
        about.maintenance === null
          ? null
          : (page.maintenances.find(({ ref }) => ref === maintenanceRef(about.maintenance ?? 0)) ?? null);
      const ofComponent = about.n === null ? null : await componentOf(team, incident, about.n);
      const post = about.n === null ? null : postIn(maintenance?.posts ?? of?.posts ?? [], about.n);
      const base = { team, incident, seq, recordedAt: fact.recordedAt, page };
      if (ofComponent !== null)
        return { ...base, kind: 'state', of, maintenance: null, post: null, components: [ofComponent] };
      if (about.maintenance !== null)
        return maintenance && { ...base, kind: 'maintenance', of: null, maintenance, post, components: maintenance.components };
      if (!of || !post) return null;
      const components = [...new Set([...post.components, ...of.components].map(({ name }) => name))];
      return { ...base, kind: about.kind, of, maintenance: null, post, components };
    },
  };

  async function componentOf(team: string, incident: number, n: number): Promise<string | null> {
    const entry = await incidents.entry(team, incident, n);
    return entry?.kind === 'component' && entry.detail.state !== undefined ? entry.text : null;
  }
}

const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const HELD_MS = 5_000;

const postIn = (posts: readonly PublicPost[], n: number) => posts.find((post) => post.n === n) ?? null;

/** @returns the entry that a fact says something public of, and how; null: none */
function aboutOf(fact: Fact): {
  kind: 'posted' | 'corrected' | 'withdrawn';
  n: number | null;
  maintenance: number | null;
} | null {
  switch (fact.type) {
    case 'StatusPosted':
    case 'ComponentStateSet':
      return { kind: 'posted', n: fact.data.n, maintenance: null };
    case 'MaintenancePlanned':
    case 'MaintenancePosted':
      return { kind: 'posted', n: fact.data.n, maintenance: fact.data.maintenance };
    case 'EntryEdited':
    case 'EntryRetimed':
      return fact.data.public ? { kind: 'corrected', n: fact.data.entry, maintenance: null } : null;
    case 'EntryStruck':
      return fact.data.public ? { kind: 'withdrawn', n: fact.data.entry, maintenance: null } : null;
    default:
      return null;
  }
}

/** Every file of the page. @param subscribe makes the page where people subscribe; null: nobody can */
export async function* filesOf(
  page: PublicPage,
  only: ReadonlySet<string> | null,
  { look, logo }: StatusSettings,
  words: Words,
  idOf: (of: string) => string,
  subscribe: PublicFile | null,
): AsyncGenerator<PublicFile> {
  const naming = { idOf, titleOf: (incident: Parameters<Words['titleOf']>[0]) => words.titleOf(incident) };
  yield* assets(look);
  if (look.logo && logo) yield [look.logo.file, logo.content];
  yield badgeFile(page, look, { label: words.say('badge'), overall: ({ kind }) => words.say(`overall.${kind}`) });
  // What leads to a page stands behind it: incidents first, the first page last.
  const pages = [...htmlFiles(page, look, { refs: only, subscribe: subscribe !== null })];
  yield* pages.filter(([path]) => path !== 'index.html');
  if (subscribe) yield subscribe;
  yield* feedFiles(page, look, {
    ...naming,
    stateOf: (state) => words.say(`post.${state}`),
    componentStateOf: (state) => words.say(`state.${state}`),
    withdrawnAt: (time) => `${words.say('withdrawn', { time })}. ${words.say('withdrawn.words')}`,
    erased: words.say('erased.words'),
    correctedAt: (time) => words.say('corrected', { time }),
    nextBy: (time) => words.say('next', { time }),
    planned: (from, to) => `${words.say('planned')}: ${words.say('range', { from, to })}`,
  });
  yield* apiFiles(page, look, naming);
  yield* pages.filter(([path]) => path === 'index.html');
}

interface SiteParts {
  team: string;
  dir: string;
  settings: StatusSettings;
  reading: PublicReading;
  installation: string;
  /** Names this version of ours and its settings: with others the same facts make other files. */
  version: string;
  subscribe: (page: PublicPage) => PublicFile | null;
  log: Log;
  now: () => Date;
}

/** The page of a workspace in a folder. */
export function siteOf({ team, dir, settings, reading, installation, version, subscribe, log, now }: SiteParts): Site {
  return createSite({
    folder: openFolder(dir, { installation: `${installation}/${team}` }),
    zone: settings.look.zone,
    read: () => reading.read(team),
    revision: async () => `${version} ${await reading.revision(team)}`,
    files: (page, only) =>
      filesOf(page, only, settings, reading.words, reading.idOf(team), subscribe(page)),
    log,
    now,
  });
}

/** @returns what is wrong under `status:` */
export function statusWrong(
  section: Record<string, unknown>,
  at: PlaceOf,
  base: StatusBase,
): string[] {
  const read = readStatusSettings(section, at, base);
  return 'problems' in read ? read.problems : [];
}
