import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type Fields, isFields, listOf, textOf } from '../../../fields.js';
import { Element, isGroup } from '../elements/element.js';
import type { Form } from '../elements/form.js';
import { TextObject, wordsOf } from '../text/plain.js';
import { Picture } from './picture.js';

export interface BlockProps {
  readonly block: Fields;
  readonly form: Form;
}

// Slack folds long texts of messages; the numbers are not documented.
const LONG_CHARACTERS = 700;
const LONG_LINES = 15;

/** Text, fields in two columns, and one thing beside them. */
export function Section({ block, form }: BlockProps) {
  const id = useId();
  const { names, open } = form.place;
  const words = wordsOf(block.text) ?? '';
  const long = words.length > LONG_CHARACTERS || words.split('\n').length > LONG_LINES;
  const text = block.text !== undefined && (
    <div class="plain">
      <TextObject text={block.text} names={names} open={open} />
    </div>
  );
  const { accessory } = block;
  return (
    <div class="section">
      <div class="section-body">
        {long && form.place.kind === 'message' && block.expand !== true ? <Folded>{text}</Folded> : text}
        {listOf(block.fields).length > 0 && (
          <div class="fields">
            {listOf(block.fields).map((field, index) => (
              <div key={index} class="plain">
                <TextObject text={field} names={names} open={open} />
              </div>
            ))}
          </div>
        )}
      </div>
      {isFields(accessory) && (
        <div class="accessory">
          {accessory.type === 'image' ? (
            <Picture image={accessory} size="thumb" />
          ) : (
            <Element form={form} block={block} element={accessory} naming={{ id }} />
          )}
        </div>
      )}
    </div>
  );
}

function Folded({ children }: { children: ComponentChildren }) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <div class={shown ? '' : 'folded'}>{children}</div>
      <button type="button" class="see-more" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {shown ? 'Show less' : 'Show more'}
      </button>
    </>
  );
}

/** A heading. */
export function Header({ block, form }: BlockProps) {
  // All of one level for those who do not see their sizes: a message may begin with any of them.
  return (
    <h3 class={`header plain header-${Number(block.level ?? 1)}`}>
      <TextObject text={block.text} names={form.place.names} />
    </h3>
  );
}

/** Small pictures and texts. */
export function Context({ block, form }: BlockProps) {
  const { names, open } = form.place;
  return (
    <div class="context">
      {listOf(block.elements).map((element, index) =>
        element.type === 'image' ? (
          <Picture key={index} image={element} size="small" />
        ) : (
          <span key={index} class="plain">
            <TextObject text={element} names={names} open={open} />
          </span>
        ),
      )}
    </div>
  );
}

/** A row of elements. */
export function Actions({ block, form }: BlockProps) {
  const id = useId();
  return (
    <div class={block.type === 'context_actions' ? 'actions small' : 'actions'}>
      {listOf(block.elements).map((element, index) => (
        <Element
          key={textOf(element.action_id) ?? index}
          form={form}
          block={block}
          element={element}
          naming={{ id: `${id}-${index}` }}
        />
      ))}
    </div>
  );
}

/** A picture with its title. */
export function Image({ block, form }: BlockProps) {
  return (
    <figure class="image">
      {block.title !== undefined && (
        <figcaption class="plain">
          <TextObject text={block.title} names={form.place.names} />
        </figcaption>
      )}
      <Picture image={block} size="large" />
    </figure>
  );
}

/** An element with its label, its hint, and what is wrong with it. */
export function Input({ block, form }: BlockProps) {
  const id = useId();
  const { names } = form.place;
  const { element } = block;
  if (!isFields(element)) return null;
  const wrong = textOf(form.errors?.[String(block.block_id)]);
  const label = (
    <>
      <TextObject text={block.label} names={names} />
      {block.optional === true && <span class="optional"> (optional)</span>}
    </>
  );
  const described = [block.hint !== undefined && `${id}-hint`, wrong !== undefined && `${id}-wrong`];
  return (
    <div class={wrong === undefined ? 'field' : 'field wrong'} data-block={textOf(block.block_id)}>
      {isGroup(element.type) ? (
        <span class="label" id={`${id}-label`}>
          {label}
        </span>
      ) : (
        <label class="label" id={`${id}-label`} for={id}>
          {label}
        </label>
      )}
      <Element
        form={form}
        block={block}
        element={element}
        naming={{
          id,
          labelledBy: `${id}-label`,
          describedBy: described.filter(Boolean).join(' ') || undefined,
          invalid: wrong !== undefined,
          required: block.optional !== true,
        }}
      />
      {block.hint !== undefined && (
        <small class="hint plain" id={`${id}-hint`}>
          <TextObject text={block.hint} names={names} />
        </small>
      )}
      {wrong !== undefined && (
        <div class="field-error" id={`${id}-wrong`}>
          {wrong}
        </div>
      )}
    </div>
  );
}
