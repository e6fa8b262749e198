import type { SecretFound, SecretKind } from './kind.js';
import { isDense, isNamed, isPlace, isStandIn } from './look.js';

// `password: hunter2`, `"api_key": "…"`, `DB_PASSWORD=…`, `?token=…`, `the password is …`: a name, and what it stands for.

const WORDS: ReadonlyArray<[kind: SecretKind, names: readonly string[]]> = [
  [
    'password',
    [
      ...['password', 'passwd', 'passphrase', 'passwort', 'kennwort', 'pwd', 'pw', 'pass'],
      ...['mot de passe', 'contrasena', 'clave', 'パスワード'.normalize('NFKD')],
    ],
  ],
  ['secret', ['client[_ -]?secret', 'secret', 'credentials?']],
  ['API key', ['(?:api|access|secret|app|application|account|signing|encryption|master)[_ -]?key']],
  ['private key', ['private[_ -]?key']],
  ['token', ['(?:auth|access)[_ -]?token', 'token']],
  ['authorization', ['authorization']],
];
const KINDS = WORDS.flatMap(([kind, names]) =>
  names.map((name) => ({ kind, is: new RegExp(`^${name}$`, 'i') })),
);
const NAMED = new RegExp(
  `(${WORDS.flatMap(([, names]) => names).join('|')})(\\\\{0,2}["'\`]?\\s{0,3}(=>|:=|[:=])\\s{0,3})`,
  'gi',
);
const SPOKEN =
  /(?<![A-Za-z0-9])(password|passwd|passphrase|passwort|kennwort|pwd|pw)\s{1,3}(?:is|was|ist|now|to|are)\s{1,3}(?:now\s{1,3})?(\S{6,100})/gi;

/** Where a name goes on in front: `DB_`, `x-`, `db` of `dbPassword`. */
const LONGEST_NAME = 40;
/** What has a token and is nobody's key: pages of a list, locks, traces. */
const NO_KEY =
  /(?:next|prev|page|pagination|continuation|sync|cursor|scroll|resume|idempotency|consistency|fencing|lock|cancell?(?:ation)?|trace|correlation|request|partition|cache|change|watch|public|csrf|xsrf|cancelation|design|stop|eos|bos|pad)[_.-]?$/i;

/** @returns what is assigned to a name that only a secret is assigned to, sure or not */
export function assignedIn(text: string): SecretFound[] {
  const found: SecretFound[] = [];
  for (const { index, 0: all, 1: name = '', 2: mark = '', 3: sign = '' } of text.matchAll(NAMED)) {
    const at = index + all.length;
    TYPED.lastIndex = at;
    const typed = TYPED.exec(text)?.[0] ?? '';
    if (typed === '') continue;
    const before = nameBefore(text, index);
    const kind = kindOf(name, before);
    const shown = `${name}${sign} … (${typed.length} characters)`;
    const value = valueAt(text, at, isInQuery(text, index - before.length));
    const context = { text, index: index - before.length, name, sign, before, quoted: mark.includes('"') };
    const isSure = value.to > value.from && isSecret(kind, text.slice(value.from, value.to), value, context);
    const alone = !/[A-Za-z0-9]$/.test(before);
    if (isSure || (alone && looksLikeOne(name, sign, typed, text, at + typed.length)))
      found.push({
        ...{ kind, start: index, end: Math.max(at + typed.length, value.to), shown, sure: isSure },
        ...(isSure ? { from: value.from, to: value.to } : { from: at, to: at + typed.length }),
      });
  }
  for (const { index, 0: all, 1: name = '', 2: typed = '' } of text.matchAll(SPOKEN)) {
    const at = index + all.length - typed.length;
    const { from, to, quoted } = valueAt(text, at, false);
    if (!isSpoken(text.slice(from, to), quoted)) continue;
    const shown = `${name} … (${typed.length} characters)`;
    found.push({ kind: 'password', start: index, end: Math.max(at, to), from, to, shown, sure: true });
  }
  return found;
}

const TYPED = /\S{1,300}/y;

function nameBefore(text: string, index: number): string {
  let at = index;
  while (at > 0 && index - at < LONGEST_NAME && /[A-Za-z0-9_.-]/.test(text[at - 1] ?? '')) at--;
  return text.slice(at, index);
}

function kindOf(name: string, before: string): SecretKind {
  const kind = KINDS.find(({ is }) => is.test(name))?.kind ?? 'secret';
  return /aws|secret[_-]?$/i.test(before) && kind === 'API key' && /aws/i.test(before)
    ? 'AWS secret key'
    : kind;
}

/** In an address each value ends at `&`. */
const isInQuery = (text: string, at: number) => /[?&;]/.test(text[at - 1] ?? '');

interface Value {
  from: number;
  to: number;
  quoted: boolean;
}

const OPENING = /\\{0,2}(["'`“‘«])/y;
const CLOSING: Record<string, string> = { '“': '”', '‘': '’', '«': '»' };
const LONGEST = 500;
// What ends a value that stands in no quotes: a mark of JSON, a link of Slack's, the next of several (`a=1,b=2`).
const UNQUOTED = /(?:(?![,;&](?:amp;)?[A-Za-z_]{1,30}=)[^\s"'`<>|\\“”]){0,500}/y;
const IN_QUERY = /[^\s"'`<>|\\&“”#]{0,500}/y;

/** Where the value stands that begins there, without quotes and without the marks of the sentence behind it. */
function valueAt(text: string, at: number, query: boolean): Value {
  OPENING.lastIndex = at;
  const [opened, quote = ''] = OPENING.exec(text) ?? [];
  if (opened !== undefined) {
    const from = at + opened.length;
    const closing = CLOSING[quote] ?? quote;
    let to = from;
    while (to < text.length && to - from < LONGEST && text[to] !== closing && text[to] !== '\n') {
      // A quote inside is escaped; where the first one was, the last one is too.
      if (text[to] === '\\' && (opened.length > 1 || text[to + 1] === closing)) {
        if (opened.length > 1) break;
        to++;
      }
      to++;
    }
    if (to > from && text[to] !== '\n' && to < text.length) return { from, to, quoted: true };
    at = from;
  }
  const until = query ? IN_QUERY : UNQUOTED;
  until.lastIndex = at;
  const value = until.exec(text)?.[0] ?? '';
  const bare = value.replace(/[.,;:)\]}]+$/, '');
  return { from: at, to: at + bare.length, quoted: false };
}

interface Context {
  text: string;
  /** Where the whole name begins. */
  index: number;
  name: string;
  sign: string;
  before: string;
  /** The name stands in quotes, as in JSON. */
  quoted: boolean;
}

function isSecret(kind: SecretKind, value: string, where: Value, context: Context): boolean {
  const { name, before } = context;
  // `bypass`, `subtoken`: another word; `dbPassword`, `DB_PASS` and `x-token` are names.
  const another = /[a-z]$/.test(before) ? /^[a-z]/.test(name) : /[A-Z0-9]$/.test(before);
  if (another && !/^(?:password|passwd|passphrase|pwd|apikey)/i.test(name)) return false;
  if (isStandIn(value)) return false;
  // What says how it is to be read stands before it: then it is found by that.
  if (kind !== 'password') return !NO_KEY.test(before) && !/\s/.test(value) && isDense(value);
  return isPassword(value, where, context);
}

/** People choose passwords that look like words, so it counts how they stand there. */
function isPassword(
  value: string,
  { from, to, quoted }: Value,
  { text, index, name, sign, ...more }: Context,
): boolean {
  if (value.length < 4 || value.length > 200) return false;
  if (isDense(value)) return true;
  if (isPlace(value)) return false;
  const letter = /\p{L}/u.test(value);
  const mixed = letter && /[0-9$!#%&*+=@^~|?\\]/.test(value);
  const short = /^(?:pass|pw|clave)$/i.test(name);
  if (quoted)
    return (
      (sign !== ':' || more.quoted || mixed) &&
      (!short || mixed) &&
      (!/\s/.test(value) || more.quoted || sign !== ':')
    );
  if (/[()[\]{}]/.test(value) && !mixed) return false;
  // With blanks it is a line of a program or of settings: `password = address`.
  if (sign === '=')
    return short || /\s/.test(text[from - 1] ?? '') ? mixed && !isNamed(value) : value.length > 5 || mixed;
  if (value.length < 5 || /^\d+[%a-z]{0,3}$/i.test(value)) return false;
  const alone = isLineStart(text, index) && isLineEnd(text, to);
  if (alone && !short && (mixed || isBesideUser(text, index, to))) return true;
  return mixed && !isNamed(value);
}

/** A word alone may say how the password is; beside the name of somebody who logs in it is the password. */
function isBesideUser(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 200), start);
  const after = text.slice(end, end + 200);
  return (
    USER.test(before.trimEnd().split('\n').at(-1) ?? '') || USER.test(after.trimStart().split('\n')[0] ?? '')
  );
}
const USER = /\b(?:user|user ?name|login|log ?in|e-?mail|account|benutzer|usuario|utilisateur)\b.{0,20}[:=]/i;

const isLineStart = (text: string, at: number) =>
  /(?:^|\n)[\s>*•-]*["'`]?$/.test(text.slice(Math.max(0, at - 12), at));
const isLineEnd = (text: string, at: number) => /^["'`,;.]?[ \t]*(?:\n|$)/.test(text.slice(at, at + 12));

/** `the password is …`: most often something is said about it, and only what no sentence has is one. */
function isSpoken(value: string, quoted: boolean): boolean {
  if (value.length < 6 || isStandIn(value) || isPlace(value) || isNamed(value) || /\s/.test(value))
    return false;
  const sorts = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[$!#%&*+=@^~|?]/].filter((sort) => sort.test(value)).length;
  return quoted ? sorts > 1 : sorts > 2 || isDense(value);
}

/** Worth a question: `password: hunter2` gives one away; `Password: people may have to set a new one` does not. */
function looksLikeOne(name: string, sign: string, typed: string, text: string, end: number): boolean {
  const value = typed.replace(/^["'`(]+|["'`).,;:!?]+$/g, '');
  if (value.length < 3 || !/[A-Za-z0-9]/.test(value)) return false;
  // A time, or an address that the public may open.
  if (/^(?:\d{1,2}:\d\d|https?:)/.test(value)) return false;
  if (sign === '=' || typed.length - value.length > 1) return true;
  if (/[0-9]/.test(value) && /[A-Za-z_]/.test(value)) return true;
  if (/[$!#%&*+=@^~|\\]/.test(value)) return true;
  // A word alone on its line, behind the name of what only a secret follows.
  return (
    /^(?:pass|kenn|pwd|mot|contra|パ)/i.test(name) &&
    value === typed &&
    !/[^!-~]/.test(value) &&
    /^\s*(?:\n|$)/.test(text.slice(end, end + 4))
  );
}
