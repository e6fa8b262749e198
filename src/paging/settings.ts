import { z } from 'zod';
import { PAGE_LIMITS, type PagingRules, type Policy, serviceIn } from '#domain/paging/page.js';
import { SEVERITIES } from '#domain/words.js';
import { SectionReader } from '#runbooks/definition/words.js';
import { guardedAddressOf, secretName, secretReference } from '#runbooks/keystores/keystore.js';
import { every } from '#runbooks/schedule.js';

/** `paging:` of tocsin.yml, checked. */
export interface PagingSettings {
  readonly rules: PagingRules;
  readonly services: ReadonlyMap<string, ServiceSettings>;
}

export type ServiceKind = keyof typeof KINDS;

/** Something outside of Slack that calls people. */
export interface ServiceSettings {
  readonly name: string;
  readonly kind: ServiceKind;
  /** Without a slash at its end. */
  readonly url: string;
  /** The name of its key under `secrets:`. */
  readonly secret: string;
}

/** How a kind calls its key, where it is, and what of an address people copy along. */
const KINDS = {
  pagerduty: { key: 'routing_key', url: 'https://events.pagerduty.com', path: /\/v2\/enqueue\/?$/ },
  opsgenie: { key: 'api_key', url: 'https://api.opsgenie.com', path: /\/v2\/alerts\/?$/ },
} as const;

/** What people call a kind. */
export const KIND_NAMES: Readonly<Record<ServiceKind, string>> = {
  pagerduty: 'PagerDuty',
  opsgenie: 'Opsgenie',
};

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

const address = guardedAddressOf('the service', 'key');

const serviceShapes = Object.fromEntries(
  Object.entries(KINDS).map(([kind, { key, url }]) => [
    kind,
    z.strictObject({ kind: z.literal(kind), url: address.default(url), [key]: secretReference }),
  ]),
);

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const span = (least: number, form: string) =>
  every.refine((ms) => ms >= least && ms <= DAY_MS, `is too short, or longer than a day; write ${form}`);
const wait = span(5_000, '5s to 24h, such as 5m');

const policyShape = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        notify: z
          .array(
            z
              .string()
              .regex(
                /^(@[^\s@/]{1,80}|[UWS][A-Z0-9]{2,}|service:[a-z][a-z0-9-]{0,39})$/,
                'is nobody; write a user group such as "@sre", an id such as U012AB3CD or S012AB3CD, or service:NAME',
              ),
          )
          .min(1)
          .max(PAGE_LIMITS.notify),
        wait: wait.default(5 * MINUTE_MS),
      }),
    )
    .min(1)
    .max(PAGE_LIMITS.steps),
  repeat: z.int().min(0).max(PAGE_LIMITS.repeat).default(0),
  private: z.boolean().default(false),
});

const restShape = z.strictObject({
  by_severity: z.partialRecord(z.enum(SEVERITIES), z.string()).default({}),
  hold: span(MINUTE_MS, '1m to 24h, such as 15m').default(15 * MINUTE_MS),
  wait: wait.default(5 * MINUTE_MS),
});
const SECTION = ['services', 'policies', ...Object.keys(restShape.shape)];

type At = (path: readonly PropertyKey[]) => string;

/**
 * @param section as it stands in tocsin.yml
 * @param secrets the names under `secrets:`
 * @param at where a path of keys stands: `['paging', 'policies', 'sre']` → `tocsin.yml:12`
 * @returns the settings, or everything that is wrong with them: place, what, what to write instead; never a value
 */
export function readPagingSettings(
  section: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  at: At,
): { settings: PagingSettings } | { problems: string[] } {
  const reader = new SectionReader(['paging'], at);
  const named = (part: 'services' | 'policies'): Array<[string, unknown]> => {
    const value = section[part] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      reader.wrong([part], 'is not a mapping; write it as { name: { … } }');
      return [];
    }
    for (const name of Object.keys(value))
      if (!NAME.test(name))
        reader.wrong([part, name], 'is not a name; write lower-case letters, digits and dashes, such as sre');
    return Object.entries(value);
  };

  for (const key of Object.keys(section))
    if (!SECTION.includes(key))
      reader.wrong([key], `means nothing here; the known ones are ${SECTION.join(', ')}`);

  const services = new Map<string, ServiceSettings>();
  for (const [name, value] of named('services')) {
    const path = ['services', name];
    const kind = kindOf(value);
    if (kind === null) {
      reader.wrong(path, `needs a \`kind\`: ${Object.keys(KINDS).join(', ')}`);
      continue;
    }
    const shape = serviceShapes[kind];
    const given = shape && reader.shaped(shape, value, path);
    const { key } = KINDS[kind];
    const reference = secretReference.safeParse(given?.[key]);
    if (!given || !reference.success) continue;
    const secret = secretName(reference.data);
    if (!secrets.includes(secret))
      reader.wrong([...path, key], `refers to a secret that is not under \`secrets:\`; ${listed(secrets)}`);
    const url = String(given.url).replace(KINDS[kind].path, '').replace(/\/+$/, '');
    services.set(name, { name, kind, url, secret });
  }

  const known = Object.keys(Object.fromEntries(named('services')));
  const policies = new Map<string, Policy>();
  for (const [name, value] of named('policies')) {
    const shape = reader.shaped(policyShape, value, ['policies', name]);
    for (const [i, { notify }] of (shape?.steps ?? []).entries())
      for (const to of notify) {
        const service = serviceIn(to);
        if (service !== null && !known.includes(service))
          reader.wrong(
            ['policies', name, 'steps', i, 'notify'],
            `names no service; ${listed(known, '`services:`')}`,
          );
      }
    if (!shape) continue;
    const steps = shape.steps.map(({ notify, wait: waitMs }) => ({ notify, waitMs }));
    policies.set(name, { steps, repeat: shape.repeat, openly: shape.private });
  }

  const others = Object.fromEntries(
    Object.entries(section).filter(([key]) => Object.hasOwn(restShape.shape, key)),
  );
  const rest = reader.shaped(restShape, others, []);
  const all = named('policies').map(([name]) => name);
  for (const [severity, name] of Object.entries(rest?.by_severity ?? {}))
    if (!all.includes(name))
      reader.wrong(['by_severity', severity], `names no policy; ${listed(all, '`policies:`')}`);
  if (reader.problems.length > 0 || !rest) return { problems: [...new Set(reader.problems)] };
  const { by_severity: bySeverity, hold: holdMs, wait: waitMs } = rest;
  return { settings: { services, rules: { policies, bySeverity, holdMs, waitMs } } };
}

function kindOf(value: unknown): ServiceKind | null {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null;
  return kind === 'pagerduty' || kind === 'opsgenie' ? kind : null;
}

const listed = (names: readonly string[], where = '`secrets:`') =>
  names.length > 0
    ? `there are ${names.join(', ')}; write one of them, or add it under ${where}`
    : `there is none; add it under ${where}`;
