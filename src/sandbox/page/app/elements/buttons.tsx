import { useState } from 'preact/hooks';
import { type Fields, isFields, textOf } from '../../../fields.js';
import { safeHref } from '../text/addresses.js';
import { Icon, type IconName } from '../text/icon.js';
import { TextObject, wordsOf } from '../text/plain.js';
import { type ElementProps, type Talk, useTalk } from './form.js';

/** What went wrong, beside the element it concerns. */
export function Trouble({ talk }: { talk: Talk }) {
  return talk.trouble ? (
    <span class="trouble" role="alert">
      {talk.trouble}
    </span>
  ) : null;
}

/** Opens an address in a new tab, if it is one that may be opened. */
export function openAddress(address: unknown): void {
  const href = safeHref(textOf(address) ?? '');
  if (href) window.open(href, '_blank', 'noopener,noreferrer');
}

/** A button; one with a `url` opens it and tells the app too. */
export function Button(props: ElementProps) {
  const { element, form } = props;
  const talk = useTalk(props);
  const press = async () => {
    if (talk.busy) return;
    // Before anything is awaited: a browser opens windows only for the click itself.
    if (!element.confirm) openAddress(element.url);
    const told = await talk.tell(undefined);
    if (told && element.confirm) openAddress(element.url);
  };
  return (
    <span class="with-trouble">
      <button
        type="button"
        class={`button ${styleOf(element)}`}
        data-action={textOf(element.action_id)}
        aria-label={textOf(element.accessibility_label)}
        aria-busy={talk.busy}
        onClick={press}
      >
        <TextObject text={element.text} names={form.place.names} />
        {safeHref(textOf(element.url) ?? '') !== undefined && (
          <span class="out" role="img" aria-label="(opens in a new tab)">
            ↗
          </span>
        )}
      </button>
      <Trouble talk={talk} />
    </span>
  );
}

function styleOf(element: Fields): string {
  return element.style === 'primary' || element.style === 'danger' ? element.style : '';
}

/** A button that starts a workflow in Slack. There are no workflows here, and it says so. */
export function WorkflowButton({ element, form }: ElementProps) {
  const [pressed, setPressed] = useState(false);
  return (
    <span class="with-trouble">
      <button
        type="button"
        class={`button ${styleOf(element)}`}
        aria-label={textOf(element.accessibility_label)}
        onClick={() => setPressed(true)}
      >
        <TextObject text={element.text} names={form.place.names} />
      </button>
      {pressed && (
        <span class="trouble" role="status">
          Workflows do not run here.
        </span>
      )}
    </span>
  );
}

/** A button that is an icon; some people may be the only ones to see it. */
export function IconButton(props: ElementProps) {
  const { element, form } = props;
  const talk = useTalk(props);
  const only = element.visible_to_user_ids;
  const { me } = form.place.names;
  if (Array.isArray(only) && only.length > 0 && (me === undefined || !only.includes(me))) return null;
  const words = wordsOf(element.text) ?? String(element.icon);
  return (
    <span class="with-trouble">
      <button
        type="button"
        class="button icon"
        data-action={textOf(element.action_id)}
        aria-label={textOf(element.accessibility_label) ?? words}
        title={words}
        aria-busy={talk.busy}
        onClick={() => !talk.busy && talk.tell(undefined)}
      >
        {element.icon === 'trash' ? <Icon name="trash" /> : '◆'}
      </button>
      <Trouble talk={talk} />
    </span>
  );
}

/** Two buttons that say what a person thinks of an answer. */
export function FeedbackButtons(props: ElementProps) {
  const { element } = props;
  const talk = useTalk(props);
  const [chosen, setChosen] = useState<string>();
  const one = (member: 'positive_button' | 'negative_button', icon: IconName) => {
    const button = element[member];
    if (!isFields(button)) return null;
    const words = wordsOf(button.text) ?? '';
    const press = async () => {
      if (talk.busy) return;
      setChosen(member);
      await talk.tell(button.value);
    };
    return (
      <button
        type="button"
        class="button icon"
        aria-label={textOf(button.accessibility_label) ?? words}
        aria-pressed={chosen === member}
        title={words}
        onClick={press}
      >
        <Icon name={icon} />
      </button>
    );
  };
  return (
    <span class="with-trouble">
      {one('positive_button', 'up')}
      {one('negative_button', 'down')}
      <Trouble talk={talk} />
    </span>
  );
}
