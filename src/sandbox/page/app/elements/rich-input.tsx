import { useRef, useState } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import { wordsOf } from '../text/plain.js';
import { RichText } from '../text/rich-text.js';
import { Trouble } from './buttons.js';
import { aria, dispatchOn, type ElementProps, useTalk } from './form.js';
import { marksOf, richTextOf } from './rich-marks.js';

const TOOLS = [
  ['*', 'Bold', 'B', 'b'],
  ['_', 'Italic', 'I', 'i'],
  ['~', 'Strikethrough', 'S', 'x'],
  ['`', 'Code', '<>', 'e'],
] as const;

/** An editor for rich text: marks are typed, and what they become is shown below. */
export function RichTextInput(props: ElementProps) {
  const { form, block, element, naming } = props;
  const { place } = form;
  const talk = useTalk(props);
  const area = useRef<HTMLTextAreaElement>(null);
  // What was typed is kept as it was typed: reading it back from the rich text would move the cursor.
  const [text, setText] = useState(() => marksOf(form.valueOf(block, element), place));
  const on = dispatchOn(block, element);
  const write = (now: string) => {
    setText(now);
    form.keep(block, element, richTextOf(now, place));
    if (on.characters) void talk.tell(richTextOf(now, place));
  };
  const wrap = (mark: string) => {
    const it = area.current;
    if (!it) return;
    const [from, to] = [it.selectionStart, it.selectionEnd];
    write(`${text.slice(0, from)}${mark}${text.slice(from, to)}${mark}${text.slice(to)}`);
    it.focus();
    // After the new text is drawn.
    requestAnimationFrame(() => it.setSelectionRange(from + 1, to + 1));
  };
  const press = (event: KeyboardEvent) => {
    const control = event.ctrlKey || event.metaKey;
    const tool = control && TOOLS.find(([, , , key]) => key === event.key);
    if (tool) wrap(tool[0]);
    else if (on.enter && control && event.key === 'Enter') void talk.tell(richTextOf(text, place));
    else return;
    event.preventDefault();
  };
  const shown = richTextOf(text, place);
  const placeholder = wordsOf(element.placeholder) ?? '';
  return (
    <span class="with-trouble wide">
      <span class="rich-input">
        <span class="tools">
          {TOOLS.map(([mark, words, sign, key]) => (
            <button
              key={mark}
              type="button"
              tabIndex={-1}
              title={`${words} (Ctrl+${key.toUpperCase()})`}
              aria-label={words}
              onClick={() => wrap(mark)}
            >
              {sign}
            </button>
          ))}
        </span>
        <textarea
          {...aria(naming, placeholder || 'Formatted text')}
          aria-describedby={[naming.describedBy, `${naming.id}-marks`].filter(Boolean).join(' ')}
          aria-required={naming.required ? 'true' : undefined}
          ref={area}
          class="writing"
          rows={Math.max(2, Number(element.min_lines ?? 3))}
          placeholder={placeholder}
          value={text}
          data-action={textOf(element.action_id)}
          data-focus={element.focus_on_load === true ? '' : undefined}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={press}
        />
      </span>
      <small id={`${naming.id}-marks`} class="hint">
        *bold* _italic_ ~struck~ `code` &gt; quote - list
      </small>
      {shown && /[*_~`<>:@#-]|\d\./.test(text) && (
        <div class="rich-preview" aria-hidden="true">
          <RichText block={shown} names={place.names} />
        </div>
      )}
      <Trouble talk={talk} />
    </span>
  );
}
