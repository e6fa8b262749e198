import type { Asker, Asking, TypedIntent } from '#domain/incident/intent.js';
import type { IncidentState } from '#domain/incident/state.js';
import {
  askerIn,
  CHANNEL,
  EVERYONE,
  forbidden,
  isLimited,
  mustBeMet,
  namesIn,
  PERMISSIONS,
  type Power,
  powerFor,
  type Rules,
  sees,
  speakerOf,
  unseen,
} from '#domain/permission.js';
import type { Refusal } from '#domain/refusal.js';
import type { Account } from '#domain/words.js';

/** What is asked about people: of the database, and of Slack's memory beside us. */
export interface People {
  /** What kind of account that is; where it matters who acts, Slack may be asked. */
  account(team: string, id: string): Promise<Account>;
  /** Is that person in that channel now? null: Slack does not say. */
  inChannel(team: string, channel: string, id: string): Promise<boolean | null>;
  /** Is that person one of those named, or in one of the groups (`@sre`, ids of people and groups)? */
  isAmong(team: string, id: string, names: readonly string[]): Promise<boolean>;
  /** The incident as it stands. */
  stateOf(team: string, incident: number): Promise<IncidentState | null>;
}

/**
 * What had to be looked up of whoever asks, before they join those who wait to be written: one who has to wait for Slack
 * delays nobody else.
 */
export interface Admission {
  /** Absent: what came with the asking is enough. */
  asker?: Asker;
  /** They may see the incident, although the record alone does not say so: they are in its channel now. */
  inside?: boolean;
}

const PLAIN: Admission = {};
/** Incidents that are remembered to be public. */
const REMEMBERED = 5_000;

export type Admit = (
  intent: TypedIntent,
  target: number | null,
  asking: Asking,
) => Admission | Promise<Admission>;

/**
 * What is recorded by a full member where they may costs no look-up: where it is typed in the incident's channel, and
 * elsewhere once the incident is known to be public, which it is for ever. Whoever asks first for the same incident also
 * goes first, as long as nobody has to ask Slack.
 */
export function createAdmission(look: People, rules: Rules): Admit {
  const publicOnes = new Set<string>();
  const loading = new Map<string, Promise<IncidentState | null>>();

  function stateOf(team: string, incident: number): Promise<IncidentState | null> {
    const name = `${team}/${incident}`;
    let load = loading.get(name);
    if (!load) {
      load = look.stateOf(team, incident).finally(() => loading.delete(name));
      loading.set(name, load);
    }
    return load;
  }

  return (intent, target, asked) => {
    const power = powerFor(intent);
    if (power === null || asked.source === 'bot') return PLAIN;
    const wanted = isLookedAt(power, asked, rules);
    const elsewhere = target !== null && asked.source === 'slack' && !asked.seesPrivate;
    const name = `${asked.team}/${target}`;
    const known = publicOnes.has(name) && !isLimited(asked.account);
    if (!wanted && (!elsewhere || known)) return PLAIN;
    return (async () => {
      const asking = await met(look, power, asked);
      const state = target === null ? null : await stateOf(asking.team, target);
      if (state && !state.private) {
        publicOnes.add(name);
        if (publicOnes.size > REMEMBERED) publicOnes.delete(publicOnes.keys().next().value as string);
      }
      if (!elsewhere || !state)
        return wanted ? { asker: await lookAt(look, power, state, asking, rules) } : PLAIN;
      const inside = await sees(state, asking, (...of) => look.inChannel(...of));
      // Whoever may not see it hears nothing more, and nothing more is looked at.
      if (!inside || !wanted) return { inside };
      return { inside, asker: await lookAt(look, power, state, asking, rules) };
    })();
  };
}

/**
 * For what is looked at, and for runbooks before their files are read: may whoever asks do that?
 * @param incident null where it is about none
 * @returns null, or a refusal that says who may; of an incident that they may not see, no more than that
 */
export async function permitted(
  look: People,
  rules: Rules,
  power: Power,
  incident: number | null,
  asked: Asking,
): Promise<Refusal | null> {
  const wanted = isLookedAt(power, asked, rules);
  // Whether they may see it is found out where it is shown.
  if (!wanted && !isLimited(asked.account)) return null;
  // A rule is about each of those that a list would hold, and is looked at there.
  if (power === 'see' && rules.see && incident === null) return null;
  const asking = await met(look, power, asked);
  const state = incident === null ? null : await look.stateOf(asking.team, incident);
  if (incident !== null) {
    const seen = state && (await sees(state, asking, (...of) => look.inChannel(...of)));
    if (!seen) return unseen(incident);
  }
  const asker = wanted ? await lookAt(look, power, state, asking, rules) : askerIn(asking);
  return forbidden(power, state, asking, asker, rules);
}

/** Must something be found out about the asker? Not where every full member may, and nobody else is answered for. */
function isLookedAt(power: Power, asking: Asking, rules: Rules): boolean {
  const rule = rules[power] ?? PERMISSIONS[power].from;
  const { acts } = PERMISSIONS[power];
  return acts || !rule.includes(EVERYONE) || Boolean(asking.owner) || mustBeMet(power, asking);
}

/** @returns the asking, with the kind of account of somebody of whom nothing was known, as far as Slack says it */
async function met(look: People, power: Power, asking: Asking): Promise<Asking> {
  if (!mustBeMet(power, asking)) return asking;
  return { ...asking, account: await look.account(asking.team, asking.by.id) };
}

async function lookAt(
  look: People,
  power: Power,
  state: IncidentState | null,
  asking: Asking,
  rules: Rules,
): Promise<Asker> {
  const { acts, from } = PERMISSIONS[power];
  const rule = rules[power] ?? from;
  const names = namesIn(rule);
  const { team } = asking;
  const { id } = speakerOf(asking);
  const known = askerIn(asking);
  const [account, among, present] = await Promise.all([
    acts || asking.owner || known.account === 'unknown' ? look.account(team, id) : known.account,
    names.length > 0 ? look.isAmong(team, id, names) : false,
    rule.includes(CHANNEL) && !known.present ? isPresent(look, asking, state) : known.present,
  ]);
  return { account, among, present };
}

/** Before there is a channel, whoever was brought in is as good as in it; of whoever is at a machine nothing shows it. */
async function isPresent(look: People, asking: Asking, state: IncidentState | null): Promise<boolean | null> {
  const { id } = speakerOf(asking);
  if (state?.channel) return look.inChannel(asking.team, state.channel.id, id);
  return asking.source === 'slack' ? (state?.members.includes(id) ?? null) : null;
}
