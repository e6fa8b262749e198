import { gemoji } from 'gemoji';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useBeside, useOutside } from '../shell/overlay/menu.js';
import { useSession } from '../state/use.js';

const MOST = 90;
const COLUMNS = 9;
const OFTEN = [
  '+1',
  'white_check_mark',
  'eyes',
  'raised_hands',
  'tada',
  'pushpin',
  'fire',
  'rotating_light',
  'heart',
];
const GROUPS = [...new Set(gemoji.map((it) => it.category))];

interface Shown {
  readonly name: string;
  readonly char?: string;
  readonly url?: string;
}

/** Emoji by name or group; arrows go through the grid, Escape closes. */
export function EmojiPicker({
  anchor,
  choose,
  close,
}: {
  anchor: Element | null;
  choose: (name: string) => void;
  close: () => void;
}) {
  const session = useSession();
  const [words, setWords] = useState('');
  const [group, setGroup] = useState('');
  const box = useRef<HTMLDivElement>(null);
  useBeside(box, anchor);
  useOutside(box, anchor, close);
  useEffect(() => box.current?.querySelector('input')?.focus(), []);
  const custom = session.emoji.value;
  const shown = useMemo<Shown[]>(() => {
    const wanted = words.trim().toLowerCase().replaceAll(':', '').replaceAll(' ', '_');
    const own = Object.entries(custom).flatMap(([name, url]) =>
      url.startsWith('alias:') ? [] : [{ name, url }],
    );
    if (wanted) {
      const found = gemoji.filter(
        (it) =>
          it.names.some((name) => name.includes(wanted)) || it.tags.some((tag) => tag.startsWith(wanted)),
      );
      return [
        ...own.filter((it) => it.name.includes(wanted)),
        ...found.map((it) => ({ name: it.names[0] ?? '', char: it.emoji })),
      ].slice(0, MOST);
    }
    if (group) {
      return gemoji
        .filter((it) => it.category === group)
        .map((it) => ({ name: it.names[0] ?? '', char: it.emoji }));
    }
    const often = OFTEN.flatMap((name) => {
      const it = gemoji.find((other) => other.names.includes(name));
      return it ? [{ name, char: it.emoji }] : [];
    });
    return [
      ...often,
      ...own,
      ...gemoji.slice(0, 63).map((it) => ({ name: it.names[0] ?? '', char: it.emoji })),
    ];
  }, [words, group, custom]);
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
      return;
    }
    const all = [...(box.current?.querySelectorAll<HTMLElement>('.emoji-grid button') ?? [])];
    const at = all.findIndex((it) => it.matches(':focus'));
    const to = at < 0 ? (event.key === 'ArrowDown' ? all[0] : undefined) : all[at + stepOf(event.key)];
    if (event.key === 'Enter' && at < 0) {
      event.preventDefault();
      if (shown[0]) choose(shown[0].name);
    } else if (to && (at < 0 || stepOf(event.key) !== 0)) {
      event.preventDefault();
      to.focus();
    } else if (at >= 0 && event.key === 'ArrowUp') {
      event.preventDefault();
      box.current?.querySelector('input')?.focus();
    }
  };
  return (
    <div ref={box} class="emoji-picker floating" role="dialog" aria-label="Pick an emoji" onKeyDown={keys}>
      <div class="dialog-row">
        <input
          type="search"
          placeholder="Search emoji"
          aria-label="Search emoji"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <select aria-label="Group" value={group} onChange={(event) => setGroup(event.currentTarget.value)}>
          <option value="">Often used</option>
          {GROUPS.map((it) => (
            <option key={it} value={it}>
              {it}
            </option>
          ))}
        </select>
      </div>
      <div class="emoji-grid">
        {shown.map((it, index) => (
          <button
            key={`${it.name} ${index}`}
            type="button"
            tabIndex={index === 0 ? 0 : -1}
            aria-label={it.name}
            title={`:${it.name}:`}
            onClick={() => choose(it.name)}
          >
            {it.char ?? <img src={it.url} alt="" />}
          </button>
        ))}
      </div>
      {shown.length === 0 && <p class="muted">No emoji of that name.</p>}
    </div>
  );
}

function stepOf(key: string): number {
  const steps: Record<string, number> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
  };
  return steps[key] ?? 0;
}
