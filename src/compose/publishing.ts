import type { AnswerPorts } from '#answer/answer.js';
import { BadConfig, type Config } from '#config/config.js';
import { checkText } from '#domain/command/entered.js';
import type { Entry } from '#domain/incident/entry.js';
import type { IntentOf } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal, type Refusal, refuse } from '#domain/refusal.js';
import type { PublicRules } from '#domain/status/publish.js';
import {
  fillTemplate,
  type Template,
  type TemplateValues,
  takesOurWords,
  templateNamed,
} from '#domain/status/template.js';
import { LIMITS } from '#domain/text.js';
import { botAsking, type Moment, POST_STATES, type PostState, STANDING, toSeconds } from '#domain/words.js';
import type { Handle } from '#handle/handle.js';
import { publicRulesOf, readStatusSettings, type StatusBase, type StatusSettings } from '#public/settings.js';
import { Words } from '#public/words/words.js';
import type { Store } from '#store/store.js';

/** What `status:` rests on where it does not say. */
function statusBaseOf({
  org,
  publicUrl,
  dataDir,
}: Pick<Config, 'org' | 'publicUrl' | 'dataDir'>): StatusBase {
  const { components, legacyTitle, zone, roles } = org;
  return { components, legacyTitle, zone, roles, publicUrl, dataDir };
}

/** `status:` of tocsin.yml. @throws BadConfig with everything that is wrong there */
export function statusSettings(config: Config): StatusSettings {
  const read = readStatusSettings(config.org.status, config.org.at, statusBaseOf(config));
  if ('settings' in read) return read.settings;
  throw new BadConfig(read.problems);
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

  /** @returns by when another post is promised, where nobody said when or that none is. Nothing is promised of what is long past. */
  function promisedBy(
    { moment }: Pick<PublishPost, 'moment'>,
    posted: PostState,
    template: Template | null,
    now: Date,
  ): Moment | null {
    if (posted === 'resolved' || posted === 'postmortem') return null;
    const past = moment !== null && now.getTime() - Date.parse(moment.at) > JUST_NOW_MS;
    const ms = template?.nextMs ?? (past ? null : settings.followMs);
    if (ms === null) return null;
    return { at: toSeconds(new Date(now.getTime() + ms)), until: null, precision: 'minute' };
  }

  return {
    async ready(post, state, now) {
      const name = post.template ?? null;
      const template = name === null ? null : templateNamed(settings, name);
      if (isRefusal(template)) return template;
      const usual = template && POST_STATES.find((one) => one === template.state);
      if (template && !usual)
        return refuse('TEMPLATE_ELSEWHERE', { template: name ?? '', state: template.state, planned: true });
      const posted = post.state ?? usual ?? state.status;
      const next = post.next === undefined ? promisedBy(post, posted, template, now) : post.next;
      const made = { ...post, next };
      if (!template) return made;
      const entries = await store.incidents.entriesOf(state.team, state.number, TOLD);
      const values = valuesOf(state, entries, rules, words, next?.at ?? null, settings);
      const text = filled(template, values, name);
      if (typeof text !== 'string') return text;
      const unseen = takesOurWords(template, values) && { unseen: true as const, confirmed: false };
      return { ...made, state: posted, template: null, text, ...unseen };
    },
    plan(work) {
      const name = work.template ?? null;
      const template = name === null ? null : templateNamed(settings, name);
      if (isRefusal(template)) return template;
      if (!template) return work;
      if (template.state !== 'scheduled')
        return refuse('TEMPLATE_ELSEWHERE', { template: name ?? '', state: template.state, planned: false });
      const names = words.list(work.components);
      const text = filled(
        template,
        {
          ...{ title: work.title, component: names, components: names, url: settings.look.url },
          ...{ from: words.moment(work.from.at), to: words.moment(work.to.at) },
        },
        name,
      );
      return typeof text === 'string' ? { ...work, template: null, text } : text;
    },
    async standing(team) {
      if (await store.incidents.load(team, STANDING)) return;
      await handle({ type: 'OpenStandingRecord' }, null, botAsking(team, 'standing-record', new Date()));
    },
  };
}

type PublishPost = IntentOf<'PublishPost'>;

/** A post of a moment that is further back tells of what was. */
const JUST_NOW_MS = 300_000;

/** A text that the page would not take is refused before anybody is asked about it. */
function filled(template: Template, values: TemplateValues, name: string | null): string | Refusal {
  const text = fillTemplate(template, values, name ?? 'post');
  return typeof text === 'string' ? (checkText(text, LIMITS.post) ?? text) : text;
}

/** Of these a template may speak; what is in words of ours somebody looks at before it goes out. */
const TOLD = ['post', 'impact', 'cause', 'action'] as const;

function valuesOf(
  state: IncidentState,
  entries: readonly Entry[],
  { components }: PublicRules,
  words: Words,
  next: string | null,
  { earlierPosts, look: { url } }: StatusSettings,
): TemplateValues {
  const may = (name: string) => components === null || components.includes(name);
  const names = state.components.filter(may);
  const live = entries.filter(({ struck, erased }) => !struck && !erased);
  const posts = live
    .filter(({ kind, detail }) => kind === 'post' && (earlierPosts || detail.components !== undefined))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  const at = (of: string) => posts.find(({ detail }) => detail.state === of)?.at;
  const { started, resolved } = state.milestones;
  const began = started?.at ?? posts[0]?.at ?? state.opened.at;
  const ended = at('resolved') ?? resolved?.at ?? null;
  const moment = (time: string | null | undefined) => (time ? words.moment(time) : null);
  const texts = (kind: Entry['kind']) =>
    live.filter((one) => one.kind === kind).flatMap(({ text }) => text ?? []);
  return {
    ...{
      component: words.list(names),
      components: words.list(names),
      title: state.publicTitle?.title ?? null,
    },
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
