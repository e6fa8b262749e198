import { useEffect, useRef, useState } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import type { Conversation } from '../../protocol.js';
import type { Shown } from '../channel/shown.js';
import { useSession } from '../state/use.js';
import { typedOf } from './typed.js';

/** A message of one's own, to be written anew in its place: Enter saves, Escape leaves it. */
export function Editor({
  channel,
  message,
  done,
}: {
  channel: Conversation;
  message: Shown;
  done: () => void;
}) {
  const session = useSession();
  const box = useRef<HTMLTextAreaElement>(null);
  const [text] = useState(() => typedOf(textOf(message.text) ?? '', session.names.peek()));
  useEffect(() => {
    const it = box.current;
    if (!it) return;
    it.focus();
    it.setSelectionRange(it.value.length, it.value.length);
  }, []);
  const save = async () => {
    const now = box.current?.value.trim() ?? '';
    if (now === '') return;
    if (now !== text.trim()) {
      const outcome = await session.act('message/edit', { channel: channel.id, ts: message.ts, text: now });
      if (!outcome.ok) return;
    }
    done();
  };
  return (
    <div class="editor">
      <textarea
        ref={box}
        aria-label="Edit message"
        rows={Math.min(10, text.split('\n').length + 1)}
        defaultValue={text}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Escape') done();
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void save();
        }}
      />
      <div class="editor-feet">
        <button type="button" class="btn is-small" onClick={done}>
          Cancel
        </button>
        <button type="button" class="btn is-small is-primary" onClick={() => void save()}>
          Save
        </button>
      </div>
    </div>
  );
}
