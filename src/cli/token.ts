import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Core } from '#compose/core.js';
import { type Person, personLabel } from '#domain/words.js';
import type { KeptToken } from '#store/people.js';
import { Told } from '#told.js';
import { hashOfToken, type Scope } from '#web/auth.js';
import { granted, type Io, nothingMore, Usage, type Verb, withCore } from './core.js';

const SCOPES: Scope[] = ['read', 'write', 'publish', 'admin'];

const OPTIONS = {
  name: { type: 'string' },
  scope: { type: 'string' },
  private: { type: 'boolean' },
  owner: { type: 'string' },
  expires: { type: 'string' },
} as const;

/** `tocsin token create|list|revoke`: of a token stdout holds itself and a newline, this once; only its hash is kept. */
export const token: Verb = {
  form: `token create --name NAME [--scope read|write|publish|admin] [--private] [--owner @ana] [--expires 90d]
       tocsin token list
       tocsin token revoke NAME`,
  help: 'make an API token, see which there are and when they were used, withdraw one',
  async run([verb = '', ...args], io) {
    if (verb === 'create') return create(args, io);
    if (verb === 'list') {
      nothingMore('token list', args);
      return withCore(io, async (core) => list(await core.store.tokens.list(await core.team()), io));
    }
    if (verb === 'revoke') return revoke(args, io);
    throw new Usage(verb === '' ? 'say what to do' : 'tokens are made with `token create`');
  },
};

async function create(args: string[], io: Io): Promise<void> {
  const { positionals, values } = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  if (positionals.length > 0) throw new Usage('`token create` takes flags only');
  const { name = '', scope = 'read', owner: typed } = values;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new Usage('give it a name of letters, digits, dots and dashes: `--name status-board`');
  }
  if (!SCOPES.includes(scope as Scope)) throw new Usage(`“${scope}” is not a scope`);
  const lastsMs = values.expires === undefined ? null : spanOf(values.expires);
  const secret = `toc_${randomBytes(32).toString('base64url')}`;
  return withCore(io, async (core) => {
    const team = await core.team();
    const owner = typed === undefined ? null : granted(await core.owner(team, typed));
    const made = await core.store.tokens.create({
      team,
      name,
      hash: hashOfToken(secret),
      scope: scope as Scope,
      private: values.private ?? false,
      owner: owner?.id ?? null,
      lastsMs,
    });
    if (!made) throw await taken(core, team, name);
    await io.out(`${secret}\n`);
  });
}

/** A name is given once and for all: what is in the record under it would otherwise be another program's too. */
async function taken(core: Core, team: string, name: string): Promise<Told> {
  const kept = (await core.store.tokens.list(team)).find((one) => one.name === name);
  const why = kept?.revokedAt
    ? `There was a token called ${name}`
    : `There is a token called ${name} already`;
  return new Told(`${why}, and the record knows it by that name. Choose another one.`);
}

const HOUR = 3_600_000;
const UNITS: Record<string, number> = { h: HOUR, d: 24 * HOUR, w: 7 * 24 * HOUR };
const LONGEST = 10 * 366 * 24 * HOUR;

/** @returns `12h`, `90d`, `4w` in ms. Not months: `m` is minutes to others. */
function spanOf(typed: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,4})([hdw])$/.exec(typed) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (ms <= LONGEST) return ms;
  throw new Usage(
    `“${typed}” is not for how long; write \`--expires 12h\`, \`90d\` or \`4w\`, ten years at most`,
  );
}

async function revoke(args: string[], io: Io): Promise<void> {
  const [name, ...more] = args;
  if (name === undefined || name.startsWith('-') || more.length > 0) throw new Usage('name one token');
  return withCore(io, async (core) => {
    const team = await core.team();
    if (await core.store.tokens.revoke(team, name)) {
      return io.out(`${name} is revoked: it is refused from now on.\n`);
    }
    const kept = (await core.store.tokens.list(team)).find((one) => one.name === name);
    if (kept) return io.out(`${name} was revoked before, at ${minute(kept.revokedAt)} UTC.\n`);
    throw new Told(`There is no token called ${name.slice(0, 80)}. \`tocsin token list\` lists them.`);
  });
}

const HEAD = ['NAME', 'SCOPE', 'PRIVATE', 'OWNER', 'CREATED', 'EXPIRES', 'LAST USED', 'REVOKED'];

/** One line a token; all times in UTC. */
async function list(tokens: KeptToken[], io: Io): Promise<void> {
  if (tokens.length === 0) {
    return io.out('There are no tokens. “tocsin token create --name NAME” makes one.\n');
  }
  const rows = tokens.map((one) => [
    one.name,
    one.scope,
    one.private ? 'yes' : 'no',
    ownerShown(one.owner),
    minute(one.createdAt),
    one.expired ? `${minute(one.expiresAt)} (expired)` : minute(one.expiresAt),
    minute(one.lastUsedAt, 'never'),
    minute(one.revokedAt),
  ]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  for (const row of [HEAD, ...rows]) {
    await io.out(
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

function ownerShown(owner: (Person & { gone: boolean }) | null): string {
  if (!owner) return '-';
  return `${personLabel(owner)}${owner.gone ? ' (deactivated)' : ''}`;
}

/** @param iso UTC ISO 8601 */
const minute = (iso: string | null, none = '-') => (iso === null ? none : iso.slice(0, 16).replace('T', ' '));
