import { happened, id, number, shape } from '../shape.js';
import { refOf } from '../words.js';

// The call in which people talk while an incident lasts: where it is, where the channel shows it, and that it is over.

/**
 * Facts about the call of an incident. Whoever has its address may be let in, so the address is a text that is shown in the
 * incident's channel and leaves us in no export: these name the host alone.
 */
export const BRIDGE_FACTS = {
  BridgeOpened: shape(happened, { required: ['host', 'url'] }),
  /** Where the channel shows it. `bridge`: its entry; `call`: Slack's card, null where Slack makes none for us. */
  BridgeShown: shape({ bridge: number, channel: id, ts: id, call: id.nullable() }),
};

/** The texts of facts that no export holds, by their types. */
export const WITHHELD: Readonly<Record<string, readonly string[]>> = { BridgeOpened: ['url'] };

/** The newest call of an incident. */
export interface Bridge {
  /** The entry that says so. */
  n: number;
  /** null: erased. */
  url: string | null;
  at: string;
  /** Who opened it. */
  by: string;
  /** Absent: the channel does not show it yet. */
  shown?: { channel: string; ts: string; call: string | null };
  /** It is over: the incident is, or its entry was struck. */
  over?: true;
}

export type BridgeIntent =
  /** `url` null: as tocsin.yml says; where it does not, this is refused. */
  { type: 'OpenBridge'; url: string | null } | { type: 'NoteBridgeShown'; bridge: number; shown: Shown };

type Shown = NonNullable<Bridge['shown']>;

/** What tocsin.yml says under `bridge:`. */
export interface BridgeSettings {
  /** An address with `{{ref}}` and the like in it. */
  readonly url: string;
  /** It begins with the incident, and not when somebody asks for it. */
  readonly atOpen: boolean;
}

/** @returns the call that people can join now; null: there is none */
export function bridgeOf({ bridge }: { bridge?: Bridge }): (Bridge & { url: string }) | null {
  return bridge && !bridge.over && bridge.url !== null ? { ...bridge, url: bridge.url } : null;
}

/** The call is over. */
export function bridgeOver<S extends { bridge?: Bridge }>(state: S): S {
  return state.bridge && !state.bridge.over ? { ...state, bridge: { ...state.bridge, over: true } } : state;
}

/** How long an address may be: more is none that somebody joins. */
const LONGEST = 1_000;

/** @returns a meeting's address as it was typed, without the brackets that some clients put around it; null: it is none */
export function readBridgeUrl(typed: string): string | null {
  const url = typed.trim().replace(/^<(.*)>$/, '$1');
  // Spaces and brackets would end the link early wherever it is shown; a name before an @ hides where it leads.
  if (url.length > LONGEST || /[\s<>"`|\\^\p{Cc}\p{Cf}]/u.test(url) || !URL.canParse(url)) return null;
  const { protocol, username, password, hostname } = new URL(url);
  return protocol === 'https:' && username + password === '' && hostname !== '' ? url : null;
}

/** Where an address leads, for everybody: `meet.example`. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'elsewhere';
}

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const PLACES = ['ref', 'number', 'random'] as const;

/** @param random a word that nobody can guess, fresh each time */
export function bridgeUrl(
  { url }: Pick<BridgeSettings, 'url'>,
  incident: number,
  random: () => string,
): string {
  const values: Record<string, () => string> = {
    ref: () => refOf(incident),
    number: () => String(incident),
    random,
  };
  return url.replace(PLACE, (all, name: string) => values[name]?.() ?? all);
}

/** @returns `bridge:` of tocsin.yml: an address, or `{ url, at: open }`; a text: what is wrong with it */
export function readBridge(value: unknown): BridgeSettings | string {
  const form = 'write `https://meet.example/{{ref}}`, or `{ url: "https://…", at: open }`';
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null || Array.isArray(value)))
    return `is no address; ${form}`;
  const { url, at, ...others } = typeof value === 'string' ? { url: value } : (value as Fields);
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) return `has “${unknown}”, which means nothing here; it takes url and at`;
  if (at !== undefined && at !== 'open')
    return 'has an `at` that is not known; write `at: open`, or leave it out';
  if (typeof url !== 'string') return `has no address; ${form}`;
  const strange = [...url.matchAll(PLACE)].find(([, name]) => !PLACES.some((one) => one === name))?.[0];
  if (strange !== undefined) return `has ${strange}; what it may hold is {{ref}}, {{number}} and {{random}}`;
  const sample = bridgeUrl({ url }, 7, () => 'x');
  if (readBridgeUrl(sample) === null || hostOf(sample) !== hostOf(bridgeUrl({ url }, 8, () => 'y')))
    return `is no address of a meeting: https only, with a fixed host, without a user or blanks; ${form}`;
  return { url, atOpen: at === 'open' };
}

type Fields = Readonly<Record<string, unknown>>;
