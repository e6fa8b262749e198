/** The tabs of a channel. */
export type Tab = 'messages' | 'canvas' | 'pins' | 'files';

/** What the page shows. */
export type Where =
  | {
      readonly view: 'channel';
      readonly channel: string;
      readonly tab: Tab;
      /** First message of the open thread. */
      readonly thread?: string;
      readonly about?: boolean;
      /** The message to be shown and marked. */
      readonly target?: string;
    }
  | { readonly view: 'home' }
  | { readonly view: 'traffic' };

/** What a permalink says: `/archives/C…/p1700000000000001?thread_ts=…`; undefined where it names nothing. */
export function whereOf(address: URL): Where | undefined {
  const [, first, channel, mark] = address.pathname.split('/');
  if (first === 'home') return { view: 'home' };
  if (first === 'traffic') return { view: 'traffic' };
  if (first !== 'archives' || !channel) return undefined;
  const target = mark && /^p\d{7,}$/.test(mark) ? `${mark.slice(1, -6)}.${mark.slice(-6)}` : undefined;
  const thread = address.searchParams.get('thread_ts') ?? undefined;
  return {
    view: 'channel',
    channel,
    tab: 'messages',
    ...(target ? { target } : {}),
    ...(thread ? { thread } : {}),
  };
}

/** The address of what is shown, as permalinks of the Web API are. @param keep members of the query to carry on */
export function addressOf(where: Where, keep: URLSearchParams): string {
  const query = new URLSearchParams(keep);
  query.delete('thread_ts');
  query.delete('cid');
  if (where.view === 'channel' && where.thread) query.set('thread_ts', where.thread);
  const path =
    where.view === 'channel'
      ? `/archives/${where.channel}${where.target ? `/p${where.target.replace('.', '')}` : ''}`
      : `/${where.view}`;
  return query.size > 0 ? `${path}?${query}` : path;
}
