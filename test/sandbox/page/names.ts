import type { Names, Place } from '#sandbox/page/app/place.js';
import { standardEmoji } from '#sandbox/page/app/text/emoji.js';

/** 2026-03-10T15:00:00Z, a Tuesday. */
export const NOW = Date.UTC(2026, 2, 10, 15);

/** Ana's eyes: two people, a channel, a group, one emoji of the workspace's own. */
export const names: Names = {
  user: (id) => ({ U0ANA00001: 'ana', U0BO000002: 'bo' })[id],
  channel: (id) => ({ C0INCIDENT: 'incident' })[id],
  group: (id) => ({ S0ONCALL01: 'oncall' })[id],
  emoji: (name) => {
    if (name === 'shipit') return { url: '/emoji/shipit.png' };
    const char = standardEmoji(name);
    return char === undefined ? undefined : { char };
  },
  now: () => NOW,
  tz: 'Europe/Berlin',
  hour12: true,
  me: 'U0ANA00001',
};

export const place: Place = {
  kind: 'message',
  names,
  people: [
    { id: 'U0ANA00001', label: 'ana' },
    { id: 'U0BO000002', label: 'bo' },
  ],
  channels: [{ id: 'C0INCIDENT', label: '#incident', kind: 'public' }],
  conversations: [{ id: 'C0INCIDENT', label: '#incident', kind: 'public' }],
  act: async () => undefined,
  suggest: async () => ({}),
};
