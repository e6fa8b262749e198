import { useId } from 'preact/hooks';
import { type Fields, isFields } from '../../../fields.js';
import type { Names } from '../place.js';
import { TextObject } from '../text/plain.js';
import { Dialog } from './dialog.js';

/** A question asked of the person, and who waits for the answer. */
export interface Question {
  readonly confirm: Fields;
  answer(yes: boolean): void;
}

/** The `confirm` of an element, if it has one. */
export function confirmOf(element: Fields): Fields | undefined {
  return isFields(element.confirm) ? element.confirm : undefined;
}

/** A confirm dialog: its words are the app's. */
export function Confirm({ confirm, answer, names }: Question & { names: Names }) {
  const id = useId();
  return (
    <Dialog
      class="confirm"
      urgent
      labelledBy={`${id}-title`}
      describedBy={`${id}-text`}
      onClose={() => answer(false)}
    >
      <h2 class="dialog-title" id={`${id}-title`}>
        {confirm.title === undefined ? 'Are you sure?' : <TextObject text={confirm.title} names={names} />}
      </h2>
      <div class="dialog-content" id={`${id}-text`}>
        <TextObject text={confirm.text} names={names} />
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => answer(false)}>
          {confirm.deny === undefined ? 'Cancel' : <TextObject text={confirm.deny} names={names} />}
        </button>
        <button
          type="button"
          data-focus
          class={`button ${confirm.style === 'danger' ? 'danger' : 'primary'}`}
          onClick={() => answer(true)}
        >
          {confirm.confirm === undefined ? 'OK' : <TextObject text={confirm.confirm} names={names} />}
        </button>
      </div>
    </Dialog>
  );
}
