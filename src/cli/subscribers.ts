import { parseArgs } from 'node:util';
import { hookAddress, mailAddress, masked, newId, newSecret } from '#public/subscribe/address.js';
import { BOUNCES, wakeShare } from '#public/subscribe/share.js';
import type { Subscriber, SubscriberCount } from '#store/public/subscribers.js';
import { Told } from '#told.js';
import { type Io, nothingMore, Usage, type Verb, withCore } from './core.js';

/** `tocsin subscribers`: who is told of what is posted, and how it goes. Addresses are people's: shown whole only when asked for. */
export const subscribers: Verb = {
  form: `subscribers [list] [--full]
       tocsin subscribers show ID [--full]
       tocsin subscribers add email|webhook ADDRESS [--component NAME]… [--language de] [--inside]
       tocsin subscribers retry ID
       tocsin subscribers remove ID
       tocsin subscribers erase ADDRESS
       tocsin subscribers bounced ID`,
  help: 'see who is told of public posts and how that goes, add, try again, remove or erase one',
  async run([verb = 'list', ...args], io) {
    switch (verb) {
      case 'list':
      case '--full':
        return list(verb === 'list' ? args : [verb, ...args], io);
      case 'show':
        return show(args, io);
      case 'add':
        return add(args, io);
      case 'retry':
        return retry(one('subscribers retry', args), io);
      case 'remove':
        return remove(one('subscribers remove', args), io);
      case 'erase':
        return erase(one('subscribers erase', args, 'an address'), io);
      case 'bounced':
        return bounced(one('subscribers bounced', args), io);
      default:
        throw new Usage(`“${verb.slice(0, 40)}” is nothing that can be done with subscribers`);
    }
  },
};

function one(verb: string, [first, ...more]: string[], what = 'one subscriber by its id'): string {
  if (first === undefined || first.startsWith('--')) throw new Usage(`name ${what}`);
  nothingMore(verb, more);
  return first;
}

const PAGE = 500;
const HEAD = ['ID', 'KIND', 'ADDRESS', 'STATE', 'COMPONENTS', 'SINCE', 'GIVEN UP', 'NEXT TRY', 'LAST ERROR'];

async function list(args: string[], io: Io): Promise<void> {
  const full = isFull('subscribers list', args);
  return withCore(io, async ({ store, team }) => {
    const ours = await team();
    const counts = await store.subscribers.counts(ours);
    if (counts.length === 0) return io.out('Nobody has subscribed.\n');
    await io.out(`${counts.map(counted).join('\n')}\n\n${HEAD.join('\t')}\n`);
    for (let after = ''; ; ) {
      const some = await store.subscribers.list(ours, after, PAGE);
      for (const each of some) await io.out(`${row(each, full).join('\t')}\n`);
      after = some.at(-1)?.id ?? '';
      if (some.length < PAGE) return;
    }
  });
}

function counted({ kind, state, count, retrying, failures }: SubscriberCount): string {
  const waits = retrying > 0 ? `, ${retrying} of them waiting for another attempt` : '';
  const lost = failures > 0 ? `, ${failures} ${failures === 1 ? 'change' : 'changes'} given up` : '';
  return `${kind} ${state}: ${count}${waits}${lost}`;
}

function row(of: Subscriber, full: boolean): string[] {
  return [
    of.id,
    of.kind,
    full ? of.address : masked(of.kind, of.address),
    of.state,
    of.components.length === 0 ? 'all' : of.components.join(', '),
    minute(of.confirmedAt ?? of.createdAt),
    String(of.failures),
    minute(of.retryAt),
    of.lastError ?? '-',
  ];
}

async function show(args: string[], io: Io): Promise<void> {
  const [id = '', ...rest] = args;
  const full = isFull('subscribers show', rest);
  return withCore(io, async ({ store, team }) => {
    const of = await store.subscribers.get(await team(), id);
    if (!of) throw unknown(id);
    const cells = row(of, full);
    const more = [
      ['LANGUAGE', of.language],
      ['LAST TOLD', minute(of.toldAt)],
      ['REFUSED IN A ROW', String(of.bounces)],
      ['CAME BACK', String(of.returned)],
      ['FAILED IN A ROW', String(of.tries)],
    ];
    for (const [name, value] of [...HEAD.map((name, i) => [name, cells[i] ?? '-']), ...more])
      await io.out(`${name}: ${value}\n`);
  });
}

async function add(args: string[], io: Io): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      component: { type: 'string', multiple: true, default: [] },
      language: { type: 'string', default: 'en' },
      inside: { type: 'boolean', default: false },
    },
  });
  const [kind, typed, ...more] = positionals;
  if ((kind !== 'email' && kind !== 'webhook') || typed === undefined || more.length > 0)
    throw new Usage('say `email` or `webhook`, and one address');
  const address = kind === 'email' ? mailAddress(typed) : hook(typed, values.inside);
  if (address === null) throw new Told('That is not an e-mail address that can be written to.');
  const secret = kind === 'webhook' ? newSecret() : null;
  return withCore(io, async ({ store, team }) => {
    const of = { kind, address, components: values.component, language: values.language, secret } as const;
    const made = { team: await team(), ...newId(), ...of };
    if (!(await store.subscribers.add(made)))
      throw new Told('That address is there already. Nothing was changed.');
    await io.out(`${made.id}\n`);
    if (secret !== null)
      await io.out(`Messages are signed with this secret, which is shown only now: ${secret}\n`);
  });
}

/** An operator may name what tocsin.yml would have to list for a stranger; it is called only if it is listed there as well. */
function hook(typed: string, inside: boolean): string {
  const host = inside && URL.canParse(typed) ? new URL(typed) : null;
  const allow = host ? [{ hostname: host.hostname, port: null, protocol: null }] : [];
  const read = hookAddress(typed, allow);
  if ('url' in read) return read.url;
  throw new Told(
    `That address ${read.why}. With --inside it is taken, and called if webhooks.allow lists it.`,
  );
}

const retry = (id: string, io: Io) =>
  withCore(io, async ({ store, team }) => {
    const ours = await team();
    const share = await store.subscribers.again(ours, id);
    if (share === null) throw unknown(id);
    await wakeShare(store.outbox, ours, share);
    await io.out(`${id} is tried again now.\n`);
  });

const remove = (id: string, io: Io) =>
  withCore(io, async ({ store, team }) => {
    if (!(await store.subscribers.remove(await team(), id))) throw unknown(id);
    await io.out(`${id} is removed, and nothing of it is kept.\n`);
  });

const erase = (typed: string, io: Io) =>
  withCore(io, async ({ store, team }) => {
    const kept = mailAddress(typed) ?? (URL.canParse(typed) ? new URL(typed).href : typed);
    const count = await store.subscribers.erase(await team(), kept);
    if (count === 0) throw new Told('Nothing is kept of that address.');
    await io.out('Nothing is kept of that address any more.\n');
  });

/** For a mail server that hands on what comes back to the return path. */
const bounced = (id: string, io: Io) =>
  withCore(io, async ({ store, team }) => {
    const now = await store.subscribers.returned(await team(), id, BOUNCES);
    if (!now) throw unknown(id);
    await io.out(`${id}: ${now.returned} came back, ${now.state}.\n`);
  });

function isFull(verb: string, args: readonly string[]): boolean {
  nothingMore(
    verb,
    args.filter((arg) => arg !== '--full'),
  );
  return args.includes('--full');
}

const unknown = (id: string) =>
  new Told(`There is no subscriber ${id.slice(0, 80)}. \`tocsin subscribers\` lists them.`);
const minute = (iso: string | null): string => (iso === null ? '-' : iso.slice(0, 16).replace('T', ' '));
