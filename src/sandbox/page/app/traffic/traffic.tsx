import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isFields } from '../../../fields.js';
import { Icon } from '../shell/icon.js';
import { rove } from '../shell/rove.js';
import { ask, send } from '../state/server.js';
import { useSession } from '../state/use.js';
import { Json } from './json.js';

/** One exchange between the app and the sandbox, as `/control/traffic` gives it. */
interface Exchange {
  readonly seq: number;
  readonly at: number;
  readonly way: 'in' | 'out';
  readonly kind: string;
  readonly name: string;
  readonly status: number | null;
  readonly outcome: string;
  readonly ms: number;
  readonly request: unknown;
  readonly answer: unknown;
  readonly fault?: string;
  readonly retry?: { readonly num: number; readonly reason: string };
}

const KEPT = 500;
const KINDS: Record<string, string> = {
  api: 'Web API',
  event: 'Events',
  command: 'Commands',
  interactive: 'Interactions',
  options: 'Options',
  response_url: 'response_url',
  webhook: 'Webhooks',
  upload: 'Uploads',
};

/** Everything that goes between the app and the sandbox, newest last, to look into and to send again. */
export function TrafficView({ menu }: { menu: preact.ComponentChildren }) {
  const session = useSession();
  const all = useExchanges();
  const [kind, setKind] = useState('');
  const [words, setWords] = useState('');
  const [bad, setBad] = useState(false);
  const [from, setFrom] = useState(0);
  const [chosen, setChosen] = useState<number>();
  const list = useRef<HTMLDivElement>(null);
  const shown = useMemo(
    () =>
      all.filter(
        (it) =>
          it.seq > from &&
          (!kind || it.kind === kind) &&
          (!bad || it.outcome !== 'ok') &&
          (!words || matches(it, words.toLowerCase())),
      ),
    [all, kind, words, bad, from],
  );
  const open = shown.find((it) => it.seq === chosen);
  return (
    <main class="main traffic" id="main" aria-label="Traffic">
      <header class="head">
        {menu}
        <div class="head-title">
          <h1 id="title">
            <Icon name="traffic" />
            <span>Traffic</span>
          </h1>
          <p class="muted">What {session.facts.appName} asks and is told</p>
        </div>
      </header>
      <form class="filters" data-region="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span class="unseen">Kind</span>
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            <option value="">Everything</option>
            {Object.entries(KINDS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <input
          type="search"
          aria-label="Filter by name or content"
          placeholder="Filter by name or content"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={bad} onChange={(event) => setBad(event.currentTarget.checked)} />
          Only what failed
        </label>
        <button type="button" class="btn is-small" onClick={() => setFrom(all.at(-1)?.seq ?? 0)}>
          Clear
        </button>
      </form>
      <div class="exchanges">
        <section
          ref={list}
          class="exchange-list"
          aria-label="Exchanges"
          data-region="exchanges"
          onKeyDown={(event) => list.current && rove(event, list.current, '.exchange')}
        >
          {shown.length === 0 && (
            <p class="empty">
              {all.length === 0
                ? 'Nothing yet. Start an app with the address in the sidebar, or type a command.'
                : 'Nothing of that kind.'}
            </p>
          )}
          {shown.map((it, at) => (
            <button
              key={it.seq}
              type="button"
              class={`exchange ${it.outcome === 'ok' ? '' : 'is-bad'} ${it.seq === chosen ? 'is-on' : ''}`}
              aria-expanded={it.seq === chosen}
              tabIndex={it.seq === chosen || (!open && at === shown.length - 1) ? 0 : -1}
              onClick={() => setChosen(it.seq === chosen ? undefined : it.seq)}
            >
              <span
                class={`way way-${it.way}`}
                title={it.way === 'in' ? 'The app asked' : 'The app was told'}
              >
                <span aria-hidden="true">{it.way === 'in' ? '→' : '←'}</span>
                <span class="unseen">{it.way === 'in' ? 'app asked' : 'app was told'}</span>
              </span>
              <span class="exchange-name">{it.name}</span>
              <span class="exchange-outcome">{it.outcome}</span>
              <span class="exchange-ms">{Math.round(it.ms)} ms</span>
              <time class="exchange-at">{timeOf(it.at)}</time>
            </button>
          ))}
        </section>
        {open && <Exchanged it={open} close={() => setChosen(undefined)} />}
      </div>
    </main>
  );
}

/** One exchange in full. */
function Exchanged({ it, close }: { it: Exchange; close: () => void }) {
  const session = useSession();
  return (
    <section class="exchanged" aria-label={`${it.name} in full`} data-region="panel">
      <header class="panel-head">
        <div>
          <h2>{it.name}</h2>
          <small class="muted">
            {KINDS[it.kind] ?? it.kind} · {it.status ?? 'no answer'} · {it.outcome} · {Math.round(it.ms)} ms
            {it.fault ? ` · ordered failure: ${it.fault}` : ''}
            {it.retry ? ` · repeat ${it.retry.num} (${it.retry.reason})` : ''}
          </small>
        </div>
        <div class="button-row">
          {it.way === 'out' && (
            <button
              type="button"
              class="btn is-small"
              onClick={() => void replay(session, it.seq)}
              title="Delivers the same payload once more"
            >
              <Icon name="again" /> Send again
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </div>
      </header>
      <div class="panel-body">
        <h3>{it.way === 'in' ? 'Request' : 'Payload'}</h3>
        <Json value={it.request} />
        <h3>Answer</h3>
        <Json value={it.answer} />
      </div>
    </section>
  );
}

async function replay(session: ReturnType<typeof useSession>, seq: number): Promise<void> {
  const outcome = await send('/control/traffic/replay', { seq });
  if (session.notices.judge(outcome)) session.notices.show('Sent again.');
}

/** The newest exchanges; more are fetched when the stream says that there are some. */
function useExchanges(): readonly Exchange[] {
  const session = useSession();
  const [all, setAll] = useState<readonly Exchange[]>([]);
  const last = useRef(0);
  const asking = useRef(false);
  const mark = session.traffic.value;
  useEffect(() => {
    if (asking.current) return;
    asking.current = true;
    const look = async (): Promise<void> => {
      const { traffic, last: newest } = await ask<{ traffic: Exchange[]; last: number }>('/control/traffic', {
        since: last.current,
        limit: KEPT,
      });
      // After a reset they are counted anew.
      if (newest < last.current) {
        last.current = 0;
        setAll([]);
        return look();
      }
      const fresh = traffic.filter((it) => it.seq > last.current);
      if (fresh.length === 0) return;
      last.current = fresh.at(-1)?.seq ?? last.current;
      setAll((before) => [...before, ...fresh].slice(-KEPT));
    };
    void look()
      .catch(() => {})
      .finally(() => {
        asking.current = false;
      });
  }, [mark]);
  return all;
}

function matches(it: Exchange, words: string): boolean {
  if (it.name.toLowerCase().includes(words) || it.outcome.includes(words)) return true;
  return [it.request, it.answer].some(
    (part) => isFields(part) && JSON.stringify(part).toLowerCase().includes(words),
  );
}

function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
