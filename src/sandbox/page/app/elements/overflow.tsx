import { useEffect, useRef, useState } from 'preact/hooks';
import { listOf, textOf } from '../../../fields.js';
import { usePopover } from '../forms/popover.js';
import { Plain, wordsOf } from '../text/plain.js';
import { openAddress, Trouble } from './buttons.js';
import { type ElementProps, useTalk } from './form.js';

/** A menu behind three dots. */
export function Overflow(props: ElementProps) {
  const { element, form, naming } = props;
  const talk = useTalk(props);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const options = listOf(element.options);
  usePopover(open, button, list, () => setOpen(false));
  useEffect(() => {
    if (open) itemsOf(list.current)[0]?.focus();
  }, [open]);
  const shut = () => {
    setOpen(false);
    button.current?.focus();
  };
  const pick = async (at: number) => {
    const option = options[at];
    if (!option) return;
    shut();
    if (!element.confirm) openAddress(option.url);
    const told = await talk.tell(option.value);
    if (told && element.confirm) openAddress(option.url);
  };
  const move = (event: KeyboardEvent) => {
    const items = itemsOf(list.current);
    const here = document.activeElement instanceof HTMLElement ? items.indexOf(document.activeElement) : -1;
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Escape') shut();
    else if (event.key === 'Tab') return setOpen(false);
    else if (to !== undefined) items.at(to % items.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span class="with-trouble">
      <button
        ref={button}
        type="button"
        id={naming.id}
        class="button icon"
        data-action={textOf(element.action_id)}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-busy={talk.busy}
        aria-label="More actions"
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        ⋯
      </button>
      {open && (
        <div
          ref={list}
          class="menu"
          popover="manual"
          role="menu"
          tabIndex={-1}
          aria-label="More actions"
          onKeyDown={move}
        >
          {options.map((option, index) => (
            <button
              key={index}
              type="button"
              class="menu-item"
              role="menuitem"
              tabIndex={-1}
              onClick={() => pick(index)}
            >
              <Plain text={wordsOf(option.text) ?? ''} names={form.place.names} />
              {option.description !== undefined && (
                <small>
                  <Plain text={wordsOf(option.description) ?? ''} names={form.place.names} />
                </small>
              )}
            </button>
          ))}
        </div>
      )}
      <Trouble talk={talk} />
    </span>
  );
}

function itemsOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
}
