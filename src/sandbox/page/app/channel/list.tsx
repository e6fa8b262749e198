import { memo } from 'preact/compat';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import type { Conversation } from '../../protocol.js';
import { Icon } from '../shell/icon.js';
import { useSession } from '../state/use.js';
import { ActionOverlay, type Actions, Toolbar, useActions } from './actions.js';
import { MessageBody } from './message.js';
import { isSystem, type Shown } from './shown.js';
import { dayText } from './when.js';

const NEAR_PX = 60;
const AHEAD_PX = 400;
// Messages of one person within so many seconds stand together.
const TOGETHER_S = 300;
const CONTROLS =
  'a[href]:not([tabindex="-1"]), button:not([tabindex="-1"]):not([disabled]), input, select, textarea, [tabindex="0"]';

export interface ListProps {
  readonly channel: Conversation;
  readonly shown: readonly Shown[];
  readonly label: string;
  readonly inThread?: boolean;
  readonly older?: boolean;
  readonly newer?: boolean;
  readonly more?: (direction: 'older' | 'newer') => void;
  /** Goes to the newest. */
  readonly latest?: () => void;
  /** Someone has seen the end. */
  readonly atEnd?: () => void;
  readonly newFrom?: string;
  readonly target?: string | undefined;
}

/**
 * Messages in order: one tab stop; arrows, Home and End go through them, Tab goes into one and from there on.
 * It stays at the end while someone is there, and where they are otherwise.
 */
export function MessageList(props: ListProps) {
  const { channel, shown, label, inThread = false, target } = props;
  const session = useSession();
  const actions = useActions();
  const list = useRef<HTMLOListElement>(null);
  const id = useId();
  const [chosen, setChosen] = useState<string>();
  const [hot, setHot] = useState<string>();
  const pointed = useRef(false);
  const { scroller, scrolled, toEnd } = useScrolling(props, list);
  const active = shown.some((it) => it.ts === chosen) ? chosen : shown.at(-1)?.ts;
  const fromHere = firstNew(props.newFrom, shown, session.me);
  const item = (ts: string | undefined) => list.current?.querySelector<HTMLElement>(`[data-ts="${ts}"]`);
  const focus = (ts: string | undefined) => {
    setChosen(ts);
    item(ts)?.focus({ preventScroll: true });
    item(ts)?.scrollIntoView({ block: 'nearest' });
  };
  useEffect(() => {
    if (target) setChosen(target);
  }, [target]);
  const keys = (event: KeyboardEvent) => {
    const on = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-ts]') : null;
    const at = shown.findIndex((it) => it.ts === on?.dataset.ts);
    const message = shown[at];
    if (!on || !message || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Tab') {
      leaveByTab(event, on, list.current);
      return;
    }
    if (event.target !== on) {
      if (event.key === 'Escape') on.focus();
      return;
    }
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: shown.length - 1,
      PageDown: at + 8,
      PageUp: at - 8,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (to < 0) props.more?.('older');
      focus(shown[Math.max(0, Math.min(to, shown.length - 1))]?.ts);
    } else if (actions.key(event.key, message, on)) event.preventDefault();
  };
  return (
    <div
      class="scroller"
      data-region={inThread ? undefined : 'messages'}
      ref={scroller}
      onScroll={scrolled}
      onPointerDown={() => {
        pointed.current = true;
      }}
      onPointerUp={() => {
        pointed.current = false;
      }}
      onPointerLeave={() => setHot(undefined)}
    >
      <h2 class="unseen">{label}</h2>
      <ol
        ref={list}
        class="messages"
        aria-label={label}
        onKeyDown={keys}
        onFocusCapture={(event) => {
          const on = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-ts]') : null;
          const from = event.relatedTarget;
          const entered = from instanceof Node && !list.current?.contains(from) && !pointed.current;
          // Tab from elsewhere comes to the one tab stop, whatever stands before it.
          if (entered && event.target !== item(active)) item(active)?.focus();
          else if (on?.dataset.ts) setChosen(on.dataset.ts);
        }}
      >
        {shown.map((message, at) => {
          const before = shown[at - 1];
          const day = dayText(message.ts, session.now());
          const other = !before || dayText(before.ts, session.now()) !== day;
          const fresh = message.ts === fromHere;
          return (
            <Row
              key={message.ts}
              id={`${id}${message.ts}`}
              channel={channel}
              message={message}
              day={other && !inThread ? day : undefined}
              fresh={fresh}
              compact={!fresh && !(other && !inThread) && together(before, message)}
              inThread={inThread}
              actions={actions}
              active={message.ts === active}
              hot={message.ts === hot}
              target={message.ts === target}
              point={setHot}
            />
          );
        })}
      </ol>
      {props.newer && (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" /> Jump to the latest
        </button>
      )}
      <ActionOverlay channel={channel} actions={actions} back={(ts) => item(ts)?.focus()} />
    </div>
  );
}

interface RowProps {
  readonly id: string;
  readonly channel: Conversation;
  readonly message: Shown;
  readonly day: string | undefined;
  readonly fresh: boolean;
  readonly compact: boolean;
  readonly inThread: boolean;
  readonly actions: Actions;
  readonly active: boolean;
  readonly hot: boolean;
  readonly target: boolean;
  readonly point: (ts: string) => void;
}

const Row = memo(function Row(props: RowProps) {
  const { id, channel, message, day, fresh, compact, inThread, actions, active, hot, target, point } = props;
  const names = [
    'message',
    message.only && 'only',
    isSystem(message) && 'quiet',
    message.pinned_info !== undefined && 'pinned',
    compact && 'compact',
    target && 'target',
  ];
  return (
    <>
      {day && (
        <li class="day">
          <span>{day}</span>
        </li>
      )}
      {fresh && (
        <li class="new-line">
          <span>New</span>
        </li>
      )}
      <li
        class={names.filter(Boolean).join(' ')}
        data-ts={message.ts}
        tabIndex={active ? 0 : -1}
        aria-labelledby={`${id}-who ${id}-body`}
        onPointerEnter={() => point(message.ts)}
      >
        <MessageBody
          channel={channel}
          message={message}
          id={id}
          compact={compact}
          inThread={inThread}
          actions={actions}
        />
        {(hot || active) && (
          <Toolbar
            channel={channel}
            message={message}
            actions={actions}
            inThread={inThread}
            tabbed={active}
          />
        )}
      </li>
    </>
  );
});

/** Keeps the place while messages come above and below. */
function useScrolling(props: ListProps, list: { current: HTMLElement | null }) {
  const { shown, older, newer, more, atEnd, target } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const before = useRef({ first: '', height: 0 });
  const now = useRef(props);
  now.current = props;
  const first = shown[0]?.ts ?? '';
  const last = shown.at(-1)?.ts ?? '';
  const scrolled = () => {
    const it = scroller.current;
    if (!it) return;
    const below = it.scrollHeight - it.scrollTop - it.clientHeight;
    stuck.current = below < NEAR_PX && !newer;
    if (it.scrollTop < AHEAD_PX && older) more?.('older');
    if (below < AHEAD_PX && newer) more?.('newer');
    if (stuck.current) atEnd?.();
  };
  useLayoutEffect(() => {
    const it = scroller.current;
    if (!it) return;
    const grown = it.scrollHeight - before.current.height;
    const above = before.current.first !== first && shown.some(({ ts }) => ts === before.current.first);
    if (above && !stuck.current) it.scrollTop += grown;
    else if (stuck.current) it.scrollTop = it.scrollHeight;
    before.current = { first, height: it.scrollHeight };
    if (stuck.current) atEnd?.();
    if (it.scrollHeight <= it.clientHeight + AHEAD_PX && older) more?.('older');
  }, [first, last, shown.length]);
  useLayoutEffect(() => {
    if (!target) return;
    const on = list.current?.querySelector(`[data-ts="${target}"]`);
    if (!on) return;
    stuck.current = false;
    on.scrollIntoView({ block: 'center' });
  }, [target, shown.some(({ ts }) => ts === target)]);
  useEffect(() => {
    const it = scroller.current;
    const inner = list.current;
    if (!it || !inner) return;
    // Pictures arrive, blocks unfold, the window turns: the end stays the end.
    const watch = new ResizeObserver(() => {
      if (stuck.current) it.scrollTop = it.scrollHeight;
      before.current.height = it.scrollHeight;
    });
    watch.observe(inner);
    watch.observe(it);
    return () => watch.disconnect();
  }, [list]);
  const toEnd = () => {
    stuck.current = true;
    now.current.latest?.();
  };
  return { scroller, scrolled, toEnd };
}

/** Tab goes through the controls of the message that has the focus, then out of the list. */
function leaveByTab(event: KeyboardEvent, on: HTMLElement, list: HTMLElement | null): void {
  const inside = [...on.querySelectorAll<HTMLElement>(CONTROLS)].filter((it) => it.offsetParent !== null);
  const at = inside.findIndex((it) => it.matches(':focus'));
  // Not left to the browser: the buttons of a message are only there while the focus is in it.
  const step = event.shiftKey ? -1 : 1;
  const within = event.shiftKey && at < 0 ? undefined : at + step < 0 ? on : inside[at + step];
  event.preventDefault();
  (within ?? outside(list, step))?.focus();
}

/** What Tab would reach before or after the whole list. */
function outside(list: HTMLElement | null, step: 1 | -1): HTMLElement | undefined {
  if (!list) return undefined;
  const all = [...document.querySelectorAll<HTMLElement>(CONTROLS)].filter(
    (it) => it.offsetParent !== null && it.tabIndex >= 0 && !list.contains(it),
  );
  const wanted = step === 1 ? Node.DOCUMENT_POSITION_FOLLOWING : Node.DOCUMENT_POSITION_PRECEDING;
  const found = all.filter((it) => list.compareDocumentPosition(it) & wanted);
  return step === 1 ? found[0] : found.at(-1);
}

function together(before: Shown | undefined, message: Shown): boolean {
  if (!before || isSystem(before) || isSystem(message) || before.only || message.only) return false;
  if (message.subtype !== undefined || before.pinned_info || message.pinned_info) return false;
  const same = before.user === message.user && textOf(before.username) === textOf(message.username);
  return same && Number(message.ts) - Number(before.ts) < TOGETHER_S;
}

/** The first message that this person had not read when the channel was opened. */
function firstNew(from: string | undefined, shown: readonly Shown[], me: string): string | undefined {
  if (from === undefined) return undefined;
  return shown.find((it) => it.ts > from && it.user !== me && !it.only)?.ts;
}
