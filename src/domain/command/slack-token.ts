/** The names known now of Slack's ids; null where one is not known. */
export interface Names {
  person(id: string): string | null;
  /** A user group's handle, without `@`. */
  group?(id: string): string | null;
  channel(id: string): string | null;
}

/** One control sequence of Slack, `<…>`, read: the text it stands for, and the person or the user group if it names one. */
export interface SlackToken {
  readonly text: string;
  readonly end: number;
  readonly named: { id: string; name: string | null } | null;
}

const SEQUENCE = /<([^<>|]+)(?:\|([^<>]*))?>/y;
const LINK = /^(?:[a-z][a-z0-9+.-]*:\/\/|(?:mailto|tel|sms|sip|xmpp|facetime|skype|callto|geo):)\S+$/i;

/** @returns what the sequence at `at` stands for; null: it is none of Slack's and stays as it is. */
export function readSlackToken(raw: string, at: number, names: Names): SlackToken | null {
  SEQUENCE.lastIndex = at;
  const match = SEQUENCE.exec(raw);
  if (!match) return null;
  const end = at + match[0].length;
  const body = undo(match[1] ?? '');
  const label = match[2] === undefined ? null : undo(match[2]);

  const person = /^@([UW][A-Z0-9]+)$/.exec(body);
  if (person?.[1]) {
    const name = names.person(person[1]) ?? (label?.replace(/^@/, '') || null);
    return { text: `@${name ?? person[1]}`, end, named: { id: person[1], name } };
  }
  const group = /^!subteam\^([A-Z0-9]+)$/.exec(body);
  if (group?.[1]) {
    const name = label?.replace(/^@/, '') || (names.group?.(group[1]) ?? null);
    return { text: `@${name ?? group[1]}`, end, named: { id: group[1], name } };
  }
  const text = words(body, label, names);
  return text === null ? null : { text, end, named: null };
}

function words(body: string, label: string | null, names: Names): string | null {
  const channel = /^#([CGD][A-Z0-9]+)$/.exec(body);
  if (channel?.[1]) return `#${label || names.channel(channel[1]) || channel[1]}`;
  const everybody = /^!(here|channel|everyone|group)$/.exec(body);
  if (everybody) return `@${everybody[1]}`;
  const date = /^!date\^(-?[0-9]+)\^/.exec(body);
  if (date) return label || instant(Number(date[1]));
  if (LINK.test(body)) return link(body, label);
  return null;
}

/** A moment that Slack would show in each reader's own zone; the record has one form for all. */
function instant(seconds: number): string | null {
  const at = new Date(seconds * 1_000);
  return Number.isNaN(at.getTime()) ? null : `${at.toISOString().replace('T', ' ').slice(0, 16)} UTC`;
}

/** Slack makes a link of `x.y` as typed, with an address of its own in front: then the label is what was typed. */
function link(url: string, label: string | null): string {
  if (!label || label === url) return url;
  const bare = (s: string) => s.replace(/\/$/, '').toLowerCase();
  if (/^https?:\/\//i.test(url) && bare(url.replace(/^https?:\/\//i, '')) === bare(label)) return label;
  if (/^mailto:/i.test(url) && bare(url.slice(7)) === bare(label)) return label;
  const digits = (s: string) => s.replace(/[^0-9]/g, '');
  if (/^tel:/i.test(url) && /^[+(]?[0-9]/.test(label) && digits(url) === digits(label)) return label;
  return `${label} (${url})`;
}

/** Each entity exactly once. */
function undo(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (_, name: string) =>
    name === 'amp' ? '&' : name === 'lt' ? '<' : '>',
  );
}
