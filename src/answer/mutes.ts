import { isPrivateKey } from '#domain/alert/rule.js';
import type { Asking } from '#domain/incident/intent.js';
import type { Permits } from '#domain/permission.js';
import { isRefusal, refuse } from '#domain/refusal.js';
import type { Person } from '#domain/words.js';
import { nothingKept } from '#handle/handle.js';
import type { Read } from '#read/read.js';
import { mutedText, mutesText } from '#render/lists.js';
import { Unavailable } from '#store/pools.js';
import { lookedUp, refused, type Said } from './questions.js';

/** @property until null: not muted any more */
export interface Mute {
  key: string;
  until: Date | null;
}

/** @property incident where alerts of the key were recorded last; null: nowhere */
interface Muted extends Mute {
  by: Person;
  incident: number | null;
}

export interface MutePorts {
  read: Pick<Read, 'incident'>;
  permits?: Permits;
  /** What is muted; absent: nothing can be, here. */
  mutes?: {
    set(team: string, mute: Mute & { by: Person }): Promise<void>;
    /** Those that hold at that moment. */
    list(team: string, now: Date): Promise<ReadonlyArray<Muted>>;
  };
}

/** @returns what is muted, as far as whoever asks may know of it. */
export async function answerMutes(ports: MutePorts, asking: Asking, zone: string): Promise<Said> {
  const mutes = await lookedUp(() => mutesSeen(ports, asking));
  return isRefusal(mutes) ? refused(mutes) : { kind: 'text', text: mutesText(mutes, zone) };
}

/**
 * A key is made of what alerts say: one of an incident that they may not see is for them as if it were not muted. Where there
 * is no incident yet, the key says whether it would be a private one, of which nobody but who muted it need know.
 */
async function mutesSeen({ mutes, read }: MutePorts, asking: Asking): Promise<Muted[]> {
  const all = (await mutes?.list(asking.team, asking.now)) ?? [];
  const seen = await Promise.all(
    all.map(
      async ({ key, by, incident }) =>
        by.id === asking.by.id ||
        (incident === null
          ? asking.seesPrivate || !isPrivateKey(key)
          : !isRefusal(await read.incident(asking, incident))),
    ),
  );
  return all.filter((_, i) => seen[i]);
}

/** Nothing of it is in any incident's record: it is about alerts that are in none yet. */
export async function muted(
  ports: MutePorts,
  { mute, asking }: { mute: Mute; asking: Asking },
): Promise<Said> {
  const no = await lookedUp(async () => (await ports.permits?.('mute', null, asking)) ?? null);
  if (no) return refused(no);
  const { mutes } = ports;
  if (!mutes) return refused(refuse('NOT_RECORDED', { why: 'alerts cannot be muted here' }));
  try {
    await mutes.set(asking.team, { ...mute, by: asking.by });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return refused(nothingKept(error));
  }
  return { kind: 'text', text: mutedText(mute, await knownTo(ports, asking, mute)) };
}

/**
 * Has an incident that they may see had alerts of that key? One that they may not see is for them as if nobody had heard of it:
 * the answer tells neither from the other. It is muted by now, whatever becomes of this question.
 */
async function knownTo({ mutes, read }: MutePorts, asking: Asking, { key, until }: Mute): Promise<boolean> {
  if (until === null) return true;
  try {
    const muted = (await mutes?.list(asking.team, asking.now))?.find((one) => one.key === key);
    const incident = muted?.incident ?? null;
    return incident !== null && !isRefusal(await read.incident(asking, incident));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return true;
  }
}
