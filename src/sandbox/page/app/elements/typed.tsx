import { useEffect, useRef } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import { emojiText } from '../text/emoji.js';
import { wordsOf } from '../text/plain.js';
import { Trouble } from './buttons.js';
import { aria, dispatchOn, type ElementProps, useTalk } from './form.js';

// Slack does not send every single character of somebody who types on.
const PAUSE_MS = 300;

/** The keyboard that a telephone shows. The browser itself checks nothing: what does not fit is refused in Slack's words. */
const MODES: Readonly<Record<string, 'email' | 'url'>> = { email_text_input: 'email', url_text_input: 'url' };

/** Inputs for text, an e-mail address, a web address or a number. */
export function TypedInput(props: ElementProps) {
  const { form, block, element, naming } = props;
  const talk = useTalk(props);
  const on = dispatchOn(block, element);
  const value = String(form.valueOf(block, element) ?? '');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const placeholder = emojiText(wordsOf(element.placeholder) ?? '', form.place.names.emoji);
  const input = (text: string) => {
    form.keep(block, element, text);
    if (!on.characters) return;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void talk.tell(text), PAUSE_MS);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !on.enter) return;
    // Enter speaks to the app here; it neither breaks the line nor sends the form.
    event.preventDefault();
    clearTimeout(timer.current);
    void talk.tell(value);
  };
  const most = element.max_length === undefined ? undefined : Number(element.max_length);
  const described = [naming.describedBy, on.enter && `${naming.id}-enter`, most && `${naming.id}-count`];
  const common = {
    ...aria(naming, placeholder || String(element.action_id ?? 'Text')),
    'aria-describedby': described.filter(Boolean).join(' ') || undefined,
    'aria-required': naming.required ? ('true' as const) : undefined,
    class: 'input',
    placeholder,
    value,
    'data-action': textOf(element.action_id),
    'data-focus': element.focus_on_load === true ? '' : undefined,
    onKeyDown: press,
  };
  const number = element.is_decimal_allowed === true ? 'decimal' : 'numeric';
  const mode = element.type === 'number_input' ? number : MODES[String(element.type)];
  return (
    <span class="with-trouble wide">
      {element.multiline === true ? (
        <textarea {...common} rows={4} onInput={(event) => input(event.currentTarget.value)} />
      ) : (
        <input
          {...common}
          type="text"
          inputMode={mode}
          autocomplete="off"
          onInput={(event) => input(event.currentTarget.value)}
        />
      )}
      {most !== undefined && (
        <small id={`${naming.id}-count`} class={value.length > most ? 'count over' : 'count'}>
          {`${value.length} of ${most} characters`}
        </small>
      )}
      {on.enter && (
        <small id={`${naming.id}-enter`} class="hint">
          Press Enter to send.
        </small>
      )}
      <Trouble talk={talk} />
    </span>
  );
}
