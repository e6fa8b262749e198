import { listOf, textOf } from '../../../fields.js';
import { TextObject, wordsOf } from '../text/plain.js';
import { Trouble } from './buttons.js';
import { type ElementProps, useTalk } from './form.js';
import { listOfValues } from './values.js';

/** Checkboxes or radio buttons. */
export function Ticks(props: ElementProps) {
  const { form, block, element, naming } = props;
  const talk = useTalk(props);
  const { names, open } = form.place;
  const many = element.type === 'checkboxes';
  const options = listOf(element.options);
  const chosen = listOfValues(form.valueOf(block, element));
  const toggle = (value: string, on: boolean) => {
    if (!many) return talk.change(value);
    // In the order of the options, as Slack gives them.
    const now = new Set(on ? [...chosen, value] : chosen.filter((it) => it !== value));
    return talk.change(options.map((it) => String(it.value)).filter((it) => now.has(it)));
  };
  return (
    <fieldset
      class="ticks"
      role={many ? undefined : 'radiogroup'}
      aria-labelledby={naming.labelledBy}
      aria-label={naming.labelledBy ? undefined : nameOf(props)}
      aria-describedby={naming.describedBy}
      aria-busy={talk.busy}
    >
      {options.map((option, index) => {
        const value = String(option.value);
        const id = `${naming.id}-${index}`;
        return (
          <div class="tick-row" key={value}>
            <input
              type={many ? 'checkbox' : 'radio'}
              id={index === 0 ? naming.id : id}
              name={naming.id}
              value={value}
              data-action={textOf(element.action_id)}
              data-focus={element.focus_on_load === true && index === 0 ? '' : undefined}
              checked={chosen.includes(value)}
              aria-invalid={naming.invalid && many ? 'true' : undefined}
              aria-describedby={option.description === undefined ? undefined : `${id}-more`}
              onChange={(event) => toggle(value, event.currentTarget.checked)}
            />
            <span>
              <label for={index === 0 ? naming.id : id}>
                <TextObject text={option.text} names={names} open={open} />
              </label>
              {option.description !== undefined && (
                <small id={`${id}-more`}>
                  <TextObject text={option.description} names={names} open={open} />
                </small>
              )}
            </span>
          </div>
        );
      })}
      <Trouble talk={talk} />
    </fieldset>
  );
}

/** Choices beside a section are named by its text. */
function nameOf({ block, element }: ElementProps): string {
  return wordsOf(block.text) ?? (element.type === 'checkboxes' ? 'Checkboxes' : 'Choices');
}
