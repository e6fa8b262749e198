import { hostLook } from '../status/host.js';

/** @returns how many different characters there are, as far as that matters */
export function distinct(text: string): number {
  return new Set(text.slice(0, 200)).size;
}

/** What people and programs write where a secret was, or is to be; and what a secret is said to be like. */
const STAND_IN =
  /^(?:null|none|nil|undefined|true|false|yes|no|ok|okay|empty|blank|unset|unknown|missing|required|optional|redacted|masked|hidden|removed|filtered|secret|password|passwd|pass|pwd|token|key|value|string|text|field|expired|expires|reset|resets|resetting|changed|changes|rotated|rotating|rotation|revoked|invalid|wrong|incorrect|valid|fine|correct|same|different|new|old|weak|strong|leaked|known|disabled|enabled|locked|unlocked|failed|fails|failing|failure|rejected|refused|denied|accepted|working|works|broken|stale|missing|n\/a|tbd|todo|here|see|ask|from|via|in|is|was|not|and|the|for|with|users?|admins?|customers?|policy|manager|generator|vault|file|env|default|your[-_ ]?\w*|my[-_ ]?\w*|some[-_ ]?\w*|example\w*|placeholder)$/i;
/** Names of what is no secret, and has digits: `sha256`, `oauth2`, `v2.3`. */
const TECHNICAL =
  /^(?:(?:sha|md|http|https|oauth|ipv|utf|base|tls|ssl|aes|rs|hs|es|ps|p|v|s|ec|x|sev|saml|ldap|krb|pkcs|argon|pbkdf|log|python|java|php|node|redis|pg|postgres|mysql|db|web|api|app|host|prod|staging|dev|test|inc|run|pr|step|part|phase|try|attempt|q|h|k|r|t|n|line|day|week|region|zone|az|shard|pod|replica|user|room|case|ticket)[-_#]?\d[\w.]*|bcrypt|scrypt|argon2(?:id|i|d)?|k8s|i18n|\d+[a-z]{1,5})$/i;

/** Is it there in place of a secret, or a word about one? `null`, `****`, `$DB_PASSWORD`, `{{ token }}`, `secret:NAME`, `expired`. */
export function isStandIn(value: string): boolean {
  if (value === '' || distinct(value) < 3) return true;
  // A program's line: `auth[1]`, `randomBytes(9)`, `` `toc_${value}` ``.
  if (/^[A-Za-z_][\w.]*[([]|\$\{[^}]*\}/.test(value)) return true;
  if (/^[$%]?[{(<[]|^\$[A-Za-z_]|^%[A-Za-z_]+%?$|^(?:\*{2,}|x{3,}|\.{3}|…|#{3,})|[…*]{2,}$|…$/i.test(value))
    return true;
  if (/^(?:secret|env|file|vault|ref|op|ssm|sops|fp|sha\d+|md5|arn|urn|https?|s3|gs):/i.test(value))
    return true;
  return STAND_IN.test(value.replace(/[.,;:!?)\]]+$/, ''));
}

/** A path, a time, an address of the network or of mail, somebody who is named: what stands behind a colon in any note. */
export function isPlace(value: string): boolean {
  if (/^(?:~|\.{0,2})\/|^[A-Za-z]:\\|^[@#<]|^\d{1,4}[-:/.]\d|:\/\//.test(value)) return true;
  if (/^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(value)) return true;
  const parts = value.split('/');
  return parts.length > 2 || parts.some((part) => /^v\d+$/.test(part));
}

/** `web-03`, `payments-db`, `sha256`, `2024-11-30`: called so, and made of words and numbers. */
export function isNamed(value: string): boolean {
  if (TECHNICAL.test(value)) return true;
  if (/^[A-Za-z0-9_][\w.-]*$/.test(value) && /[-_.]/.test(value)) {
    const parts = value.split(/[-_.]+/).filter(Boolean);
    if (parts.every((part) => /^(?:[A-Za-z]+|\d+)$/.test(part) || TECHNICAL.test(part))) return true;
  }
  return /^[\w]+(?:[.-]\w+)*$/.test(value) && hostLook(value) !== null;
}

/** A UUID is what many services give out as a key. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Letters and digits by chance, and enough of them, as a name, a path or a version has not. */
export function isDense(value: string): boolean {
  if (UUID.test(value) || isBase64(value)) return true;
  if (value.length < 12 || distinct(value) < 8 || isStandIn(value) || isPlace(value)) return false;
  // Words and numbers between marks are a name, however many there are.
  const parts = value.split(/[-_./:=+~]+/).filter((part) => /[A-Za-z]/.test(part) && /\d/.test(part));
  const mixed = parts.filter((part) => part.length > 5).reduce((sum, part) => sum + part.length, 0);
  if (mixed >= 16) return true;
  if (mixed >= 12 && mixed * 2 > value.length) return true;
  // Without a digit: letters large and small that change as in no word.
  return value.length >= 20 && turnsIn(value) * 2.5 >= value.length;
}

/** As long as 24 bytes at least, and changing as no path does. */
function isBase64(value: string): boolean {
  if (!/^[A-Za-z0-9+/_-]{32,}={0,2}$/.test(value) || !/[a-z]/.test(value) || !/[A-Z]/.test(value))
    return false;
  return /\d/.test(value) && turnsIn(value) * 4 > value.length;
}

/** How often a small letter, a large one, a digit or a mark follows one of another sort. */
export function turnsIn(text: string): number {
  let turns = 0;
  for (let i = 1; i < text.length; i++) if (sort(text, i) !== sort(text, i - 1)) turns++;
  return turns;
}

function sort(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code > 96 ? 0 : code > 64 ? 1 : code > 47 && code < 58 ? 2 : 3;
}
