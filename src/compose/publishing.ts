import type { AnswerPorts } from '#answer/answer.js';
import { BadConfig, type Config } from '#config/config.js';
import type { Entry } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import { isRefusal } from '#domain/refusal.js';
import type { PublicRules } from '#domain/status/publish.js';
import { fillTemplate, type TemplateValues, templateNamed } from '#domain/status/template.js';
import { botAsking, STANDING, toSeconds } from '#domain/words.js';
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
  return {
    async ready(post, state, now) {
      const template = post.template == null ? null : templateNamed(settings, post.template);
      if (isRefusal(template)) return template;
      const posted = post.state ?? (template && isPostState(template.state) ? template.state : state.status);
      const promises =
        posted === 'resolved' || posted === 'postmortem' ? null : (template?.nextMs ?? settings.followMs);
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

const isPostState = (
  state: string,
): state is 'investigating' | 'identified' | 'monitoring' | 'resolved' | 'postmortem' =>
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
