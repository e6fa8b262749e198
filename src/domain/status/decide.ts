import type { Found, Intent, IntentOf, Rule } from '../incident/intent.js';
import { restoredWithout } from '../incident/restored.js';
import type { IncidentState, Maintenances } from '../incident/state.js';
import { type Refusal, refuse } from '../refusal.js';
import { given, LIMITS } from '../text.js';
import { happened, type Moment, maintenanceRef, refOf, STANDING, toSeconds } from '../words.js';
import type { ComponentState, MaintenanceState } from './page.js';
import {
  type Leak,
  NO_PUBLIC_RULES,
  type PostPreview,
  type PublicRules,
  peopleOf,
  shownOf,
} from './publish.js';
import { gapsIn } from './template.js';

type Publishing =
  | 'PublishPost'
  | 'CorrectPost'
  | 'WithdrawPost'
  | 'SetComponentState'
  | 'PlanMaintenance'
  | 'PostMaintenance'
  | 'MoveMaintenance';

/** What follows from intents about what the public is told. */
export const PUBLISHING: { readonly [T in Publishing]: Rule<T> } = {
  /** What was public has been read, so it is asked for twice, and shown as it will be read. */
  PublishPost: (state, intent, asking, { publicly: rules = NO_PUBLIC_RULES }) => {
    if (state.number === STANDING) return refuse('STANDING_HAS_NO_POSTS', {});
    const posted = intent.state ?? state.status;
    const { text, moment, title = null, next = null, anyway = null } = intent;
    const said = componentsOf(state, intent, rules);
    if ('refused' in said) return said;
    if (next && Date.parse(next.at) <= asking.now.getTime())
      return refuse('NEXT_UPDATE_PAST', { next: next.at });
    const leaks = leaksIn([text, title], state, rules);
    const warnings = leaks.map((leak) => rules.leakText(leak));
    if (!intent.confirmed) {
      const preview = {
        ...{ state: posted, at: moment?.at ?? null, title: title ?? state.publicTitle?.title ?? null, text },
        ...{ components: said.components, withheld: said.withheld, next: next?.at ?? null },
        ...{ drill: state.drill, corrects: null, leaks, warnings },
      };
      return asked(preview, intent.unseen);
    }
    const unfilled = unfilledIn(text);
    if (unfilled) return unfilled;
    if (leaks.length > 0 && anyway === null && !state.drill) return refuse('POST_LEAKS', { warnings });
    const data = {
      ...happened(state, asking, moment),
      ...{ state: posted, components: said.components.length },
      ...(said.components.some((one) => one.state !== null) && {
        states: said.components.map((one) => one.state),
      }),
      ...(next && { next: next.at }),
    };
    const names = said.components.map(({ name }) => name);
    const because = leaks.length > 0 ? anyway : null;
    return [
      {
        type: 'StatusPosted',
        data,
        texts: { text, ...given({ title, anyway: because }), ...numbered(names) },
      },
    ];
  },

  /** Its words of before stay in the record, and on no page. */
  CorrectPost: (state, intent, _asking, { entry, publicly: rules = NO_PUBLIC_RULES }) => {
    const post = publicPost(state, entry, intent.entry);
    if ('refused' in post) return post;
    const { moment = null, anyway = null } = intent;
    const text = intent.text === '' ? (post.text ?? '') : intent.text;
    const leaks = leaksIn([text], state, rules);
    const warnings = leaks.map((leak) => rules.leakText(leak));
    if (!intent.confirmed) {
      const { detail } = post;
      const at = moment?.at ?? post.at;
      const names = detail.components ?? [];
      return asked({
        ...{ state: detail.state as PostPreview['state'], at, title: detail.title ?? null, text },
        components: names.map((name, i) => ({ name, state: detail.states?.[i] ?? null })),
        ...{ next: detail.next ?? null, withheld: [], drill: state.drill, corrects: post.n, leaks, warnings },
      });
    }
    const unfilled = unfilledIn(text);
    if (unfilled) return unfilled;
    if (leaks.length > 0 && anyway === null && !state.drill) return refuse('POST_LEAKS', { warnings });
    const because = leaks.length > 0 ? anyway : null;
    const data = { entry: post.n, public: true as const };
    return [
      ...(intent.text === ''
        ? []
        : [{ type: 'EntryEdited' as const, data, texts: { text, ...given({ anyway: because }) } }]),
      ...(moment
        ? [{ type: 'EntryRetimed' as const, data: { ...data, ...momentOf(moment) }, texts: {} }]
        : []),
    ];
  },

  /** Also what was said of a component alone. */
  WithdrawPost: (state, { entry: n, reason }, _asking, { entry, changes }) => {
    const ofComponent = entry?.kind === 'component' && entry.detail.state !== undefined && !entry.struck;
    const post = ofComponent && entry.n === n ? entry : publicPost(state, entry, n);
    if ('refused' in post) return post;
    const instead = restoredWithout(changes, post);
    const data = { entry: post.n, restored: instead?.restored ?? null, public: true as const };
    return [{ type: 'EntryStruck', data, texts: { reason, ...instead?.texts } }];
  },

  SetComponentState: (
    state,
    { component, state: to, moment },
    asking,
    { publicly: rules = NO_PUBLIC_RULES },
  ) => {
    const { components } = rules;
    if (components && !components.includes(component))
      return refuse('COMPONENT_NOT_PUBLIC', { component, known: components });
    const data = { ...happened(state, asking, moment), state: to };
    return [{ type: 'ComponentStateSet', data, texts: { component } }];
  },

  /** In the standing record: it is of no incident. */
  PlanMaintenance: (state, intent, asking, { publicly: rules = NO_PUBLIC_RULES }) => {
    const { title, text, from, to, anyway = null } = intent;
    const wrong = windowWrong(from, to, asking.now) ?? unfilledIn(text);
    if (wrong) return wrong;
    const { shown, withheld } = shownOf(intent.components, rules);
    if (withheld[0] !== undefined)
      return refuse('COMPONENT_NOT_PUBLIC', { component: withheld[0], known: rules.components ?? [] });
    if (shown.length > LIMITS.components) return tooMany('components', shown.length, LIMITS.components);
    const leaks = leaksIn([title, text], null, rules);
    if (leaks.length > 0 && anyway === null)
      return refuse('POST_LEAKS', { warnings: leaks.map((leak) => rules.leakText(leak)) });
    const { count, list } = maintenancesOf(state);
    if (list.length >= LIMITS.maintenances)
      return tooMany('plans that are not over', list.length + 1, LIMITS.maintenances);
    const moment = { at: from.at, until: to.at, precision: from.precision };
    const data = { ...happened(state, asking, moment), maintenance: count + 1, components: shown.length };
    const because = leaks.length > 0 ? anyway : null;
    return [
      {
        type: 'MaintenancePlanned',
        data,
        texts: { title, ...given({ text, anyway: because }), ...numbered(shown) },
      },
    ];
  },

  PostMaintenance: (state, intent, asking, { publicly: rules = NO_PUBLIC_RULES }) => {
    const { maintenance, text, anyway = null } = intent;
    const planned = maintenanceIn(state, maintenance);
    if ('refused' in planned) return planned;
    const to = intent.state ?? planned.state;
    if (intent.state !== null && !FOLLOWS[planned.state].includes(intent.state)) {
      const ref = maintenanceRef(maintenance);
      return refuse('MAINTENANCE_STATE', { ref, state: worded(planned.state), wanted: worded(intent.state) });
    }
    const leaks = leaksIn([text], null, rules);
    if (leaks.length > 0 && anyway === null)
      return refuse('POST_LEAKS', { warnings: leaks.map((leak) => rules.leakText(leak)) });
    const because = leaks.length > 0 ? anyway : null;
    const data = { ...happened(state, asking, null), maintenance, state: to };
    return [{ type: 'MaintenancePosted', data, texts: given({ text, anyway: because }) }];
  },

  MoveMaintenance: (state, { maintenance, from, to }, asking) => {
    const planned = maintenanceIn(state, maintenance);
    if ('refused' in planned) return planned;
    const wrong = windowWrong(from, to, asking.now);
    if (wrong) return wrong;
    const { at, precision } = from;
    const data = { entry: planned.n, at, until: to.at, precision, public: true as const };
    return [{ type: 'EntryRetimed', data, texts: {} }];
  },
};

const momentOf = ({ at, until, precision }: Moment): Moment => ({ at, until, precision });

/** What may come after what. */
const FOLLOWS: Record<MaintenanceState, readonly MaintenanceState[]> = {
  scheduled: ['in_progress', 'completed', 'cancelled'],
  in_progress: ['completed', 'cancelled'],
  completed: [],
  cancelled: [],
};

const worded = (state: MaintenanceState): string => state.replace('_', ' ');

/** What a template could not say is never told to the public as it stands. */
function unfilledIn(text: string | null): Refusal | null {
  const [gap] = gapsIn(text ?? '');
  if (gap === undefined) return null;
  return refuse('BAD_TEMPLATE', { template: 'post', why: `${gap} still stands in it.` });
}

function asked(preview: PostPreview, unseen?: true): Refusal {
  const { warnings, drill } = preview;
  return {
    ...refuse('PUBLISH_NEEDS_CONFIRMATION', {
      preview: previewText(preview),
      warnings: drill ? [] : warnings,
      drill,
      ...(unseen && { unseen }),
    }),
    preview,
  };
}

/** As the public will read it, in plain text. */
function previewText({
  state,
  at,
  title,
  text,
  components,
  next,
  withheld,
  drill,
  corrects,
}: PostPreview): string {
  const named = components.map(({ name, state }) => (state === null ? name : `${name} (${state})`));
  return [
    `${corrects === null ? '' : `#${corrects}, corrected · `}*${state}*${at === null ? '' : ` · ${at.slice(0, 16).replace('T', ' ')} UTC`}`,
    ...(title === null ? [] : [`title: ${title}`]),
    text,
    ...(named.length > 0 ? [`affects: ${named.join(', ')}`] : ['affects no component by name']),
    ...(next === null ? [] : [`next update by ${next.slice(0, 16).replace('T', ' ')} UTC`]),
    ...(withheld.length > 0 ? [`(not told: ${withheld.join(', ')})`] : []),
    ...(drill ? ['(a drill: on no public page)'] : []),
  ].join('\n');
}

/** What a post says of components: those of the incident and those that it names, as far as the public may know them. */
function componentsOf(
  state: IncidentState,
  { components: named = [], states = [], only }: IntentOf<'PublishPost'>,
  rules: PublicRules,
): { components: Array<{ name: string; state: ComponentState | null }>; withheld: string[] } | Refusal {
  const explicit = [...named, ...states.flatMap(({ component }) => component ?? [])];
  const stranger = shownOf(explicit, rules).withheld[0];
  if (stranger !== undefined)
    return refuse('COMPONENT_NOT_PUBLIC', { component: stranger, known: rules.components ?? [] });
  const { shown, withheld } = shownOf([...(only ? [] : state.components), ...explicit], rules);
  if (shown.length > LIMITS.components) return tooMany('components', shown.length, LIMITS.components);
  const all = states.find(({ component }) => component === null)?.state ?? null;
  if (all !== null && shown.length === 0) return refuse('POST_NAMES_NOTHING', {});
  const of = (name: string) => states.find(({ component }) => component === name)?.state ?? all;
  return { components: shown.map((name) => ({ name, state: of(name) })), withheld };
}

function leaksIn(
  texts: ReadonlyArray<string | null>,
  state: IncidentState | null,
  rules: PublicRules,
): Leak[] {
  const people = state === null ? [] : peopleOf(state);
  return texts.flatMap((text) => (text === null ? [] : rules.leaks(text, people)));
}

/** @returns the entry, if it stands on the public page; or why not */
function publicPost(state: IncidentState, entry: Found['entry'], n: number) {
  const ref = refOf(state.number);
  if (!entry || entry.n !== n) return refuse('NO_SUCH_ENTRY', { ref, entry: n });
  if (entry.struck) return refuse('ENTRY_STRUCK', { ref, entry: n });
  return entry.kind === 'post' ? entry : refuse('NOT_A_POST', { entry: n, kind: entry.kind });
}

function maintenanceIn(state: IncidentState, maintenance: number): Maintenances['list'][number] | Refusal {
  const { list } = maintenancesOf(state);
  const known = list.map((one) => maintenanceRef(one.maintenance));
  return (
    list.find((one) => one.maintenance === maintenance) ??
    refuse('NO_SUCH_MAINTENANCE', { ref: maintenanceRef(maintenance), known })
  );
}

function maintenancesOf({ maintenances }: Pick<IncidentState, 'maintenances'>): Maintenances {
  return maintenances ?? { count: 0, list: [] };
}

const LONGEST_MS = 31 * 86_400_000;

function windowWrong(from: Moment, to: Moment, now: Date): Refusal | null {
  const ms = Date.parse(to.at) - Date.parse(from.at);
  const why =
    ms <= 0 ? 'backwards' : Date.parse(to.at) <= now.getTime() ? 'past' : ms > LONGEST_MS ? 'long' : null;
  return why === null ? null : refuse('MAINTENANCE_WINDOW', { from: from.at, to: to.at, why });
}

function tooMany(what: string, count: number, limit: number): Refusal {
  return refuse('TOO_MANY', { what, count, limit, next: 'Name the ones that matter most.' });
}

function numbered(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [`component.${i}`, name]));
}

/** What time does to planned work: it begins and ends as planned, unless somebody said so first. */
export function maintenanceDue(
  state: IncidentState,
  now: Date,
): Array<Extract<Intent, { type: 'PostMaintenance' }>> {
  const at = toSeconds(now);
  return maintenancesOf(state).list.flatMap(({ maintenance, from, to, state: is }) => {
    const next =
      to <= at ? ('completed' as const) : from <= at && is === 'scheduled' ? ('in_progress' as const) : null;
    return next === null ? [] : [{ type: 'PostMaintenance' as const, maintenance, state: next, text: null }];
  });
}

/** Does it stand on the public page, or say how a component is shown there? */
export function isPublicEntry({
  kind,
  detail,
}: Pick<NonNullable<Found['entry']>, 'kind' | 'detail'>): boolean {
  if (kind === 'component') return detail.state !== undefined;
  return kind === 'post' && (detail.components !== undefined || detail.maintenance !== undefined);
}
