import { useEffect, useRef, useState } from 'preact/hooks';
import { usePopover } from '../forms/popover.js';
import { aria, type Naming } from './form.js';

/** Something to pick. */
export interface Item {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
}

export interface ItemGroup {
  readonly label?: string;
  readonly items: readonly Item[];
}

interface ComboboxProps {
  naming: Naming;
  /** Shown while nothing is chosen; names the input where no label does. */
  placeholder: string;
  /** What fits what was typed. */
  groups: readonly ItemGroup[];
  chosen: readonly Item[];
  /** Several may be chosen: at most this many. Left out: one only. */
  most?: number;
  clearable: boolean;
  busy: boolean;
  focus: boolean;
  action?: string;
  /** Said instead of the list: why it is empty. */
  note?: string;
  /** What was typed; undefined when the list is closed. */
  onQuery(query: string | undefined): void;
  onChoose(items: readonly Item[]): void;
}

/** A menu in which one can type: the combobox of the ARIA authoring practices, with chips where several may be chosen. */
export function Combobox(props: ComboboxProps) {
  const { naming, placeholder, groups, chosen, most, clearable, busy, focus, action, note } = props;
  const many = most !== undefined;
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<string>();
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { id } = naming;
  const items = groups.flatMap((group) => group.items);
  const picked = new Set(chosen.map((it) => it.id));
  const full = many && chosen.length >= most;
  const current = Math.min(active, items.length - 1);
  const hint =
    note ?? (full ? `You can choose at most ${most}.` : items.length === 0 ? 'No results' : undefined);

  const type = (query: string | undefined) => {
    setTyped(query);
    props.onQuery(query ?? '');
  };
  const show = () => {
    if (open) return;
    setOpen(true);
    setActive(
      Math.max(
        0,
        items.findIndex((it) => picked.has(it.id)),
      ),
    );
    props.onQuery(typed ?? '');
  };
  const hide = () => {
    setOpen(false);
    setTyped(undefined);
    props.onQuery(undefined);
  };
  usePopover(open, box, list, hide);
  useEffect(() => {
    list.current?.querySelector('.active')?.scrollIntoView({ block: 'nearest' });
  }, [current, open, items.length]);

  const pick = (item: Item | undefined) => {
    if (!item) return;
    if (!many) {
      hide();
      props.onChoose([item]);
      return;
    }
    if (!picked.has(item.id) && full) return;
    type(undefined);
    props.onChoose(picked.has(item.id) ? chosen.filter((it) => it.id !== item.id) : [...chosen, item]);
  };
  const step = (by: number) => {
    if (!open) return show();
    if (items.length > 0) setActive((current + by + items.length) % items.length);
  };
  const press = (event: KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowDown':
        step(1);
        break;
      case 'ArrowUp':
        step(-1);
        break;
      case 'Enter':
        if (open) pick(items[current]);
        else show();
        break;
      case 'Escape':
        if (!open) return;
        hide();
        break;
      case 'Backspace':
        if (!many || typed || chosen.length === 0) return;
        props.onChoose(chosen.slice(0, -1));
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const expanded = open && items.length > 0;
  const labels = chosen.map((it) => it.label).join(', ');
  const described = [naming.describedBy, many && chosen.length > 0 && `${id}-chosen`]
    .filter(Boolean)
    .join(' ');
  let index = -1;
  return (
    // The focus may go from the input to a chip: the list closes when it leaves both.
    <div
      ref={box}
      class={`combobox${naming.invalid ? ' wrong' : ''}${many ? ' many' : ''}`}
      aria-busy={busy}
      onFocusOut={(event) => {
        if (event.relatedTarget instanceof Node && box.current?.contains(event.relatedTarget)) return;
        if (open) hide();
        else setTyped(undefined);
      }}
    >
      {many &&
        chosen.map((it) => (
          <span key={it.id} class="chip">
            {it.label}
            <button
              type="button"
              tabIndex={-1}
              aria-label={`Remove ${it.label}`}
              onClick={() => {
                props.onChoose(chosen.filter((other) => other.id !== it.id));
                input.current?.focus();
              }}
            >
              ×
            </button>
          </span>
        ))}
      <input
        {...aria(naming, placeholder)}
        aria-describedby={described || undefined}
        aria-required={naming.required ? 'true' : undefined}
        ref={input}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        data-action={action}
        data-focus={focus ? '' : undefined}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-expanded={expanded}
        aria-controls={expanded ? `${id}-list` : undefined}
        aria-activedescendant={expanded ? `${id}-option-${current}` : undefined}
        placeholder={chosen.length === 0 ? placeholder : many ? '' : chosen[0]?.label}
        value={typed ?? (many ? '' : (chosen[0]?.label ?? ''))}
        onClick={() => (open ? hide() : show())}
        onInput={(event) => {
          setOpen(true);
          setActive(0);
          type(event.currentTarget.value);
        }}
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={press}
      />
      {clearable && !many && chosen.length > 0 && (
        <button
          type="button"
          class="clear"
          aria-label={`Clear ${labels}`}
          onClick={() => {
            props.onChoose([]);
            input.current?.focus();
          }}
        >
          ×
        </button>
      )}
      <span class="arrow" aria-hidden="true">
        ▾
      </span>
      {many && chosen.length > 0 && (
        <span id={`${id}-chosen`} class="unseen">
          {`Chosen: ${labels}. Backspace removes the last.`}
        </span>
      )}
      <span class="unseen" role="status">
        {open ? (hint ?? `${items.length} ${items.length === 1 ? 'result' : 'results'}`) : ''}
      </span>
      {open && (
        // The input keeps the focus while the list is clicked.
        <div ref={list} class="menu" popover="manual" onPointerDown={(event) => event.preventDefault()}>
          {hint && (
            <div class="menu-note" aria-hidden="true">
              {hint}
            </div>
          )}
          {items.length > 0 && (
            <div id={`${id}-list`} role="listbox" aria-label={placeholder} aria-multiselectable={many}>
              {groups
                .filter((group) => group.items.length > 0)
                .map((group, at) => {
                  const options = group.items.map((item) => {
                    index += 1;
                    const mine = index;
                    return (
                      // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input
                      // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the input
                      <div
                        key={item.id}
                        id={`${id}-option-${mine}`}
                        role="option"
                        class={`menu-item${mine === current ? ' active' : ''}`}
                        aria-selected={picked.has(item.id)}
                        aria-disabled={full && !picked.has(item.id) ? 'true' : undefined}
                        onPointerMove={() => setActive(mine)}
                        onClick={() => pick(item)}
                      >
                        {item.label}
                        {item.detail && <small>{item.detail}</small>}
                      </div>
                    );
                  });
                  return group.label === undefined ? (
                    options
                  ) : (
                    // biome-ignore lint/a11y/useSemanticElements: a group of a listbox, not of a form
                    <div key={at} role="group" aria-label={group.label}>
                      <div class="menu-group" aria-hidden="true">
                        {group.label}
                      </div>
                      {options}
                    </div>
                  );
                })}
            </div>
          )}
        </div>
      )}
    </div>
  );
}
