/** A piece of a line of mrkdwn. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bold' | 'italic' | 'strike'; readonly inside: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'emoji'; readonly name: string }
  | Control;

/** What stands between `<` and `>`. */
export type Control =
  | { readonly kind: 'link'; readonly url: string; readonly label?: string }
  | { readonly kind: 'user' | 'channel' | 'group'; readonly id: string; readonly label?: string }
  | { readonly kind: 'broadcast'; readonly range: string }
  | {
      readonly kind: 'date';
      readonly timestamp: number;
      readonly format: string;
      readonly url?: string;
      readonly fallback: string;
    };

/** A part of a text: running lines, quoted lines, or preformatted text. */
export type Part =
  | { readonly kind: 'lines' | 'quote'; readonly inside: readonly Inline[] }
  | { readonly kind: 'pre'; readonly text: string };

export interface Reading {
  /** Whether there is an emoji of this name; what is not known stays text. */
  known(emoji: string): boolean;
  /** Bare web addresses become links. */
  readonly autolink?: boolean;
}

/** Reads mrkdwn. Nothing is formatted inside code; styles end with their line. */
export function parseMrkdwn(text: string, reading: Reading): Part[] {
  const parts: Part[] = [];
  // The odd pieces are what stood between fences.
  text.split(/```([\s\S]+?)```/).forEach((piece, index, all) => {
    if (index % 2 === 1) {
      parts.push({ kind: 'pre', text: readable(piece).replace(/^\n|\n$/g, '') });
      return;
    }
    // The line breaks around a block of code are its own margins.
    const from = index > 0 && piece.startsWith('\n') ? 1 : 0;
    const to = index < all.length - 1 && piece.endsWith('\n') ? piece.length - 1 : piece.length;
    parts.push(...quotesAndLines(piece.slice(from, Math.max(from, to)), reading));
  });
  return parts;
}

/** Reads what stands between `<` and `>`. */
export function parseControl(control: string): Control {
  const bar = control.indexOf('|');
  const target = bar < 0 ? control : control.slice(0, bar);
  const label = bar < 0 ? undefined : decode(control.slice(bar + 1));
  const id = target.slice(1);
  if (target.startsWith('@')) return { kind: 'user', id, label };
  if (target.startsWith('#')) return { kind: 'channel', id, label };
  if (target.startsWith('!subteam^')) return { kind: 'group', id: target.slice(9), label };
  if (target.startsWith('!date^')) {
    const [, timestamp = '', format = '', url] = target.split('^');
    return {
      kind: 'date',
      timestamp: /^-?\d+$/.test(timestamp) ? Number(timestamp) : Number.NaN,
      format: decode(format),
      url: url === undefined ? undefined : decode(url),
      fallback: label ?? '',
    };
  }
  if (target.startsWith('!')) return { kind: 'broadcast', range: id };
  return { kind: 'link', url: decode(target), label };
}

function quotesAndLines(text: string, reading: Reading): Part[] {
  if (text === '') return [];
  const parts: Part[] = [];
  let kind: 'lines' | 'quote' = 'lines';
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) parts.push({ kind, inside: inline(lines.join('\n'), reading) });
    lines = [];
  };
  const all = text.split('\n');
  for (const [index, line] of all.entries()) {
    const rest = /^(?:&gt;|>){3} ?(.*)$/.exec(line);
    if (rest) {
      flush();
      const quoted = [rest[1] ?? '', ...all.slice(index + 1)].join('\n');
      return [...parts, { kind: 'quote', inside: inline(quoted, reading) }];
    }
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const now = quoted ? 'quote' : 'lines';
    if (now !== kind) flush();
    kind = now;
    lines.push(quoted ? (quoted[1] ?? '') : line);
  }
  flush();
  return parts;
}

type Atom = string | Inline;
const MARKS = { '*': 'bold', _: 'italic', '~': 'strike' } as const;
type Mark = keyof typeof MARKS;

function inline(text: string, reading: Reading): Inline[] {
  return styled(atomsOf(text, reading), new Set());
}

const ATOM =
  /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+'-]+)(?:::(skin-tone-[2-6]))?:|(?<![\w/])(https?:\/\/[^\s<>|]*[^\s<>|.,;:!?'"*_~)\]])/gu;

/** Characters one by one, with what cannot be split as one piece. */
function atomsOf(text: string, reading: Reading): Atom[] {
  const atoms: Atom[] = [];
  let from = 0;
  const pattern = new RegExp(ATOM);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [all, code, control, emoji, tone, address] = match;
    const name = emoji === undefined || tone === undefined ? emoji : `${emoji}::${tone}`;
    const skip = (name !== undefined && !reading.known(name)) || (address !== undefined && !reading.autolink);
    if (skip) {
      // The colon that ends this name may begin the next one.
      pattern.lastIndex = match.index + 1;
      continue;
    }
    atoms.push(...text.slice(from, match.index));
    from = match.index + all.length;
    if (code !== undefined) atoms.push({ kind: 'code', text: readable(code) });
    else if (control !== undefined) atoms.push(parseControl(control));
    else if (name !== undefined) atoms.push({ kind: 'emoji', name });
    else if (address !== undefined) atoms.push({ kind: 'link', url: decode(address) });
  }
  atoms.push(...text.slice(from));
  return atoms;
}

function styled(atoms: readonly Atom[], inside: ReadonlySet<Mark>): Inline[] {
  const found: Inline[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') found.push({ kind: 'text', text: decode(text) });
    text = '';
  };
  // Marks for which no end is left on this line: a line is then read once, however many of them it has.
  const open = new Set<Mark>();
  for (let at = 0; at < atoms.length; at++) {
    const atom = atoms[at];
    if (atom === undefined) break;
    if (typeof atom !== 'string') {
      flush();
      found.push(atom);
      continue;
    }
    if (atom === '\n') open.clear();
    const mark = markOf(atom);
    if (mark && !inside.has(mark) && !open.has(mark) && opens(atoms, at)) {
      const end = endOf(atoms, at, mark);
      if (end > 0) {
        flush();
        const within = styled(atoms.slice(at + 1, end), new Set([...inside, mark]));
        found.push({ kind: MARKS[mark], inside: within });
        at = end;
        continue;
      }
      open.add(mark);
    }
    text += atom;
  }
  flush();
  return found;
}

function markOf(atom: string): Mark | undefined {
  return atom === '*' || atom === '_' || atom === '~' ? atom : undefined;
}

const isWord = (atom: Atom | undefined) => typeof atom === 'string' && /[\p{L}\p{N}]/u.test(atom);
const isSpace = (atom: Atom | undefined) => typeof atom === 'string' && /\s/.test(atom);

function opens(atoms: readonly Atom[], at: number): boolean {
  const next = atoms[at + 1];
  return !isWord(atoms[at - 1]) && next !== undefined && next !== atoms[at] && !isSpace(next);
}

function endOf(atoms: readonly Atom[], from: number, mark: Mark): number {
  for (let at = from + 2; at < atoms.length; at++) {
    if (atoms[at] === '\n') return -1;
    if (atoms[at] === mark && !isSpace(atoms[at - 1]) && !isWord(atoms[at + 1])) return at;
  }
  return -1;
}

/** The three characters that Slack wants escaped. */
function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Code shows addresses as they read, and everything else between `<` and `>` as it was written. */
function readable(code: string): string {
  const plain = code
    .replace(/<((?:https?|mailto|tel):[^<>|]+)\|([^<>]*)>/g, '$2')
    .replace(/<((?:https?|mailto|tel):[^<>|]+)>/g, '$1');
  return decode(plain);
}
