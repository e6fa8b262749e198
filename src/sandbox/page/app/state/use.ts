import { createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import type { Fields } from '../../../fields.js';
import { listOf } from '../../../fields.js';
import type { Place, Suggested } from '../place.js';
import type { Session } from './session.js';

const Known = createContext<Session | undefined>(undefined);

/** Gives the session to everything inside. */
export const WithSession = Known.Provider;

/** The session of the page; there is always one inside {@link WithSession}. */
export function useSession(): Session {
  const session = useContext(Known);
  if (!session) throw new Error('no session');
  return session;
}

/** Where blocks stand: a message of a channel, or a view, which names itself. */
export type Spot = { readonly channel: string; readonly ts: string } | { readonly kind: 'modal' | 'home' };

/** What blocks need to look things up and to tell the app. */
export function usePlace(spot: Spot): Place {
  const session = useSession();
  const names = session.names.value;
  const choices = session.choices.value;
  const inMessage = 'channel' in spot;
  const key = inMessage ? `${spot.channel} ${spot.ts}` : spot.kind;
  return useMemo(() => placeOf(session, spot, names, choices), [session, key, names, choices]);
}

function placeOf(
  session: Session,
  spot: Spot,
  names: Place['names'],
  choices: Session['choices']['value'],
): Place {
  const inMessage = 'channel' in spot;
  const where = session.where.peek();
  const at = (view: string | undefined): Fields =>
    inMessage ? { channel: spot.channel, ts: spot.ts } : { view_id: view };
  const on = (block: Fields, element: Fields): Fields => ({
    ...(typeof block.block_id === 'string' ? { block_id: block.block_id } : {}),
    action_id: element.action_id,
  });
  return {
    kind: inMessage ? 'message' : spot.kind,
    names,
    ...choices,
    ...(where.view === 'channel' ? { here: where.channel } : {}),
    act: async (block, element, value, around) => {
      const outcome = await session.quietly('action', {
        ...at(around.view),
        ...on(block, element),
        ...(value === undefined ? {} : { value }),
        values: around.values,
      });
      return outcome.ok ? undefined : (outcome.error ?? 'unknown');
    },
    suggest: async (block, element, query, around): Promise<Suggested> => {
      const outcome = await session.quietly('options', {
        ...at(around.view),
        ...on(block, element),
        value: query,
      });
      if (!outcome.ok) return { error: outcome.error ?? 'unknown' };
      const groups = listOf(outcome.option_groups);
      return groups.length > 0 ? { groups } : { options: listOf(outcome.options) };
    },
    upload: async (file) => {
      const outcome = await session.act('file', { name: file.name, content_base64: await base64Of(file) });
      return { id: String(outcome.file ?? ''), name: file.name };
    },
    open: (what) => {
      if ('channel' in what) void session.goTo(what.channel);
      else session.profile.value = what.user;
    },
  };
}

/** The bytes of a chosen file as text. */
export function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(',')[1] ?? '');
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
