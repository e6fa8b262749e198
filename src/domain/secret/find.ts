import { assignedIn } from './assigned.js';
import type { SecretFound, SecretKind } from './kind.js';
import { distinct, isDense, isStandIn, turnsIn } from './look.js';

interface Shape {
  readonly kind: SecretKind;
  /** What is worth a question. */
  readonly what: RegExp;
  /** Those of them that are secrets for sure. */
  readonly sure: (found: string) => boolean;
}

// Each begins where none of its own letters stands before it, or ends nowhere in particular: so no text makes one look at the
// same letters again and again. `what` is generous: a line for the public is questioned sooner than one for the record is cut.
const SHAPES: readonly Shape[] = [
  {
    kind: 'AWS access key',
    what: /(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|AIPA)[A-Z0-9]{12,128}/g,
    // The others name roles and users, which are no secrets.
    sure: (it) => /^A[KS]IA[A-Z0-9]{16}$/.test(it),
  },
  {
    kind: 'Slack token',
    what: /(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[A-Za-z0-9-]{8,}/gi,
    sure: (it) =>
      /^(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9]+-?[A-Za-z0-9-]{8,}$/i.test(it) && /\d/.test(it),
  },
  {
    kind: 'GitHub token',
    what: /(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_)[A-Za-z0-9_-]{16,}/gi,
    sure: (it) => /^(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})/.test(it),
  },
  {
    kind: 'npm token',
    what: /(?<![A-Za-z0-9])npm_[A-Za-z0-9_-]{16,}/gi,
    sure: (it) => /^npm_[A-Za-z0-9]{36,}$/.test(it),
  },
  {
    kind: 'Stripe key',
    what: /(?<![A-Za-z0-9])(?:[srp]k_(?:live|test)_[A-Za-z0-9]{6,}|whsec_[A-Za-z0-9+/=_-]{16,})/gi,
    // One that begins with `pk_` is made to be public.
    sure: (it) => /^(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=_-]{24,})$/.test(it),
  },
  {
    kind: 'Google key',
    what: /(?<![A-Za-z0-9])(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{16,}|GOCSPX-[A-Za-z0-9_-]{20,})/g,
    sure: (it) => /^(?:AIza[A-Za-z0-9_-]{35}$|ya29\.|GOCSPX-)/.test(it),
  },
  {
    kind: 'service token',
    what: /(?<![A-Za-z0-9])(?:sk[_-]|toc_|hf_|glpat-|shp(?:at|ca|pa|ss)_|do[op]_v1_|lin_api_|pypi-|dckr_pat_|gls[ac]_|sntry[su]_|xkeysib-|tskey-|figd_|ATATT3|PMAK-|NRAK-)[A-Za-z0-9_-]{16,}/gi,
    sure: (it) => isDense(it.replace(/^[A-Za-z]{2,8}[_-]/, '')) && !/^sk_/i.test(it),
  },
  {
    kind: 'service token',
    what: /(?<![A-Za-z0-9])(?:SG\.[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)?|hv[sbr]\.[A-Za-z0-9_-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])|dapi[0-9a-f]{32}(?![A-Za-z0-9])|key-[0-9a-f]{32}(?![A-Za-z0-9]))/g,
    sure: (it) => !it.startsWith('SG.') || /^SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}$/.test(it),
  },
  {
    kind: 'Slack webhook address',
    what: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{8,}/gi,
    sure: (it) => /[A-Za-z0-9]{16,}\/?$/.test(it),
  },
  {
    kind: 'JSON web token',
    what: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
    sure: (it) => /^eyJ[\w-]+\.(?:eyJ[\w-]+|[\w-]{20,})\.[\w-]/.test(it),
  },
  {
    kind: 'private key',
    // How the bytes of a private key begin in base64: PKCS#8 of Ed25519, X25519, P-256 and RSA; a key of OpenSSH.
    what: /(?<![A-Za-z0-9+/])(?:MC4CAQAwBQYDK2V[uw]|MFECAQEwBQYDK2V[uw]|MIG[HT]AgEAMBMGByqGSM49|MIIE[v-w][A-Za-z0-9+/]{3}BADANBgkqhkiG9w0B|b3BlbnNzaC1rZXktdjE)[A-Za-z0-9+/=_-]{16,}/g,
    sure: () => true,
  },
  {
    kind: 'secret',
    what: /(?<![A-Za-z0-9])(?:0x)?[0-9a-f]{32,}(?![A-Za-z0-9])/gi,
    // Commits, digests and traces look the same.
    sure: () => false,
  },
  {
    kind: 'authorization',
    what: /(?<![A-Za-z0-9])(?:bearer|basic) {1,4}[A-Za-z0-9._~+/=-]{16,}/gi,
    sure: isCredential,
  },
];

// As long as a key of Amazon, or a token of 256 bits.
const RANDOM = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}/g;
const AWS_SECRET = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g;
/** Between an id of Amazon's and the secret that goes with it; people copy both at once. */
const BESIDE = 300;

const HEADER =
  /(?<![A-Za-z0-9])authorization[\s"'\\]{0,4}[:=][\s"'\\]{0,4}(?:bearer|basic|token|apikey|digest|geniekey|splunk|bot)\s{1,4}([^\s"',;\\]{6,})/gi;
/** The address of somebody who is let in by it; `://` alone is in every text, so each part has a length. */
const IN_ADDRESS =
  /(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/([^\s/?#@:<>"'|]{0,100}):([^\s/?#<>"'|]{1,200})@(?=[A-Za-z0-9[_.-])/gi;
const TOKEN_IN_ADDRESS = /(?<![A-Za-z0-9+.-])https?:\/\/([A-Za-z0-9_-]{20,200})@(?=[A-Za-z0-9[])/gi;
const SIGNED =
  /(?<=[?&;])((?:X-Amz-Signature|X-Goog-Signature|Signature|sig)=)([A-Za-z0-9%+/=_~-]{20,2000})/gi;
const PAGERDUTY =
  /(?:(?:routing|integration|pagerduty|service)[ _-]?(?:api[ _-]?)?key\\?["'`]?(?:\s{0,3}(?:[:=]|is)\s{0,3}|\s{1,3})\\?["'`]?|events\.(?:eu\.)?pagerduty\.com\/integration\/)([0-9a-f]{32}|R[0-9A-Z]{31})(?![A-Za-z0-9])/gi;
/** What programs are told on their line: `curl -u ops:…`, `mysql -p…`, `sshpass -p …`, `redis-cli -a …`. */
const ON_A_LINE = [
  /\bcurl\b[^\n]{0,200}?\s(?:-u|--user)[ =]?["']?[^\s:"']{1,100}:([^\s"']{3,200})/g,
  /\bmysql(?:dump|admin)?\b[^\n]{0,200}?\s-p["']?([^\s"'-][^\s"']{3,100})/g,
  /\bsshpass\s{1,3}-p\s{0,3}["']?([^\s"']{4,100})/g,
  /\bredis-cli\b[^\n]{0,200}?\s-a\s{1,3}["']?([^\s"']{4,100})/g,
];

/** How such a key begins is no secret: it says whose it is. */
export const KNOWN_KEY =
  /^(?:A(?:KIA|SIA|ROA|IDA|GPA|NPA|NVA|IPA)|xox[a-z]-|xapp-|[srp]k_(?:live|test)_|whsec_|gh[pousr]_|github_pat_|glpat-|eyJ|AIza|toc_|npm_|hf_)/i;

/**
 * Looks for what lets somebody in: keys, tokens, passwords. The one list of how they look, for texts of the public page
 * (which asks about everything here) and for the record (which takes out what is sure). Takes time in proportion to the
 * text, whatever is in it.
 * @param text as it reads (`#domain/status/reading.js`)
 * @returns in no order; several may be at one place
 */
export function secretsIn(text: string): SecretFound[] {
  const found: SecretFound[] = [...privateKeysIn(text)];
  /** @param tail how long the value is that stands at the end of the whole */
  const add = (
    kind: SecretKind,
    start: number,
    whole: string,
    tail: number,
    sure: boolean,
    length = tail,
  ) => {
    const end = start + whole.length;
    const from = end - tail;
    found.push({ kind, start, end, from, to: from + length, shown: keyShown(whole), sure });
  };
  for (const { kind, what, sure } of SHAPES)
    for (const { index, 0: key } of text.matchAll(what)) {
      const isSure = sure(key) && distinct(key) > 5;
      // By chance there is a digit in all of them; in words there is none.
      if (isSure || /\d/.test(key)) add(kind, index, key, secretPart(kind, key).length, isSure);
    }
  for (const { index, 0: header, 1: value = '' } of text.matchAll(HEADER)) {
    const bare = value.replace(/[)`>\]}.]+$/, '');
    if (/[0-9=]|[a-z][A-Z]/.test(value))
      add('authorization', index, header, value.length, !isStandIn(bare), bare.length);
  }
  found.push(...assignedIn(text));
  for (const { index, 0: key } of text.matchAll(RANDOM))
    if (isRandom(key)) add('secret', index, key, key.length, false);
  found.push(...besideIds(text, found));
  // The `@` behind it belongs to the address.
  for (const { index, 0: all, 2: password = '' } of text.matchAll(IN_ADDRESS))
    add('password in an address', index, all, password.length + 1, !isStandIn(password), password.length);
  for (const { index, 0: all, 1: user = '' } of text.matchAll(TOKEN_IN_ADDRESS))
    if (isDense(user)) add('password in an address', index, all, user.length + 1, true, user.length);
  for (const { index, 0: all, 2: signature = '' } of text.matchAll(SIGNED))
    add('signed address', index, all, signature.length, /\d/.test(signature) && distinct(signature) > 5);
  for (const { index, 0: all, 1: key = '' } of text.matchAll(PAGERDUTY))
    add('PagerDuty key', index, all, key.length, distinct(key) > 5);
  for (const what of ON_A_LINE)
    for (const { index, 0: all, 1: password = '' } of text.matchAll(what))
      add('password', index, all, password.length, !isStandIn(password));
  return found;
}

/** What says how a value is to be read is no part of it. */
const secretPart = (kind: SecretKind, key: string) =>
  kind === 'authorization' ? key.replace(/^\w+ +/, '') : key;

/** Does that let somebody in, `Bearer …` or `Basic …`? */
function isCredential(said: string): boolean {
  const value = secretPart('authorization', said);
  if (/^bearer/i.test(said)) return isDense(value);
  // A name and a password, as they are sent.
  const plain = Buffer.from(value, 'base64').toString('latin1');
  return /^[\x20-\x7e]+:[\x20-\x7e]+$/.test(plain);
}

/** Forty letters by chance are anything; near an id of Amazon's they are its secret. */
function besideIds(text: string, found: readonly SecretFound[]): SecretFound[] {
  const ids = found
    .filter(({ kind, sure }) => kind === 'AWS access key' && sure)
    .sort((a, b) => a.start - b.start);
  if (ids.length === 0) return [];
  const secrets: SecretFound[] = [];
  let at = 0;
  for (const { index: start, 0: key } of text.matchAll(AWS_SECRET)) {
    const end = start + key.length;
    while (at < ids.length && (ids[at]?.end ?? 0) < start - BESIDE) at++;
    const id = ids[at];
    if (!id || id.start > end + BESIDE || !/[a-z]/.test(key) || !/[A-Z]/.test(key) || distinct(key) < 12)
      continue;
    secrets.push({
      kind: 'AWS secret key',
      start,
      end,
      from: start,
      to: end,
      shown: keyShown(key),
      sure: true,
    });
  }
  return secrets;
}

// -- private keys --

const PEM = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/g;
const PEM_BEGIN = '-----BEGIN';
const PEM_END = '-----END';
/** What may stand in a block, line by line, where its end was cut off: base64, headers, quotes, and how a line break is written. */
const PEM_BODY =
  /(?: BLOCK)?(?:[A-Za-z0-9+/=]{16,}|\d{1,2}:\d\d(?::\d\d)?(?= )|(?:Proc-Type|DEK-Info): [^\n\\]{1,100}|[A-Za-z0-9+/]{1,15}={1,2}|[\s"'`>+,|\\-]|(?<=\\)[rn])*/y;

const TRAILING = /(?:\s|\\[rn]|[`"'>]|\d{1,2}:\d\d(?::\d\d)?)+$/;

function* privateKeysIn(text: string): Generator<SecretFound> {
  let done = 0;
  let closing = 0;
  for (const { index: start, 0: begin } of text.matchAll(PEM)) {
    if (start < done) continue;
    const body = start + begin.length;
    // Looked for once, however many begin before it.
    if (closing >= 0 && closing < body) closing = text.indexOf(PEM_END, body);
    const another = text.indexOf(PEM_BEGIN, body);
    const line = closing < 0 ? -1 : text.indexOf('-----', closing + PEM_END.length);
    const closed = line >= 0 && (another < 0 || closing < another);
    PEM_BODY.lastIndex = body;
    const end = closed ? line + 5 : another < 0 ? text.length : another;
    const reach = body + (PEM_BODY.exec(text)?.[0].replace(TRAILING, '').length ?? 0);
    // Its dashes may run into those by which the next one begins.
    const to = closed ? end : Math.min(reach, end);
    // Who only names the line by which such a file begins has given nothing away.
    const sure = /[A-Za-z0-9+/]{16}/.test(text.slice(body, closed ? closing : to));
    yield { kind: 'private key', start, end, from: start, to, shown: '-----BEGIN … PRIVATE KEY-----', sure };
    done = to;
  }
}

/** @returns of a key what may be logged */
function keyShown(key: string): string {
  const shown = /^(?:authorization|bearer|basic|hooks\.)/i.exec(key)?.[0] ?? KNOWN_KEY.exec(key)?.[0];
  return `${shown ?? key.slice(0, 4)}… (${key.length} characters)`;
}

/** Large and small letters and digits mixed, as no sentence, path or name has them. */
function isRandom(key: string): boolean {
  if (!/[a-z]/.test(key) || !/[A-Z]/.test(key) || !/[0-9]/.test(key)) return false;
  // In a path, or in a name of many parts, words stand between the marks.
  const parts = key.split(/[/_-]/);
  if (parts.length > 3 && parts.every((part) => part.length < 20)) return false;
  return turnsIn(key) * 4 > key.length;
}
