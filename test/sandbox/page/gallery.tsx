/** A bare page for what the app posts: blocks, attachments, modals and the Home tab, without the shell around them. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Fields, listOf, textOf } from '../../../src/sandbox/fields.js';
import { Attachments } from '../../../src/sandbox/page/app/blocks/attachments.js';
import { Blocks } from '../../../src/sandbox/page/app/blocks/blocks.js';
import { HomeView } from '../../../src/sandbox/page/app/forms/home.js';
import { ModalStack } from '../../../src/sandbox/page/app/forms/modals.js';
import type { Place, Submitted } from '../../../src/sandbox/page/app/place.js';
import { standardEmoji } from '../../../src/sandbox/page/app/text/emoji.js';

const me = 'U0ANA00001';
const channel = 'C0INCIDENT';
const POLL_MS = 100;

async function ask(path: string, body?: object): Promise<Fields> {
  const init = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  return (await fetch(`/control/${path}`, init)).json();
}

declare global {
  function uploadHere(name: string, content: string): Promise<string>;
}

function placeOf(kind: Place['kind'], state: Fields, where: object): Place {
  const users = listOf(state.users);
  const channels = listOf(state.channels);
  const nameIn = (list: readonly Fields[], id: string) => textOf(list.find((it) => it.id === id)?.name);
  const choices = channels
    .filter((it) => it.kind !== 'im')
    .map((it) => ({
      id: String(it.id),
      label: `#${String(it.name)}`,
      kind: it.is_private ? ('private' as const) : ('public' as const),
    }));
  const common = (block: Fields, element: Fields) => ({
    user: me,
    ...where,
    block_id: block.block_id,
    action_id: element.action_id,
  });
  return {
    kind,
    here: channel,
    people: users.map((it) => ({ id: String(it.id), label: String(it.name), detail: textOf(it.real_name) })),
    channels: choices,
    conversations: choices,
    names: {
      user: (id) => nameIn(users, id),
      channel: (id) => nameIn(channels, id),
      group: () => undefined,
      emoji: (name) => {
        const char = standardEmoji(name);
        return char === undefined ? undefined : { char };
      },
      now: () => Number(state.now),
      tz: 'UTC',
      hour12: true,
      me,
    },
    async act(block, element, value, around) {
      const given = value === undefined ? {} : { value };
      const outcome = await ask('action', { ...common(block, element), ...given, values: around.values });
      return outcome.ok ? undefined : String(outcome.error);
    },
    async suggest(block, element, query) {
      const answer = await ask('options', { ...common(block, element), value: query });
      return answer.ok
        ? { options: listOf(answer.options), groups: listOf(answer.option_groups) }
        : { error: String(answer.error) };
    },
    // The test gives this function to the page.
    upload: async (file) => ({ id: await uploadHere(file.name, await file.text()), name: file.name }),
  };
}

function Gallery() {
  const [state, setState] = useState<Fields>();
  useEffect(() => {
    let last = '';
    const look = async () => {
      const text = await (await fetch(`/control/state?user=${me}`)).text();
      if (text === last) return;
      last = text;
      setState(JSON.parse(text));
    };
    const timer = setInterval(look, POLL_MS);
    return () => clearInterval(timer);
  }, []);
  if (!state) return null;
  const messages = listOf(listOf(state.channels).find((it) => it.id === channel)?.messages);
  const modal = placeOf('modal', state, { view_id: listOf(state.views).at(-1)?.id });
  return (
    <main>
      <h1>Gallery</h1>
      <h2>Messages</h2>
      {messages.map((message) => {
        const place = placeOf('message', state, { channel, ts: message.ts });
        return (
          <article key={String(message.ts)} data-ts={message.ts}>
            <Blocks blocks={listOf(message.blocks)} place={place} />
            <Attachments attachments={listOf(message.attachments)} place={place} />
          </article>
        );
      })}
      {listOf(state.homes).map((view) => (
        <HomeView key={String(view.id)} view={view} place={placeOf('home', state, { view_id: view.id })} />
      ))}
      <ModalStack
        views={listOf(state.views)}
        place={modal}
        submit={async (view, values): Promise<Submitted> => {
          const outcome = await ask('view/submit', { user: me, view_id: view.id, values });
          return { ok: outcome.ok === true, error: textOf(outcome.error), errors: errorsOf(outcome.errors) };
        }}
        close={async (view, all) => {
          await ask('view/close', { user: me, view_id: view.id, all });
        }}
      />
    </main>
  );
}

function errorsOf(errors: unknown): Fields | undefined {
  return typeof errors === 'object' && errors !== null ? { ...errors } : undefined;
}

const root = document.getElementById('root');
if (root) render(<Gallery />, root);
