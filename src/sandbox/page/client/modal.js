import { act, complain } from './api.js';
import { blocks } from './blocks.js';
import { el } from './html.js';
import { names, people, store } from './store.js';

let drawn;

/** The top modal of this person, drawn again only when the app changed it: typed text must survive. */
export function modal() {
  const box = document.getElementById('modal');
  const view = store.state.views.at(-1);
  const errors = view && store.errors.get(view.id);
  const mark = view ? `${view.id} ${view.hash} ${JSON.stringify(errors ?? {})}` : undefined;
  if (mark === drawn) return;
  drawn = mark;
  box.hidden = !view;
  if (!view) {
    box.replaceChildren();
    store.typed.clear();
    store.errors.clear();
    return;
  }
  const close = (all) => act('view/close', { user: store.me, view_id: view.id, all }).then(complain);
  const depth = store.state.views.length;
  const form = el(
    'form',
    { class: 'modal', onsubmit: (event) => submit(event, view) },
    el(
      'header',
      {},
      view.title.text,
      el(
        'button',
        { type: 'button', title: 'Close', 'aria-label': 'Close', onclick: () => close(true) },
        '×',
      ),
    ),
    el(
      'div',
      { class: 'content' },
      blocks(view.blocks, {
        names,
        people: people(),
        errors,
        state: stateOf(view),
        use: (block, it, value) => use(view, block, it, value),
      }),
    ),
    el(
      'footer',
      {},
      el(
        'button',
        { type: 'button', class: 'button', onclick: () => close(false) },
        view.close?.text ?? (depth > 1 ? 'Back' : 'Cancel'),
      ),
      view.submit && el('button', { class: 'button primary' }, view.submit.text),
    ),
  );
  form.noValidate = true;
  form.addEventListener('keydown', (event) => event.key === 'Escape' && close(true));
  box.replaceChildren(form);
  form.querySelector('.content :is(input, textarea, select, button)')?.focus();
}

/** The Home tab of the app. */
export function home() {
  const view = store.state.homes[0];
  if (!view) return [el('p', { class: 'empty' }, 'The app has not published its home yet.')];
  const use = (block, it, value) => press({ view_id: view.id }, block, it, value);
  return [
    el(
      'div',
      { class: 'message' },
      el(
        'div',
        { class: 'body' },
        blocks(view.blocks, { names, people: people(), state: view.state.values, use }),
      ),
    ),
  ];
}

function stateOf(view) {
  const typed = store.typed.get(view.id) ?? {};
  const state = structuredClone(view.state.values);
  for (const [block, actions] of Object.entries(typed)) {
    for (const [action, value] of Object.entries(actions)) {
      const many = Array.isArray(value);
      const option = many
        ? {
            selected_options: value.map((it) => ({ value: it })),
            selected_users: value,
            selected_channels: value,
          }
        : { value, selected_option: value ? { value } : null };
      state[block] = { ...state[block], [action]: option };
    }
  }
  return state;
}

const LIVE = new Set(['button', 'overflow']);

function use(view, block, it, value) {
  if (!LIVE.has(it.type)) {
    const typed = store.typed.get(view.id) ?? {};
    typed[block.block_id] = { ...typed[block.block_id], [it.action_id]: value };
    store.typed.set(view.id, typed);
  }
  // Inputs are silent unless the app asked to hear of them; everything else speaks at once.
  const text = it.type.endsWith('_input');
  if (block.type === 'input' ? block.dispatch_action && !text : true)
    press({ view_id: view.id, values: store.typed.get(view.id) }, block, it, value);
}

async function press(place, block, it, value) {
  const body = { user: store.me, ...place, block_id: block.block_id, action_id: it.action_id };
  complain(await act('action', value === undefined ? body : { ...body, value }));
}

async function submit(event, view) {
  event.preventDefault();
  const button = event.submitter;
  if (button) button.disabled = true;
  const outcome = await act('view/submit', {
    user: store.me,
    view_id: view.id,
    values: store.typed.get(view.id) ?? {},
  });
  if (button) button.disabled = false;
  if (outcome.errors && !outcome.ok && (outcome.error === 'errors' || outcome.error === 'client_refused')) {
    store.errors.set(view.id, outcome.errors);
  } else {
    store.errors.delete(view.id);
    complain(outcome);
  }
  modal();
}
