import { laneOfPublic } from '#domain/incident/effect.js';
import type { PlainLog } from '#log.js';
import type { Host } from '#runbooks/reach.js';
import type { Secret } from '#runbooks/secret.js';
import type { NotedChange, Subscriber, Subscribers } from '#store/public/subscribers.js';
import type { Store } from '#store/store.js';
import type { Crowd, PublicChange } from '../change.js';
import type { LookSettings } from '../settings.js';
import { hashOf, newToken } from './address.js';
import { alreadyLetter, changeLetter, confirmLetter, type Letter } from './mail.js';
import { Bounced, MailAway, type Mailer, Unwanted } from './mailer.js';
import { isUrgent, stillToTell, tellingOf } from './story.js';
import { askBody, Gone, hookBody, postHook } from './webhook.js';
import { mailWords } from './words.js';

export interface ShareWorld {
  subscribers: Subscribers;
  changeOf(team: string, incident: number, seq: number): Promise<PublicChange | null>;
  look(): LookSettings;
  /** As the settings are now; null: no mail is sent. */
  mailer(): Mailer | null;
  /** Which hosts inside our network webhooks may be on; null: no webhook is called. */
  webhooks(): { allow: readonly Host[] } | null;
  /** For so long further changes are gathered after a mail. */
  digestMs(): number;
  /** Where the forms are, without a slash at the end: `https://bot.example.org/status`; null: that is not known. */
  formsUrl(): string | null;
  /** What a link that stays good is made with: a digest under this installation's own secret. */
  seal(text: string): Secret;
  log: PlainLog;
  /** How long a webhook may take; 10 s. */
  hookMs?: number;
}

const DAY_MS = 86_400_000;
/** Looked at together, and told at the same time. */
const PORTION = 100;
const AT_ONCE = 10;
/** So many refusals of a recipient in a row are enough. */
export const BOUNCES = 3;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** So many failures in a row, of different subscribers, are the mail server's. */
const ROW = 20;

/** @returns for how long to leave a subscriber alone after the n-th failure in a row (1, 2 …): from 30 s to an hour */
const pauseMs = (tries: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 10), LONGEST_PAUSE_MS);

/** Has a share gone through anew: somebody is to be written to. @returns its lane, to be woken */
export async function wakeShare(
  outbox: Pick<Store['outbox'], 'owe' | 'hurry'>,
  team: string,
  share: number,
): Promise<string> {
  const lane = laneOfPublic(team, 'tell', share);
  await outbox.owe({ kind: 'status.tell', payload: { seq: 0 } }, { team, lane, incident: 0, key: null });
  await outbox.hurry({ team, lane });
  return lane;
}

interface Waiting {
  n: number;
  change: PublicChange;
}

/** One of the sixteen shares of subscribers. Each has a place of its own among the changes, and none waits for another. */
export function shareCrowd(share: number, world: ShareWorld): Crowd {
  return {
    name: `subscribers ${share}`,
    part: share,
    goOn: (team, signal, stopping) => new Round(team, share, world, signal, stopping).go(),
  };
}

/** Once through all of a share who wait. */
class Round {
  readonly #read = new Map<number, Promise<PublicChange | null>>();
  #next: number | null = null;
  #inARow = 0;
  #changes: NotedChange[] = [];
  #newest = 0;

  constructor(
    private readonly team: string,
    private readonly share: number,
    private readonly world: ShareWorld,
    private readonly signal: AbortSignal,
    private readonly stopping: AbortSignal,
  ) {}

  async go(): Promise<number | null> {
    const { team, share, signal } = this;
    const { subscribers } = this.world;
    this.#newest = await subscribers.head(team);
    this.#changes = await subscribers.changes(team, 0, this.#newest);
    for (let after = ''; ; ) {
      signal.throwIfAborted();
      const some = await subscribers.waiting(team, share, this.#newest, after, PORTION);
      await this.#portion(some);
      if (this.stopping.aborted) return 0;
      after = some.at(-1)?.id ?? after;
      if (some.length < PORTION) break;
    }
    this.#soon(await subscribers.nextTry(team, share, this.#newest));
    // What was noted meanwhile is for the next round; nobody may have said so, where this lane was in hand.
    if ((await subscribers.head(team)) > this.#newest) this.#soon(0);
    return this.#next;
  }

  async #portion(some: readonly Subscriber[]): Promise<void> {
    const { subscribers } = this.world;
    const nothing: string[] = [];
    const mails: Array<{ to: Subscriber; waiting: Waiting[]; upto: number }> = [];
    const work: Array<() => Promise<void>> = [];
    for (const one of some) {
      if (one.askedAt !== null) work.push(() => this.#answer(one));
      if (one.state !== 'confirmed' || one.cursor >= this.#newest) continue;
      if (one.kind === 'email' ? this.world.mailer() === null : this.world.webhooks() === null) {
        // Switched off: whatever is told until it is switched on again is not caught up with.
        nothing.push(one.id);
        continue;
      }
      const waiting = await this.#waitingOf(one);
      if (waiting.length === 0 && one.upto !== null && one.upto < this.#newest) {
        await subscribers.passed(this.team, [one.id], one.upto);
        this.#soon(0);
      } else if (waiting.length === 0) nothing.push(one.id);
      else if (one.kind === 'webhook') work.push(() => this.#hooks(one, waiting));
      else {
        const hold = one.toldMs === null ? 0 : this.world.digestMs() - one.toldMs;
        if (one.upto === null && hold > 0 && !waiting.some(({ change }) => isUrgent(change))) {
          this.#soon(hold);
          continue;
        }
        mails.push({ to: one, waiting, upto: one.upto ?? this.#newest });
      }
    }
    if (nothing.length > 0) await subscribers.passed(this.team, nothing, this.#newest);
    const fresh = mails.filter(({ to }) => to.upto === null).map(({ to, upto }) => ({ id: to.id, upto }));
    if (fresh.length > 0) await subscribers.begin(this.team, fresh);
    if (mails.length > 0) await this.#linkable(mails.map(({ to }) => to));
    for (const { to, waiting, upto } of mails) work.push(() => this.#mail(to, waiting, upto));
    await atOnce(AT_ONCE, work, AbortSignal.any([this.signal, this.stopping]));
  }

  /** What is still to be told somebody, up to what is under way for them. What is older than a day is told no more. */
  async #waitingOf(one: Subscriber): Promise<Waiting[]> {
    const upto = one.upto ?? this.#newest;
    const noted = this.#changes.filter(({ n }) => n > one.cursor && n <= upto);
    const late = noted.filter(({ ageMs }) => ageMs > DAY_MS);
    const last = late.at(-1);
    if (last) {
      const error = one.lastError ?? 'could not be told for a day';
      await this.world.subscribers.gaveUp(this.team, one.id, { cursor: last.n, count: late.length, error });
    }
    const found: Waiting[] = [];
    for (const { n, incident, seq } of noted.slice(late.length)) {
      const change = await this.#changeOf(n, incident, seq);
      if (change && concerns(change, one.components)) found.push({ n, change });
    }
    return one.kind === 'email' ? stillToTell(found) : found;
  }

  #changeOf(n: number, incident: number, seq: number): Promise<PublicChange | null> {
    const known = this.#read.get(n) ?? this.world.changeOf(this.team, incident, seq);
    this.#read.set(n, known);
    return known;
  }

  async #mail(to: Subscriber, waiting: readonly Waiting[], upto: number): Promise<void> {
    const look = this.world.look();
    const words = mailWords(to.language);
    const told = waiting.map(({ change }) => tellingOf(change, look, words, to.language));
    const forms = this.world.formsUrl() ?? this.#unknownForms();
    const token = this.#tokenOf(to);
    const links = { unsubscribe: `${forms}/unsubscribe/${token}`, manage: `${forms}/manage/${token}` };
    const letter = changeLetter(told, look, words, to.language, links, `${to.cursor}-${upto}.${to.id}`);
    const sent = await this.#send(letter, to);
    const { subscribers } = this.world;
    if (sent === 'sent') await subscribers.told(this.team, to.id, upto);
    else if (sent !== 'later')
      await subscribers.gaveUp(this.team, to.id, { cursor: upto, count: waiting.length, error: sent.error });
    if (sent !== 'later' && upto < this.#newest) this.#soon(0);
  }

  /** @returns `later`: it is tried again, and that is noted; else why it never will be */
  async #send(letter: Letter, to: Subscriber): Promise<'sent' | 'later' | { error: string }> {
    const { subscribers, log } = this.world;
    const mailer = this.world.mailer();
    if (!mailer) return 'later';
    try {
      await mailer.send(letter, to.address, to.id, this.signal);
      this.#inARow = 0;
      return 'sent';
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      if (error instanceof MailAway || this.signal.aborted) throw error;
      if (error instanceof Bounced) {
        const now = await subscribers.bounced(this.team, to.id, said, BOUNCES);
        if (now?.state === 'retired')
          log.warn(
            { subscriber: to.id, bounces: now.bounces },
            'a subscriber is told no more: its address is refused',
          );
        return { error: said };
      }
      if (error instanceof Unwanted) return { error: said };
      await this.#fail(to, said);
      this.#inARow += 1;
      if (this.#inARow >= ROW) throw new MailAway(said);
      return 'later';
    }
  }

  async #fail(to: Subscriber, said: string): Promise<void> {
    const ms = pauseMs(to.tries + 1);
    await this.world.subscribers.failed(this.team, to.id, said, ms);
    this.#soon(ms);
  }

  /** In order, each by itself: programs want no digest. */
  async #hooks(to: Subscriber, waiting: readonly Waiting[]): Promise<void> {
    const { subscribers } = this.world;
    const look = this.world.look();
    for (const { n, change } of waiting) {
      const body = hookBody(change, look, mailWords(look.language));
      if ((await this.#post(to, `msg_${n}_${to.id}`, body)) !== 'sent') return;
      await subscribers.told(this.team, to.id, n);
    }
    await subscribers.passed(this.team, [to.id], this.#newest);
  }

  async #post(to: Subscriber, id: string, body: string): Promise<'sent' | 'later'> {
    const { subscribers, log } = this.world;
    const allow = this.world.webhooks()?.allow ?? [];
    const asked = { url: to.address, secret: to.secret ?? '', id, body };
    try {
      await postHook(asked, allow, this.signal, this.world.hookMs);
      return 'sent';
    } catch (error) {
      if (this.signal.aborted) throw error;
      const said = error instanceof Error ? error.message : String(error);
      if (error instanceof Gone) {
        await subscribers.retire(this.team, to.id, said);
        log.warn({ subscriber: to.id }, 'a webhook wants no more: it is told nothing any more');
      } else await this.#fail(to, said);
      return 'later';
    }
  }

  /** Somebody asked to be told: whose address it is, is asked whether it was them. */
  async #answer(to: Subscriber): Promise<void> {
    const { subscribers } = this.world;
    const { title } = this.world.look();
    const forms = this.world.formsUrl() ?? this.#unknownForms();
    const words = mailWords(to.language);
    const known = to.state === 'confirmed';
    // Who runs a webhook that is told already learns nothing new, and is not to be called by strangers.
    if (known && to.kind === 'webhook') return subscribers.answered(to, null);
    let url: string;
    if (known) {
      await this.#linkable([to]);
      url = `${forms}/manage/${this.#tokenOf(to)}`;
    } else {
      const token = newToken();
      await subscribers.addTokens(this.team, 'confirm', [{ subscriber: to.id, hash: hashOf(token) }]);
      url = `${forms}/confirm/${token}`;
    }
    const messageId = `ask-${Date.parse(to.askedAt ?? '')}.${to.id}`;
    if (to.kind === 'webhook') {
      if (this.world.webhooks() === null) return;
      const asked = `msg_ask_${Date.parse(to.askedAt ?? '')}_${to.id}`;
      if ((await this.#post(to, asked, askBody(title, url, new Date()))) === 'sent')
        await subscribers.answered(to, null);
      return;
    }
    const letter = (known ? alreadyLetter : confirmLetter)(title, words, to.language, url, messageId);
    const sent = await this.#send(letter, to);
    if (sent !== 'later') await subscribers.answered(to, sent === 'sent' ? null : sent.error);
  }

  /**
   * Ends links that stay good for as long as there is the subscriber. They are made of a digest under our secret, and known again
   * by their hash: should the secret change, those in old mails go on working.
   */
  #tokenOf({ id }: Subscriber): string {
    return this.world.seal(`subscriber|${this.team}|${id}`).reveal();
  }

  async #linkable(some: readonly Subscriber[]): Promise<void> {
    const tokens = some.map((one) => ({ subscriber: one.id, hash: hashOf(this.#tokenOf(one)) }));
    await this.world.subscribers.addTokens(this.team, 'manage', tokens);
  }

  #unknownForms(): never {
    throw new Error('nobody can be written to while it is not known where the forms are (PUBLIC_URL)');
  }

  #soon(ms: number | null): void {
    if (ms !== null && (this.#next === null || ms < this.#next)) this.#next = ms;
  }
}

/** Who chose components hears of what touches one of them, and of what touches none: that may be anything. */
function concerns(change: PublicChange, components: readonly string[]): boolean {
  if (components.length === 0 || change.components.length === 0) return true;
  return change.components.some((name) => components.includes(name));
}

/** Does all of it, so many at the same time. The first that throws ends it, once what is under way has ended. */
async function atOnce(
  most: number,
  work: ReadonlyArray<() => Promise<void>>,
  signal: AbortSignal,
): Promise<void> {
  let next = 0;
  const failed: unknown[] = [];
  const worker = async () => {
    while (next < work.length && failed.length === 0 && !signal.aborted) {
      const mine = work[next++];
      try {
        await mine?.();
      } catch (error) {
        failed.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, work.length) }, worker));
  if (failed.length > 0) throw failed[0];
}
