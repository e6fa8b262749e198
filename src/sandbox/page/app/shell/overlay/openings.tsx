import { useState } from 'preact/hooks';
import { nameProblem, typedName } from '../../../../workspace/objects/channel-name.js';
import type { Conversation, Person } from '../../../protocol.js';
import { labelOf } from '../../state/directory.js';
import { wordsFor } from '../../state/notices.js';
import { useSession } from '../../state/use.js';
import { Face } from '../face.js';
import { Icon } from '../icon.js';
import type { Opening } from '../sidebar.js';
import { Dialog } from './dialog.js';
import { Jump } from './jump.js';

const MOST = 60;

/** The dialog that was asked for in the sidebar or with Ctrl K. */
export function OpenDialog({
  what,
  close,
  open,
}: {
  what: Opening;
  close: () => void;
  open: (what: Opening) => void;
}) {
  switch (what) {
    case 'browse':
      return <Browse close={close} create={() => open('create')} />;
    case 'create':
      return <Create close={close} />;
    case 'direct':
      return <Direct close={close} />;
    case 'columns':
      return <Columns close={close} />;
    case 'jump':
      return <Jump close={close} />;
  }
}

/** Every public channel, and the private ones of this person: to look into, join and leave. */
function Browse({ close, create }: { close: () => void; create: () => void }) {
  const session = useSession();
  const [words, setWords] = useState('');
  const found = [...session.conversations.value.values()]
    .filter(
      (it) =>
        it.kind === 'channel' &&
        `${it.name} ${it.purpose} ${it.topic}`.toLowerCase().includes(words.toLowerCase()),
    )
    .sort((a, b) => Number(a.isArchived) - Number(b.isArchived) || (a.name < b.name ? -1 : 1));
  return (
    <Dialog title="Browse channels" close={close} wide>
      <div class="dialog-row">
        <input
          type="search"
          aria-label="Search channels"
          placeholder="Search channels"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <button type="button" class="btn" onClick={create}>
          Create channel
        </button>
      </div>
      <p class="muted" role="status">
        {found.length === 1 ? '1 channel' : `${found.length} channels`}
      </p>
      <ul class="rows">
        {found.slice(0, MOST).map((it) => (
          <ChannelRow key={it.id} it={it} close={close} />
        ))}
      </ul>
      {found.length > MOST && <p class="muted">Type to find the others.</p>}
    </Dialog>
  );
}

function ChannelRow({ it, close }: { it: Conversation; close: () => void }) {
  const session = useSession();
  const go = () => {
    close();
    void session.goTo(it.id);
  };
  return (
    <li class="row">
      <button type="button" class="row-main" onClick={go}>
        <Icon name={it.isPrivate ? 'lock' : 'hash'} />
        <span>
          <b>{it.name}</b>
          <small>
            {it.isMember ? 'Joined · ' : ''}
            {it.memberCount === 1 ? '1 member' : `${it.memberCount} members`}
            {it.isArchived ? ' · archived' : ''}
            {it.purpose || it.topic ? ` · ${it.purpose || it.topic}` : ''}
          </small>
        </span>
      </button>
      {!it.isArchived && (
        <button
          type="button"
          class="btn"
          onClick={() => void session.act(it.isMember ? 'leave' : 'join', { channel: it.id })}
          aria-label={`${it.isMember ? 'Leave' : 'Join'} ${it.name}`}
        >
          {it.isMember ? 'Leave' : 'Join'}
        </button>
      )}
    </li>
  );
}

function Create({ close }: { close: () => void }) {
  const session = useSession();
  const [wrong, setWrong] = useState<string>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const form = new FormData(event.currentTarget);
    const name = typedName(String(form.get('name')));
    const problem = nameProblem(name);
    if (problem) {
      setWrong(wordsFor(problem));
      return;
    }
    const outcome = await session.quietly('channel', {
      name,
      private: form.get('private') === 'on',
    });
    if (!outcome.ok) {
      setWrong(wordsFor(outcome.error));
      return;
    }
    close();
    await session.goTo(String(outcome.channel));
  };
  return (
    <Dialog title="Create a channel" close={close}>
      <form onSubmit={submit} class="form-fields" noValidate>
        <label>
          Name
          <input
            name="name"
            maxLength={81}
            placeholder="for example plan-launch"
            autocomplete="off"
            aria-invalid={wrong !== undefined}
            aria-describedby="create-wrong"
            onInput={() => setWrong(undefined)}
          />
        </label>
        <p id="create-wrong" class="form-wrong" role="alert">
          {wrong}
        </p>
        <label class="check">
          <input type="checkbox" name="private" /> Private: only invited people see it
        </label>
        <div class="dialog-feet">
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="btn is-primary">
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** One person or several to write to. */
function Direct({ close }: { close: () => void }) {
  const session = useSession();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const start = async () => {
    const outcome = await session.act('dm', { with: [...chosen] });
    if (!outcome.ok) return;
    close();
    await session.goTo(String(outcome.channel));
  };
  return (
    <Dialog title="New message" close={close}>
      <PersonTicks label="To" chosen={chosen} choose={setChosen} people={others(session)} />
      <div class="dialog-feet">
        <button type="button" class="btn" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="btn is-primary"
          disabled={chosen.size === 0 || chosen.size > 8}
          onClick={start}
        >
          Go
        </button>
      </div>
    </Dialog>
  );
}

function Columns({ close }: { close: () => void }) {
  const session = useSession();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set([session.me]));
  const people = [...session.people.value.values()].filter((it) => !it.deleted && !it.bot);
  const where = session.where.value;
  const start = () => {
    const names = people.filter((it) => chosen.has(it.id)).map((it) => it.name);
    const query = new URLSearchParams({ people: names.join(',') });
    if (where.view === 'channel') query.set('channel', where.channel);
    location.assign(`/side-by-side?${query}`);
  };
  return (
    <Dialog title="Several people side by side" close={close}>
      <p class="muted">Two to four people, each in a column of their own.</p>
      <PersonTicks label="People" chosen={chosen} choose={setChosen} people={people} />
      <div class="dialog-feet">
        <button type="button" class="btn" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="btn is-primary"
          disabled={chosen.size < 2 || chosen.size > 4}
          onClick={start}
        >
          Open
        </button>
      </div>
    </Dialog>
  );
}

/** People to tick, with a search. */
export function PersonTicks({
  label,
  people,
  chosen,
  choose,
}: {
  label: string;
  people: readonly Person[];
  chosen: ReadonlySet<string>;
  choose: (chosen: ReadonlySet<string>) => void;
}) {
  const [words, setWords] = useState('');
  const found = people.filter(
    (it) =>
      chosen.has(it.id) ||
      `${it.name} ${it.realName} ${it.displayName}`.toLowerCase().includes(words.toLowerCase()),
  );
  return (
    <fieldset class="person-ticks">
      <legend>{label}</legend>
      <input
        type="search"
        aria-label="Search people"
        placeholder="Search people"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <ul class="rows">
        {found.slice(0, MOST).map((it) => (
          <li key={it.id}>
            <label class="row-main">
              <input
                type="checkbox"
                checked={chosen.has(it.id)}
                onChange={(event) => {
                  const next = new Set(chosen);
                  if (event.currentTarget.checked) next.add(it.id);
                  else next.delete(it.id);
                  choose(next);
                }}
              />
              <Face small person={it} />
              <span>
                <b>{labelOf(it)}</b>
                <small>{it.realName}</small>
              </span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function others(session: ReturnType<typeof useSession>): Person[] {
  return [...session.people.value.values()].filter(
    (it) => !it.deleted && it.id !== session.me && it.id !== 'USLACKBOT' && it.id !== session.facts.botUserId,
  );
}
