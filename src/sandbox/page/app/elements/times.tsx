import { useRef } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import { wordsOf } from '../text/plain.js';
import { Trouble } from './buttons.js';
import { aria, type ElementProps, speaks, useTalk } from './form.js';

const KINDS: Readonly<Record<string, readonly [type: 'date' | 'time' | 'datetime-local', words: string]>> = {
  datepicker: ['date', 'Choose a date'],
  timepicker: ['time', 'Choose a time'],
  datetimepicker: ['datetime-local', 'Choose a date and time'],
};

/** Pickers for a date, a time, or both, made of the browser's own. Both together are read in the reader's zone. */
export function TimeInput(props: ElementProps) {
  const { form, block, element, naming } = props;
  const talk = useTalk(props);
  const { tz } = form.place.names;
  const [type, fallback] = KINDS[String(element.type)] ?? ['date', 'Choose a date'];
  const value = form.valueOf(block, element) ?? null;
  const shown = value === null ? '' : type === 'datetime-local' ? toWall(Number(value), tz) : String(value);
  const read = (text: string) => (text === '' ? null : type === 'datetime-local' ? fromWall(text, tz) : text);
  // A year that is being typed passes through the years 2, 20 and 202: the app hears of it when it is done.
  const typing = useRef(false);
  const told = useRef<unknown>(value);
  const commit = (now: unknown) => {
    if (!speaks(block) || now === told.current) return;
    const before = told.current;
    told.current = now;
    void talk.tell(now).then((yes) => {
      if (yes) return;
      told.current = before;
      form.keep(block, element, before);
    });
  };
  const zone = textOf(element.timezone) ?? (type === 'datetime-local' ? tz : undefined);
  return (
    <span class="with-trouble">
      <input
        {...aria(naming, wordsOf(element.placeholder) ?? fallback)}
        aria-required={naming.required ? 'true' : undefined}
        class="input time"
        type={type}
        value={shown}
        data-action={textOf(element.action_id)}
        data-focus={element.focus_on_load === true ? '' : undefined}
        onKeyDown={(event) => {
          typing.current = event.key !== 'Enter';
          if (event.key === 'Enter' && speaks(block)) event.preventDefault();
          if (event.key === 'Enter') commit(read(event.currentTarget.value));
        }}
        onPointerDown={() => {
          typing.current = false;
        }}
        onInput={(event) => {
          const now = read(event.currentTarget.value);
          form.keep(block, element, now);
          if (!typing.current) commit(now);
        }}
        onBlur={(event) => commit(read(event.currentTarget.value))}
      />
      {zone && <small class="hint">{zone}</small>}
      <Trouble talk={talk} />
    </span>
  );
}

/** Epoch seconds as the wall clock of a zone shows them: `YYYY-MM-DDTHH:mm`. Without a zone: the device's. */
export function toWall(seconds: number, tz: string | undefined): string {
  const parts = new Map(
    new Intl.DateTimeFormat('en-US', {
      ...(tz === undefined ? {} : { timeZone: tz }),
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
      hourCycle: 'h23',
    })
      .formatToParts(new Date(seconds * 1000))
      .map((part) => [part.type, part.value]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  return `${of('year').padStart(4, '0')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}`;
}

/** The epoch seconds of a wall clock in a zone; of a time that a change of the clocks skips, the one an hour later. */
export function fromWall(wall: string, tz: string | undefined): number {
  const asUtc = Date.parse(`${wall}Z`) / 1000;
  const shift = (at: number) => Date.parse(`${toWall(at, tz)}Z`) / 1000 - at;
  const guess = asUtc - shift(asUtc);
  // The first guess may stand on the other side of a change of the clocks.
  return asUtc - shift(guess);
}
