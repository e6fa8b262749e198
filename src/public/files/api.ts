import {
  COMPONENT_STATES,
  type ComponentState,
  type Overall,
  type PublicComponent,
  type PublicIncident,
  type PublicMaintenance,
  type PublicPage,
  type PublicPost,
} from '#domain/status/page.js';
import { clockIn } from '#render/clock.js';
import { shown, shownLine } from '../plain.js';
import type { LookSettings } from '../settings.js';

/** What the JSON and the feeds say, and the reading does not. */
export interface Naming {
  /** As `publicPage` has it. Opaque, 12 lower-case letters and digits, the same for ever for `page`, `group:NAME`. */
  idOf(what: string): string;
  /** The title of an incident, or what is said where it has none. */
  titleOf(incident: PublicIncident): string;
}

/** The page of an incident, or of planned work, in the folder. */
export function pathOf(ref: string): string {
  return `incidents/${encodeURIComponent(ref)}.html`;
}

/** As many as Statuspage gives in a list. */
const MOST = 50;

/**
 * Statuspage's public API, v2, as files: whoever reads a page of Statuspage's reads ours. Three things differ on purpose:
 *
 * - Times are UTC with `Z` and milliseconds. Statuspage gives them in the page's zone; clients read both, some only `Z`.
 * - What was withdrawn is left out: clients take the first update for how the incident stands, and put its words on their
 *   own screens. That something was withdrawn is seen on the page and in the feeds.
 * - Fixed sentences are English, as Statuspage's always are: clients compare them.
 *
 * The same page gives the same bytes.
 *
 * @param look `url` null: `page.url` and `shortlink` are empty, because clients expect a string there
 * @returns path in the folder and content
 */
export function* apiFiles(page: PublicPage, look: LookSettings, naming: Naming): Iterable<[string, string]> {
  const api = new Api(page, look, naming);
  const incidents = page.incidents.filter((incident) => incident.posts.some(isReadable));
  const unresolved = incidents.filter(({ over }) => !over);
  const maintenancesIn = (...states: PublicMaintenance['state'][]) =>
    page.maintenances.filter(({ state }) => states.includes(state)).map((each) => api.maintenance(each));
  const newest = page.maintenances.slice(0, MOST);
  const files: Record<string, object> = {
    summary: {
      components: api.components,
      incidents: unresolved.map((incident) => api.incident(incident)),
      scheduled_maintenances: maintenancesIn('scheduled', 'in_progress'),
      status: statusOf(page.overall),
    },
    status: { status: statusOf(page.overall) },
    components: { components: api.components },
    incidents: { incidents: incidents.slice(0, MOST).map((incident) => api.incident(incident)) },
    'incidents/unresolved': { incidents: unresolved.map((incident) => api.incident(incident)) },
    'scheduled-maintenances': { scheduled_maintenances: newest.map((each) => api.maintenance(each)) },
    'scheduled-maintenances/upcoming': { scheduled_maintenances: maintenancesIn('scheduled') },
    'scheduled-maintenances/active': { scheduled_maintenances: maintenancesIn('in_progress') },
  };
  for (const [name, content] of Object.entries(files))
    yield [`api/v2/${name}.json`, JSON.stringify({ page: api.page, ...content })];
}

/** Withdrawn and erased posts have no words that anybody could be given: an incident with no others is not listed. */
function isReadable(post: PublicPost): boolean {
  return post.withdrawnAt === null && post.text !== null;
}

const STATUSES: Readonly<Record<ComponentState, string>> = {
  operational: 'operational',
  maintenance: 'under_maintenance',
  degraded: 'degraded_performance',
  partial: 'partial_outage',
  major: 'major_outage',
};

/** Statuspage's sentences. An open incident that names no component is described by its impact, as there. */
const DESCRIPTIONS: Readonly<Record<Exclude<Overall['kind'], 'incident'>, string>> = {
  operational: 'All Systems Operational',
  maintenance: 'Service Under Maintenance',
  degraded: 'Partially Degraded Service',
  partial: 'Partial System Outage',
  major: 'Major Service Outage',
};
const OF_INCIDENT: Readonly<Record<Overall['indicator'], string>> = {
  none: 'All Systems Operational',
  minor: 'Minor Service Outage',
  major: 'Partial System Outage',
  critical: 'Major Service Outage',
  maintenance: 'Service Under Maintenance',
};

function statusOf({ indicator, kind }: Overall) {
  return { indicator, description: kind === 'incident' ? OF_INCIDENT[indicator] : DESCRIPTIONS[kind] };
}

/** What Statuspage says by itself where nobody wrote anything; it has no word for a cancelled maintenance. */
const UNWORDED: Readonly<Record<string, string>> = {
  scheduled: 'We will be undergoing scheduled maintenance during this time.',
  in_progress: 'Scheduled maintenance is currently in progress. We will provide updates as necessary.',
  completed: 'The scheduled maintenance has been completed.',
  cancelled: 'This scheduled maintenance has been cancelled.',
};

/** An erased update stays, because it may be the one that says how the incident stands. */
const ERASED = 'The text of this update has been removed.';

/** Statuspage knows no `cancelled`, and clients refuse what they do not know: it is over, and its words say why. */
function statusOfPost(state: PublicPost['state']): string {
  return state === 'cancelled' ? 'completed' : state;
}

/** Where a component or a page has no time of its own: the same bytes, whenever they are made. */
const EVER = '1970-01-01T00:00:00Z';

class Api {
  readonly page: object;
  readonly components: object[];
  readonly #look: LookSettings;
  readonly #naming: Naming;
  readonly #pageId: string;
  /** By name: as the API shows it, and what its changes are called. */
  readonly #known = new Map<string, { id: string; label: string; listing: object }>();

  constructor(page: PublicPage, look: LookSettings, naming: Naming) {
    this.#look = look;
    this.#naming = naming;
    this.#pageId = naming.idOf('page');
    this.page = {
      id: this.#pageId,
      name: shownLine(look.title),
      url: look.url ?? '',
      time_zone: look.zone === 'UTC' ? 'Etc/UTC' : look.zone,
      updated_at: timeOf(page.updatedAt ?? EVER),
    };
    this.components = this.#listed(page.components);
  }

  /** A group stands before its first component, and all of its components behind it. */
  #listed(components: readonly PublicComponent[]): object[] {
    const { read } = clockIn(this.#look.zone);
    const groups = new Map<string, PublicComponent[]>();
    for (const component of components) {
      const { group } = component;
      if (group !== null) groups.set(group, [...(groups.get(group) ?? []), component]);
    }
    const listed: object[] = [];
    let position = 0;
    const add = (component: PublicComponent, place: number, group: { id: string; name: string } | null) => {
      const begun = isKnown(component) ? component.knownFrom : null;
      const listing = {
        ...this.#component(component.id, component.name, component.state, place),
        created_at: timeOf(begun ?? EVER),
        updated_at: timeOf(component.stateSince ?? begun ?? EVER),
        description: component.description === null ? null : shown(component.description),
        showcase: true,
        start_date: begun === null ? null : read(begun).date,
        group_id: group?.id ?? null,
      };
      const name = shownLine(component.name);
      const label = group === null ? name : `${group.name} - ${name}`;
      this.#known.set(component.name, { id: component.id, label, listing });
      listed.push(listing);
    };
    for (const component of components) {
      const { group } = component;
      const members = group === null ? [component] : (groups.get(group) ?? []);
      if (members[0] !== component) continue;
      position++;
      if (group === null) {
        add(component, position, null);
        continue;
      }
      const id = this.#naming.idOf(`group:${group}`);
      const since = members.flatMap((each) => (isKnown(each) ? [each.knownFrom] : [])).sort();
      const changed = members.flatMap((each) => each.stateSince ?? []).sort();
      const created = since[0] ?? EVER;
      const state = worstOf(members);
      listed.push({
        ...this.#component(id, group, state, position),
        created_at: timeOf(created),
        updated_at: timeOf(changed.at(-1) ?? created),
        group: true,
        components: members.map((each) => each.id),
      });
      members.forEach((each, i) => {
        add(each, i + 1, { id, name: shownLine(group) });
      });
    }
    return listed;
  }

  #component(id: string, name: string, state: ComponentState, position: number) {
    return {
      id,
      name: shownLine(name),
      status: STATUSES[state],
      created_at: EVER,
      updated_at: EVER,
      position,
      description: null,
      showcase: false,
      start_date: null,
      group_id: null,
      page_id: this.#pageId,
      group: false,
      only_show_if_degraded: false,
    };
  }

  incident(incident: PublicIncident): object {
    const { id, createdAt, updatedAt, startedAt } = incident;
    const updates = incident.posts.filter((post) => post.withdrawnAt === null);
    return {
      id,
      name: shownLine(this.#naming.titleOf(incident)),
      status: incident.state,
      created_at: timeOf(createdAt),
      updated_at: timeOf(updatedAt),
      monitoring_at: timeOrNull(incident.monitoringAt),
      resolved_at: timeOrNull(incident.resolvedAt),
      impact: incident.impact,
      shortlink: this.#linkTo(incident.ref),
      started_at: timeOf(startedAt),
      page_id: this.#pageId,
      incident_updates: updates.map((post) =>
        this.#update(id, post, post.text === null ? ERASED : shown(post.text)),
      ),
      components: this.#listings(incident.components.map(({ name }) => name)),
    };
  }

  maintenance(maintenance: PublicMaintenance): object {
    const { id, state, createdAt, updatedAt } = maintenance;
    const over = state === 'completed' || state === 'cancelled';
    const updates = maintenance.posts
      .filter((post) => post.withdrawnAt === null)
      .map((post) => this.#update(id, post, shown(post.text ?? '') || (UNWORDED[post.state] ?? '')));
    return {
      id,
      name: shownLine(maintenance.title),
      status: statusOfPost(state),
      created_at: timeOf(createdAt),
      updated_at: timeOf(updatedAt),
      monitoring_at: null,
      resolved_at: over ? timeOf(maintenance.endedAt ?? updatedAt) : null,
      impact: 'maintenance',
      shortlink: this.#linkTo(maintenance.ref),
      started_at: timeOf(maintenance.startedAt ?? maintenance.from),
      page_id: this.#pageId,
      // Clients take the first without looking whether there is one.
      incident_updates: updates.length > 0 ? updates : [this.#planOf(maintenance)],
      components: this.#listings(maintenance.components),
      scheduled_for: timeOf(maintenance.from),
      scheduled_until: timeOf(maintenance.to),
    };
  }

  #update(incident: string, post: PublicPost, body: string) {
    const touched = post.components.flatMap(({ name, from, to }) => {
      const known = this.#known.get(name);
      if (!known) return [];
      const { id, label } = known;
      return [{ code: id, name: label, old_status: STATUSES[from], new_status: STATUSES[to ?? from] }];
    });
    return {
      id: post.id,
      status: statusOfPost(post.state),
      body,
      incident_id: incident,
      created_at: timeOf(post.recordedAt),
      updated_at: timeOf(post.correctedAt ?? post.recordedAt),
      display_at: timeOf(post.at),
      // As Statuspage has it where an update touches none.
      affected_components: touched.length > 0 ? touched : null,
      deliver_notifications: true,
      custom_tweet: null,
      tweet_id: null,
    };
  }

  #planOf({ id, state, createdAt }: PublicMaintenance) {
    const nothing = { nextBy: null, correctedAt: null, withdrawnAt: null, components: [], text: null };
    const post = {
      id,
      n: 0,
      state,
      at: createdAt,
      recordedAt: createdAt,
      precision: 'second',
      ...nothing,
    } as const;
    return this.#update(id, post, UNWORDED[state] ?? '');
  }

  /** One that the page does not know is left out: it has no id. */
  #listings(names: readonly string[]): object[] {
    return names.flatMap((name) => this.#known.get(name)?.listing ?? []);
  }

  #linkTo(ref: string): string {
    return this.#look.url === null ? '' : `${this.#look.url}/${pathOf(ref)}`;
  }
}

function worstOf(components: readonly PublicComponent[]): ComponentState {
  return (
    COMPONENT_STATES.findLast((state) => components.some((each) => each.state === state)) ?? 'operational'
  );
}

/** Where nothing was ever known of a component its beginning is the time of the reading, and no time of its own. */
function isKnown({ stateSince, uptime }: PublicComponent): boolean {
  return stateSince !== null || uptime !== null;
}

/** `2024-11-10T01:41:00.000Z` */
function timeOf(at: string): string {
  return new Date(at).toISOString();
}

function timeOrNull(at: string | null): string | null {
  return at === null ? null : timeOf(at);
}
