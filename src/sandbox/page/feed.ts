import { type Fields, isFields, textOf } from '../fields.js';
import type { Channel } from '../workspace/objects/channel.js';
import type { Ephemeral } from '../workspace/objects/message.js';
import type { Happening } from '../workspace/world.js';
import type { Told, Whisper } from './protocol.js';
import { type Sight, sees } from './sight.js';

/** What became different; rendered only when somebody is told, so that it costs nothing while nobody looks. */
type Change =
  | { readonly kind: 'message' | 'removed'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'channel' | 'reload'; readonly channel: string }
  | { readonly kind: 'whisper'; readonly user: string; readonly ts: string; readonly fresh: boolean }
  | { readonly kind: 'unwhispered'; readonly user: string; readonly ts: string }
  | { readonly kind: 'views' | 'home'; readonly user: string }
  | { readonly kind: 'people' | 'traffic' | 'restart' };

/** Somebody's open page. */
export interface Reader {
  readonly user: string;
  tell(seq: number, changes: readonly Told[]): void;
}

// Several changes of one request go out together.
const GATHER_MS = 5;
// A page that went away for so long starts again.
const KEPT = 5000;
// Between fetching the start and opening the stream nobody reads, and nothing may be lost.
const WARM_MS = 60_000;
// Nobody scrolls back to older ones; the comparison must stay quick under load.
const WHISPERS = 300;
const MANY_CHANNELS = 20;
const DIRECTORY = /^(user_|team_|subteam_|emoji_|dnd_)/;

/** Keeps open pages up to date with small changes, numbered, so that a page that was away can catch up. */
export class Feed {
  readonly #readers = new Set<Reader>();
  #ring: Array<{ seq: number; change: Change }> = [];
  #seq = 0;
  #pending = new Map<string, Change>();
  #unclear = false;
  #timer: NodeJS.Timeout | undefined;
  #warmUntil = 0;
  /** How things were when the pages were last told: by subject. */
  #known = new Map<string, string>();
  #whispers = new Map<string, { user: string; mark: string }>();
  #whispersFrom = '0';

  constructor(readonly sight: Sight) {}

  get seq(): number {
    return this.#seq;
  }

  /** To be called before a start document is made: from now on changes are kept. */
  warm(): void {
    if (!this.#isWarm()) {
      this.#ring = [];
      this.#pending.clear();
      this.#unclear = false;
      // Numbers of before are not to be caught up with.
      this.#seq += 1;
      this.#remember();
    } else this.#flush();
    this.#warmUntil = Date.now() + WARM_MS;
  }

  /** Something may have changed; without a happening, anything. */
  note(happening?: Happening): void {
    if (!this.#isWarm()) return;
    if (!happening) this.#unclear = true;
    else this.#derive(happening);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  traffic(): void {
    this.#add({ kind: 'traffic' });
  }

  /**
   * Tells a page from now on.
   * @param after number of the last change that it knows
   * @returns to stop it
   */
  open(reader: Reader, after: number): () => void {
    const cold = !this.#isWarm();
    this.warm();
    const first = this.#ring[0]?.seq ?? this.#seq + 1;
    if (cold || !(after <= this.#seq) || after + 1 < first) reader.tell(this.#seq, [{ kind: 'restart' }]);
    else {
      const missed = this.#ring.filter(({ seq }) => seq > after).map(({ change }) => change);
      reader.tell(this.#seq, this.#toldTo(reader.user, missed));
    }
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
      this.#warmUntil = Date.now() + WARM_MS;
    };
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#readers.clear();
    this.#warmUntil = 0;
  }

  #isWarm(): boolean {
    return this.#readers.size > 0 || Date.now() < this.#warmUntil;
  }

  #add(change: Change): void {
    if (!this.#isWarm()) return;
    this.#pend(change);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #pend(change: Change): void {
    const key = Object.entries(change)
      .filter(([name]) => name !== 'fresh')
      .map(([, value]) => value)
      .join(' ');
    const before = this.#pending.get(key);
    // What is new stays new although it was changed at once.
    if (before?.kind === 'whisper' && before.fresh) return;
    this.#pending.delete(key);
    this.#pending.set(key, change);
  }

  #derive({ event, channel }: Happening): void {
    if (!channel) {
      if (DIRECTORY.test(event.type)) this.#pend({ kind: 'people' });
      return;
    }
    const { id } = channel;
    const removed = event.subtype === 'message_deleted' ? textOf(event.deleted_ts) : undefined;
    if (removed) this.#pend({ kind: 'removed', channel: id, ts: removed });
    for (const inner of [event, event.message, event.previous_message, event.item]) {
      if (!isFields(inner)) continue;
      this.#touch(id, inner, removed, event.type === 'message');
      if (isFields(inner.message)) this.#touch(id, inner.message, removed, true);
    }
    this.#pend({ kind: 'channel', channel: id });
  }

  /** A message that an event speaks of, and the first of its thread, which counts replies. */
  #touch(channel: string, told: Fields, removed: string | undefined, message: boolean): void {
    const ts = textOf(told.ts);
    const parent = textOf(told.thread_ts);
    const hidden = told.subtype === 'message_changed' || told.subtype === 'message_deleted';
    if (ts && !hidden && ts !== removed && (message || told.type === 'message'))
      this.#pend({ kind: 'message', channel, ts });
    if (parent && parent !== ts && parent !== removed) this.#pend({ kind: 'message', channel, ts: parent });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unclear) this.#compare();
    this.#unclear = false;
    const changes = [...this.#pending.values()];
    this.#pending.clear();
    if (changes.length === 0) return;
    for (const change of changes) {
      this.#seq += 1;
      this.#ring.push({ seq: this.#seq, change });
      if (change.kind === 'message' || change.kind === 'removed') this.#learnTail(change.channel);
    }
    if (this.#ring.length > KEPT * 1.2) this.#ring = this.#ring.slice(-KEPT);
    for (const reader of this.#readers) {
      const told = this.#toldTo(reader.user, changes);
      if (told.length > 0) reader.tell(this.#seq, told);
    }
  }

  /** Something changed without an event: looks for what. */
  #compare(): void {
    const { world, modals } = this.sight;
    const written = new Set(
      [...this.#pending.values()].flatMap((it) =>
        it.kind === 'message' || it.kind === 'removed' ? [it.channel] : [],
      ),
    );
    const rewritten: string[] = [];
    for (const channel of world.channels.values()) {
      if (this.#learn(`channel ${channel.id}`, factsOf(channel)))
        this.#pend({ kind: 'channel', channel: channel.id });
      if (this.#learnTail(channel.id) && !written.has(channel.id)) rewritten.push(channel.id);
    }
    for (const key of [...this.#known.keys()]) {
      const [what, id = ''] = key.split(' ');
      if (what !== 'channel' || world.channels.has(id)) continue;
      this.#known.delete(key);
      this.#pend({ kind: 'channel', channel: id });
    }
    if (rewritten.length > MANY_CHANNELS) this.#pend({ kind: 'restart' });
    else for (const channel of rewritten) this.#pend({ kind: 'reload', channel });
    if (this.#learn('people', JSON.stringify(this.sight.directory()))) this.#pend({ kind: 'people' });
    for (const user of world.users.keys()) {
      const stack = modals.stacks.get(user) ?? [];
      const mark = stack.map((view) => `${view.id} ${view.hash}`).join();
      if (this.#learn(`views ${user}`, mark)) this.#pend({ kind: 'views', user });
      const home = modals.homes.get(user);
      if (this.#learn(`home ${user}`, home ? `${home.id} ${home.hash}` : ''))
        this.#pend({ kind: 'home', user });
    }
    this.#compareWhispers();
  }

  #compareWhispers(): void {
    const { ephemerals } = this.sight.world;
    // After a reset time may begin again.
    if (ephemerals.length === 0) this.#whispersFrom = '0';
    const there = new Set<string>();
    for (const whisper of ephemerals.slice(-WHISPERS)) {
      if (whisper.ts <= this.#whispersFrom) continue;
      const { ts, user } = whisper;
      there.add(ts);
      const mark = JSON.stringify(whisper);
      const before = this.#whispers.get(ts);
      this.#whispers.set(ts, { user, mark });
      if (!before) this.#pend({ kind: 'whisper', user, ts, fresh: true });
      else if (before.mark !== mark) this.#pend({ kind: 'whisper', user, ts, fresh: false });
    }
    const oldest = ephemerals.at(-WHISPERS)?.ts ?? '0';
    for (const [ts, { user }] of this.#whispers) {
      if (there.has(ts)) continue;
      this.#whispers.delete(ts);
      // Those beyond the window are still there.
      if (ts >= oldest) this.#pend({ kind: 'unwhispered', user, ts });
    }
  }

  /** Takes everything as it is as known. */
  #remember(): void {
    this.#known.clear();
    this.#whispers.clear();
    this.#whispersFrom = this.sight.world.ephemerals.at(-1)?.ts ?? '0';
    this.#compare();
    this.#pending.clear();
  }

  #learn(subject: string, mark: string): boolean {
    if (this.#known.get(subject) === mark) return false;
    this.#known.set(subject, mark);
    return true;
  }

  #learnTail(id: string): boolean {
    const messages = this.sight.world.channels.get(id)?.messages ?? [];
    return this.#learn(`tail ${id}`, `${messages.length} ${messages.at(-1)?.ts ?? ''}`);
  }

  #toldTo(user: string, changes: readonly Change[]): Told[] {
    const told: Told[] = [];
    for (const change of changes) {
      const one = this.#told(user, change);
      if (one) told.push(one);
    }
    return told;
  }

  #told(user: string, change: Change): Told | undefined {
    const { sight } = this;
    const { world } = sight;
    if ('user' in change && change.user !== user) return undefined;
    if ('channel' in change) {
      const channel = world.channels.get(change.channel);
      if (!channel || !sees(channel, user)) {
        return change.kind === 'channel' ? { kind: 'gone', channel: change.channel } : undefined;
      }
      if (change.kind === 'reload') return { kind: 'reload', channel: channel.id };
      if (!('ts' in change)) return { kind: 'channel', channel: sight.conversation(channel, user) };
      const { kind, ts } = change;
      const message = kind === 'message' ? world.message(channel, ts) : undefined;
      if (message) return { kind: 'message', channel: channel.id, message: sight.message(channel, message) };
      return { kind: 'removed', channel: channel.id, ts };
    }
    switch (change.kind) {
      case 'whisper': {
        const whisper = world.ephemerals.findLast((it) => it.ts === change.ts);
        return whisper ? { kind: 'whisper', whisper: shownWhisper(whisper), fresh: change.fresh } : undefined;
      }
      case 'unwhispered':
        return { kind: 'unwhispered', ts: change.ts };
      case 'views':
        return { kind: 'views', views: sight.views(user) };
      case 'home':
        return { kind: 'home', home: sight.home(user) };
      case 'people':
        return { kind: 'people', directory: sight.directory() };
      case 'traffic':
      case 'restart':
        return { kind: change.kind };
    }
  }
}

function shownWhisper(whisper: Ephemeral): Whisper {
  const { user: _user, ...shown } = whisper;
  return shown;
}

/** What of a channel is seen without looking into it. */
function factsOf(channel: Channel): string {
  const { name, isPrivate, isArchived, topic, purpose, sharedWith, bookmarks, updated, canvas } = channel;
  const [members, read] = [channel.members.size, [...channel.lastRead]];
  return JSON.stringify([
    ...[name, isPrivate, isArchived, topic, purpose, sharedWith, bookmarks, updated, canvas],
    ...[members, read],
  ]);
}
