import { useState } from 'preact/hooks';
import { nameProblem, typedName } from '../../../workspace/objects/channel-name.js';
import type { Conversation } from '../../protocol.js';
import { Icon } from '../shell/icon.js';
import { Confirm, Dialog } from '../shell/overlay/dialog.js';
import { PersonTicks } from '../shell/overlay/openings.js';
import { wordsFor } from '../state/notices.js';
import { useSession } from '../state/use.js';
import { Members, useDetails } from './details.js';

type Asked = 'rename' | 'archive' | 'leave' | 'invite' | 'bookmark';

/** What a channel is, who is in it, and what its members may do with it. */
export function About({ channel, close }: { channel: Conversation; close: () => void }) {
  const session = useSession();
  const [asked, setAsked] = useState<Asked>();
  const may = channel.kind === 'channel' && channel.isMember && !channel.isArchived;
  const done = () => setAsked(undefined);
  return (
    <aside class="panel" aria-label="About this conversation" data-region="panel">
      <header class="panel-head">
        <h2>{channel.kind === 'channel' ? `About #${channel.name}` : 'About this conversation'}</h2>
        <button type="button" class="icon-button" aria-label="Close details" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="panel-body">
        {channel.kind === 'channel' && (
          <>
            <Note key={`${channel.id} topic`} channel={channel} what="topic" may={may} />
            <Note key={`${channel.id} purpose`} channel={channel} what="purpose" may={may} />
            <p class="muted">
              Created by {session.label(channel.creator)} on{' '}
              {new Date(channel.created * 1000).toLocaleDateString('en-GB', { dateStyle: 'long' })} · id{' '}
              <code>{channel.id}</code>
            </p>
            <div class="button-row">
              {may && <Do label="Invite people" run={() => setAsked('invite')} />}
              {may && <Do label="Add a bookmark" run={() => setAsked('bookmark')} />}
              {may && <Do label="Rename" run={() => setAsked('rename')} />}
              {channel.isMember && !channel.isGeneral && <Do label="Leave" run={() => setAsked('leave')} />}
              {!channel.isGeneral && channel.isMember && (
                <Do
                  label={channel.isArchived ? 'Unarchive' : 'Archive'}
                  run={() =>
                    channel.isArchived
                      ? void session.act('channel/archive', { channel: channel.id, remove: true })
                      : setAsked('archive')
                  }
                />
              )}
            </div>
          </>
        )}
        <h3>{channel.memberCount === 1 ? '1 member' : `${channel.memberCount} members`}</h3>
        <Members channel={channel} />
      </div>
      {asked === 'invite' && <Invite channel={channel} close={done} />}
      {asked === 'bookmark' && (
        <Form
          title="Add a bookmark"
          fields={[
            { name: 'title', label: 'Name' },
            { name: 'link', label: 'Address', address: true },
          ]}
          save={(given) => session.quietly('bookmark', { channel: channel.id, ...given })}
          close={done}
        />
      )}
      {asked === 'rename' && (
        <Form
          title="Rename this channel"
          fields={[{ name: 'name', label: 'Name', value: channel.name }]}
          save={async (given) => {
            const name = typedName(given.name ?? '');
            const error = nameProblem(name);
            return error
              ? { ok: false, error }
              : session.quietly('channel/rename', { channel: channel.id, name });
          }}
          close={done}
        />
      )}
      {asked === 'archive' && (
        <Confirm
          title="Archive this channel?"
          text={`Nobody can write in #${channel.name} any more; it can still be read.`}
          yes="Archive"
          close={done}
          run={() => void session.act('channel/archive', { channel: channel.id })}
        />
      )}
      {asked === 'leave' && (
        <Confirm
          title={`Leave #${channel.name}?`}
          text={
            channel.isPrivate
              ? 'It is private: somebody has to invite you again.'
              : 'You can join again at any time.'
          }
          yes="Leave"
          close={done}
          run={() => void session.act('leave', { channel: channel.id })}
        />
      )}
    </aside>
  );
}

function Do({ label, run }: { label: string; run: () => void }) {
  return (
    <button type="button" class="btn is-small" onClick={run}>
      {label}
    </button>
  );
}

function Note({ channel, what, may }: { channel: Conversation; what: 'topic' | 'purpose'; may: boolean }) {
  const session = useSession();
  const [editing, setEditing] = useState(false);
  const title = what === 'topic' ? 'Topic' : 'Description';
  const value = channel[what];
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const text = String(new FormData(event.currentTarget).get('text'));
    const outcome = await session.act('topic', { channel: channel.id, [what]: text });
    if (outcome.ok) setEditing(false);
  };
  return (
    <section class="note-of">
      <div class="dialog-row">
        <h3>{title}</h3>
        {may && !editing && (
          <button
            type="button"
            class="text-button"
            aria-label={`Edit ${title.toLowerCase()}`}
            onClick={() => setEditing(true)}
          >
            Edit
          </button>
        )}
      </div>
      {editing ? (
        <form class="form-fields" onSubmit={save}>
          <textarea name="text" rows={2} maxLength={250} aria-label={title} defaultValue={value} />
          <div class="dialog-feet">
            <button type="button" class="btn is-small" onClick={() => setEditing(false)}>
              Cancel
            </button>
            <button type="submit" class="btn is-small is-primary">
              Save
            </button>
          </div>
        </form>
      ) : (
        <p class={value ? '' : 'muted'}>{value || 'None yet.'}</p>
      )}
    </section>
  );
}

function Invite({ channel, close }: { channel: Conversation; close: () => void }) {
  const session = useSession();
  const details = useDetails(channel.id);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const people = [...session.people.value.values()].filter(
    (it) => !it.deleted && it.id !== 'USLACKBOT' && !details?.members.includes(it.id),
  );
  const invite = async () => {
    const outcome = await session.act('channel/invite', { channel: channel.id, people: [...chosen] });
    if (outcome.ok) close();
  };
  return (
    <Dialog title={`Invite people to #${channel.name}`} close={close}>
      <PersonTicks label="People" people={people} chosen={chosen} choose={setChosen} />
      <div class="dialog-feet">
        <button type="button" class="btn" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="btn is-primary"
          disabled={chosen.size === 0}
          onClick={() => void invite()}
        >
          Invite
        </button>
      </div>
    </Dialog>
  );
}

/** A small form in a dialog that stays open while the sandbox refuses what was typed. */
function Form({
  title,
  fields,
  save,
  close,
}: {
  title: string;
  fields: ReadonlyArray<{ name: string; label: string; value?: string; address?: boolean }>;
  save: (given: Record<string, string>) => Promise<{ ok: boolean; error?: string }>;
  close: () => void;
}) {
  const [wrong, setWrong] = useState<string>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]);
    const outcome = await save(Object.fromEntries(given));
    if (outcome.ok) close();
    else setWrong(wordsFor(outcome.error));
  };
  return (
    <Dialog title={title} close={close}>
      <form class="form-fields" noValidate onSubmit={submit}>
        {fields.map((it) => (
          <label key={it.name}>
            {it.label}
            <input
              name={it.name}
              inputMode={it.address ? 'url' : 'text'}
              defaultValue={it.value}
              autocomplete="off"
              aria-describedby="form-wrong"
            />
          </label>
        ))}
        <p id="form-wrong" class="form-wrong" role="alert">
          {wrong}
        </p>
        <div class="dialog-feet">
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="btn is-primary">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
