import { el } from './html.js';
import { plain } from './mrkdwn.js';

const text = (object) => plain(object?.text ?? '');

/**
 * An interactive element.
 * `use(element, value)` is called when it is clicked or changed; `initial` is what was typed before.
 */
export function element(it, use, people, initial) {
  const changed = (value) => use(it, value);
  const label = text(it.placeholder);
  switch (it.type) {
    case 'button':
      return button(it, use);
    case 'overflow':
      return select(it, [['', '⋯'], ...options(it)], '', changed, false);
    case 'static_select':
    case 'external_select':
      return select(
        it,
        [['', label || 'Choose an option'], ...options(it)],
        chosenOf(initial, it),
        changed,
        false,
      );
    case 'users_select':
      return select(
        it,
        [['', label || 'Choose a person'], ...people.users],
        chosenOf(initial, it),
        changed,
        false,
      );
    case 'conversations_select':
    case 'channels_select':
      return select(
        it,
        [['', label || 'Choose a channel'], ...people.channels],
        chosenOf(initial, it),
        changed,
        false,
      );
    case 'multi_static_select':
      return select(it, options(it), valuesOf(initial, it), changed, true);
    case 'multi_users_select':
      return select(it, people.users, valuesOf(initial, it), changed, true);
    case 'multi_conversations_select':
    case 'multi_channels_select':
      return select(it, people.channels, valuesOf(initial, it), changed, true);
    case 'checkboxes':
      return ticks(it, 'checkbox', valuesOf(initial, it), changed);
    case 'radio_buttons':
      return ticks(it, 'radio', [chosenOf(initial, it)], changed);
    default:
      return typed(it, initial, changed);
  }
}

function button(it, use) {
  const click = () => {
    if (it.confirm && !window.confirm(`${text(it.confirm.title)}\n\n${text(it.confirm.text)}`)) return;
    if (it.url) window.open(it.url, '_blank', 'noopener');
    use(it, undefined);
  };
  return el('button', { type: 'button', class: `button ${it.style ?? ''}`, onclick: click }, text(it.text));
}

function options(it) {
  const groups = (it.option_groups ?? []).flatMap((group) => group.options);
  return [...(it.options ?? []), ...groups].map((option) => [option.value, text(option.text)]);
}

function select(it, choices, chosen, changed, many) {
  const picked = Array.isArray(chosen) ? chosen : [chosen];
  const node = el(
    'select',
    { multiple: many, 'data-action': it.action_id, 'aria-label': text(it.placeholder) || it.action_id },
    choices.map(([value, label]) => el('option', { value, selected: picked.includes(value) }, label)),
  );
  node.addEventListener('change', () =>
    changed(many ? [...node.selectedOptions].map((o) => o.value) : node.value),
  );
  return node;
}

function ticks(it, type, chosen, changed) {
  const node = el('div', { class: 'ticks' });
  const values = () => [...node.querySelectorAll('input:checked')].map((input) => input.value);
  const onchange = () => changed(type === 'radio' ? (values()[0] ?? '') : values());
  for (const option of it.options ?? []) {
    const input = el('input', {
      type,
      name: it.action_id,
      value: option.value,
      checked: chosen.includes(option.value),
      onchange,
    });
    const more = option.description ? el('small', {}, ` ${text(option.description)}`) : undefined;
    node.append(el('label', {}, input, el('span', {}, text(option.text), more)));
  }
  return node;
}

const TYPES = {
  datepicker: 'date',
  timepicker: 'time',
  datetimepicker: 'datetime-local',
  number_input: 'number',
  email_text_input: 'email',
  url_text_input: 'url',
};

function typed(it, initial, changed) {
  const given = chosenOf(initial, it);
  const limits = {
    placeholder: text(it.placeholder),
    maxLength: it.max_length ?? 3000,
    'data-action': it.action_id,
  };
  if (it.type === 'plain_text_input' && it.multiline) {
    return el('textarea', { ...limits, value: given, oninput: (event) => changed(event.target.value) });
  }
  const type = TYPES[it.type] ?? 'text';
  const value = type === 'datetime-local' && given ? localMinutes(Number(given)) : given;
  const read = (input) =>
    type === 'datetime-local' && input ? String(Math.floor(new Date(input).getTime() / 1000)) : input;
  const step = type === 'number' && it.is_decimal_allowed ? { step: 'any' } : {};
  return el('input', {
    type,
    ...(type === 'text' ? limits : { 'data-action': it.action_id }),
    ...step,
    value,
    oninput: (event) => changed(read(event.target.value)),
  });
}

function localMinutes(seconds) {
  const when = new Date(seconds * 1000);
  return new Date(when.getTime() - when.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function chosenOf(initial, it) {
  const from = initial ?? {};
  const option = from.selected_option ?? it.initial_option;
  const direct =
    from.value ??
    from.selected_user ??
    from.selected_channel ??
    from.selected_conversation ??
    from.selected_date ??
    from.selected_time ??
    from.selected_date_time;
  return (
    option?.value ??
    direct ??
    it.initial_value ??
    it.initial_user ??
    it.initial_channel ??
    it.initial_conversation ??
    it.initial_date ??
    it.initial_time ??
    it.initial_date_time ??
    ''
  );
}

function valuesOf(initial, it) {
  const chosen = initial?.selected_options ?? it.initial_options;
  if (chosen) return chosen.map((option) => option.value);
  return (
    initial?.selected_users ??
    initial?.selected_channels ??
    initial?.selected_conversations ??
    it.initial_users ??
    it.initial_channels ??
    it.initial_conversations ??
    []
  );
}
