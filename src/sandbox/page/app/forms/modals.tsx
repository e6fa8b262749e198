import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { type Fields, isFields, listOf } from '../../../fields.js';
import { Blocks, complete } from '../blocks/blocks.js';
import type { Place, Submitted, Typed } from '../place.js';
import { TextObject, wordsOf } from '../text/plain.js';
import { Dialog } from './dialog.js';
import { stillThere, valuesOf } from './view-values.js';

interface ModalStackProps {
  /** The views of this person, the first opened first. */
  views: readonly Fields[];
  place: Place;
  /** Stays inside its positioned ancestor. */
  contained?: boolean;
  submit(view: Fields, values: Typed): Promise<Submitted>;
  /** @param all the whole stack, as the × does */
  close(view: Fields, all: boolean): Promise<void>;
}

/** What is known of a view while it is open. */
interface Kept {
  readonly values: Typed;
  readonly errors?: Fields;
  readonly trouble?: string;
  readonly waiting?: boolean;
}

/** The modals of a person: the top one is shown, those below keep what was typed in them. */
export function ModalStack({ views, place, contained, submit, close }: ModalStackProps) {
  const [kept, setKept] = useState<Readonly<Record<string, Kept>>>({});
  const body = useRef<HTMLDivElement>(null);
  const id = useId();
  const top = views.at(-1);
  const open = views.map((view) => String(view.id)).join(' ');
  useEffect(() => {
    const ids = new Set(open.split(' '));
    setKept((before) => Object.fromEntries(Object.entries(before).filter(([key]) => ids.has(key))));
  }, [open]);
  if (!top) return null;

  const key = String(top.id);
  const { values, errors, trouble, waiting } = kept[key] ?? { values: valuesOf(top) };
  const keep = (change: Partial<Kept>) =>
    setKept((before) => ({ ...before, [key]: { ...(before[key] ?? { values }), ...change } }));
  const blocks = listOf(top.blocks);
  const send = async () => {
    if (waiting || top.submit_disabled === true) return;
    keep({ waiting: true, errors: undefined, trouble: undefined });
    const outcome = await submit(top, complete(blocks, stillThere(top, values), place)).catch(
      (): Submitted => ({ ok: false, error: 'connection_failed' }),
    );
    const beside =
      outcome.error === 'errors' || outcome.error === 'client_refused' ? outcome.errors : undefined;
    keep({
      waiting: false,
      errors: beside,
      trouble: outcome.ok || beside ? undefined : wordsFor(outcome.error),
    });
    // After the errors are drawn.
    if (beside)
      requestAnimationFrame(() =>
        body.current?.querySelector<HTMLElement>('.field.wrong :is(input, textarea, button)')?.focus(),
      );
  };
  const words = (member: string, fallback: string) => wordsOf(top[member]) ?? fallback;
  return (
    <Dialog
      class="modal"
      labelledBy={`${id}-title`}
      contained={contained}
      subject={key}
      onClose={() => void close(top, false)}
    >
      <form
        noValidate
        data-view={key}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
          event.preventDefault();
          event.currentTarget.requestSubmit();
        }}
      >
        <header class="modal-head">
          <h2 class="dialog-title" id={`${id}-title`}>
            {isFields(top.title) && <TextObject text={top.title} names={place.names} />}
          </h2>
          <button
            type="button"
            class="button icon close"
            aria-label="Close"
            onClick={() => void close(top, true)}
          >
            ×
          </button>
        </header>
        <div class="modal-body" ref={body}>
          {trouble && (
            <p class="trouble" role="alert">
              {trouble}
            </p>
          )}
          <Blocks
            key={key}
            blocks={blocks}
            place={place}
            values={stillThere(top, values)}
            errors={errors}
            view={key}
            onChange={(now) => keep({ values: now })}
          />
        </div>
        <footer class="dialog-buttons">
          <button type="button" class="button" onClick={() => void close(top, false)}>
            {words('close', views.length > 1 ? 'Back' : 'Cancel')}
          </button>
          {isFields(top.submit) && (
            <button
              type="submit"
              class="button primary"
              // Not `disabled`, which would take the focus away.
              aria-disabled={waiting === true || top.submit_disabled === true}
              aria-busy={waiting === true}
            >
              {words('submit', 'Submit')}
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

/** What Slack tells somebody whose form did not get through; the code is for those who develop the app. */
function wordsFor(error: string | undefined): string {
  return `We had some trouble connecting. Try again? (${error ?? 'unknown'})`;
}
