import { labelOf } from '../../state/directory.js';
import { useSession } from '../../state/use.js';
import { Face } from '../face.js';
import { changePerson } from '../who.js';
import { Dialog } from './dialog.js';

/** Who somebody is, and ways to write to them or to become them. */
export function Profile() {
  const session = useSession();
  const it = session.people.value.get(session.profile.value ?? '');
  if (!it) return null;
  const close = () => {
    session.profile.value = undefined;
  };
  const write = async () => {
    const outcome = await session.act('dm', it.id === session.facts.botUserId ? {} : { with: [it.id] });
    if (!outcome.ok) return;
    close();
    await session.goTo(String(outcome.channel));
  };
  const facts: Array<[string, string]> = [
    ['Name', `@${it.name}`],
    ['Time zone', it.tz ?? 'Slack knows none'],
    ['Kind', it.bot ? 'App' : it.guest ? 'Guest' : it.deleted ? 'Deactivated' : 'Member'],
    ['Id', it.id],
  ];
  return (
    <Dialog title={it.realName || it.name} close={close}>
      <div class="profile">
        <Face person={it} />
        <div>
          <b>{labelOf(it)}</b>
          <div class="muted">{it.title}</div>
        </div>
      </div>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-feet">
        {!it.bot && !it.deleted && it.id !== session.me && (
          <button type="button" class="btn" onClick={() => changePerson(it.name, session.keep)}>
            Become {labelOf(it)}
          </button>
        )}
        {!it.deleted && it.id !== 'USLACKBOT' && (
          <button type="button" class="btn is-primary" onClick={() => void write()}>
            Message
          </button>
        )}
      </div>
    </Dialog>
  );
}
