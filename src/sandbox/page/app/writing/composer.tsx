import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../protocol.js';
import { Icon } from '../shell/icon.js';
import { MenuButton } from '../shell/overlay/menu.js';
import { base64Of, useSession } from '../state/use.js';
import { type Completing, type Completion, completing } from './completion.js';
import { EmojiPicker } from './emoji-picker.js';
import { commandIn } from './typed.js';

const TALLEST_PX = 260;

/**
 * Where one writes: messages, and in channels commands.
 * What was begun is kept for each channel and thread. To be made anew (by its key) for another one.
 */
export function Composer({
  channel,
  thread,
  label,
}: {
  channel: Conversation;
  thread?: string;
  label: string;
}) {
  const session = useSession();
  const draft = `${channel.id} ${thread ?? ''}`;
  const box = useRef<HTMLTextAreaElement>(null);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [picking, setPicking] = useState<Element>();
  const [broadcast, setBroadcast] = useState(false);
  const complete = useCompletion(box, thread !== undefined);
  const grow = () => {
    const it = box.current;
    if (!it) return;
    it.style.height = 'auto';
    it.style.height = `${Math.min(it.scrollHeight + 2, TALLEST_PX)}px`;
  };
  useLayoutEffect(() => {
    if (box.current) box.current.value = session.drafts.get(draft) ?? '';
    grow();
  }, [draft, session]);
  const put = (text: string, from: number, to: number) => {
    const it = box.current;
    if (!it) return;
    it.setRangeText(text, from, to, 'end');
    session.drafts.set(draft, it.value);
    grow();
    it.focus();
  };
  const insert = (text: string) => {
    const at = box.current?.selectionStart ?? 0;
    put(text, at, box.current?.selectionEnd ?? at);
  };
  const send = async () => {
    const it = box.current;
    const text = it?.value.trim() ?? '';
    if (!it || (text === '' && files.length === 0)) return;
    const command = commandIn(text);
    if (command && thread) {
      session.notices.show(`${command.command} is not supported in threads. Sorry!`, true);
      return;
    }
    const restore = it.value;
    it.value = '';
    session.drafts.delete(draft);
    complete.close();
    grow();
    const attached = files;
    setFiles([]);
    const sent = await deliver(text, attached);
    // What was written is not lost because the sandbox was not there.
    if (sent || it.value !== '') return;
    it.value = restore;
    session.drafts.set(draft, restore);
    setFiles(attached);
    grow();
  };
  const deliver = async (text: string, attached: readonly File[]): Promise<boolean> => {
    const on = { channel: channel.id, ...(thread ? { thread_ts: thread } : {}) };
    const command = commandIn(text);
    if (attached.length > 0) {
      for (const [at, file] of attached.entries()) {
        const content = { name: file.name, content_base64: await base64Of(file) };
        const outcome = await session.act('file', {
          ...on,
          ...content,
          ...(at === 0 && text ? { text } : {}),
        });
        if (!outcome.ok) return false;
      }
      return true;
    }
    if (command) {
      // Slackbot says in the channel what became of it.
      const outcome = await session.quietly('command', { channel: channel.id, ...command });
      if (outcome.error === 'unreachable') session.notices.judge(outcome);
      return outcome.error !== 'unreachable';
    }
    const outcome = await session.act('message', { ...on, text, ...(thread ? { broadcast } : {}) });
    if (outcome.ok) setBroadcast(false);
    return outcome.ok;
  };
  const keys = (event: KeyboardEvent) => {
    if (complete.key(event, put)) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void send();
    }
  };
  const add = (list: FileList | null | undefined) => {
    if (list && list.length > 0) setFiles((before) => [...before, ...list]);
  };
  return (
    <form
      class="composer"
      data-region={thread ? undefined : 'composer'}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        add(event.dataTransfer?.files);
      }}
    >
      {complete.list(put)}
      {files.length > 0 && (
        <ul class="attached" aria-label="Files to be sent">
          {files.map((file, at) => (
            <li key={`${file.name} ${at}`}>
              <Icon name="file" /> {file.name}
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove ${file.name}`}
                onClick={() => setFiles(files.filter((_, other) => other !== at))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <textarea
        ref={box}
        id={thread ? 'reply' : 'text'}
        data-entry
        rows={1}
        aria-label={label}
        placeholder={label}
        {...complete.aria}
        onInput={(event) => {
          session.drafts.set(draft, event.currentTarget.value);
          grow();
          complete.look();
        }}
        onKeyDown={keys}
        onKeyUp={(event) => {
          if (event.key.startsWith('Arrow') && !complete.open) complete.look();
        }}
        onBlur={() => complete.close()}
        onPaste={(event) => {
          if ((event.clipboardData?.files.length ?? 0) === 0) return;
          event.preventDefault();
          add(event.clipboardData?.files);
        }}
      />
      <div class="composer-feet">
        <AttachButton add={add} />
        <button
          type="button"
          class="icon-button"
          aria-label="Emoji"
          title="Emoji"
          aria-haspopup="dialog"
          onClick={(event) => setPicking(event.currentTarget)}
        >
          <Icon name="smile" />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="Mention someone"
          title="Mention someone"
          onClick={() => {
            insert('@');
            complete.look();
          }}
        >
          <Icon name="at" />
        </button>
        {!thread && <Shortcuts />}
        {thread && (
          <label class="check">
            <input
              type="checkbox"
              checked={broadcast}
              onChange={(event) => setBroadcast(event.currentTarget.checked)}
            />
            Also send to {channel.kind === 'channel' ? `#${channel.name}` : 'direct message'}
          </label>
        )}
        <span class="grow" />
        <button type="submit" class="send" aria-label={thread ? 'Send reply' : 'Send'} title="Send (Enter)">
          <Icon name="send" />
        </button>
      </div>
      {picking && (
        <EmojiPicker
          anchor={picking}
          close={() => {
            setPicking(undefined);
            box.current?.focus();
          }}
          choose={(name) => {
            setPicking(undefined);
            insert(`:${name}: `);
          }}
        />
      )}
    </form>
  );
}

function AttachButton({ add }: { add: (files: FileList | null) => void }) {
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label="Attach files"
        title="Attach files"
        onClick={() => chooser.current?.click()}
      >
        <Icon name="clip" />
      </button>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={(event) => {
          add(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}

function Shortcuts() {
  const session = useSession();
  const all = session.facts.shortcuts.filter((it) => it.type === 'global');
  if (all.length === 0) return null;
  return (
    <MenuButton
      label="Shortcuts"
      items={all.map((it) => ({
        label: it.name,
        detail: it.description,
        run: () => void session.act('shortcut', { callback_id: it.callback_id }),
      }))}
    >
      <Icon name="bolt" />
    </MenuButton>
  );
}

type Put = (text: string, from: number, to: number) => void;

/** The list of what can be completed at the caret; the text box keeps the focus. */
function useCompletion(box: { current: HTMLTextAreaElement | null }, inThread: boolean) {
  const session = useSession();
  const id = useId();
  const [found, setFound] = useState<Completing>();
  const [at, setAt] = useState(0);
  const shown = useRef<HTMLDivElement>(null);
  useEffect(() => {
    shown.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const close = () => setFound(undefined);
  const look = () => {
    const it = box.current;
    if (!it || it.selectionStart !== it.selectionEnd) return close();
    setAt(0);
    setFound(completing(session, it.value.slice(0, it.selectionStart), inThread));
  };
  const take = (item: Completion, put: Put) => {
    if (!found) return;
    put(`${item.insert} `, found.from, box.current?.selectionStart ?? 0);
    close();
  };
  const key = (event: KeyboardEvent, put: Put): boolean => {
    const item = found?.items[at];
    if (!found || !item) return false;
    const count = found.items.length;
    const typed = box.current?.value.slice(found.from, box.current.selectionStart);
    const exact = typed === item.insert;
    if (event.key === 'ArrowDown') setAt((at + 1) % count);
    else if (event.key === 'ArrowUp') setAt((at - 1 + count) % count);
    else if (event.key === 'Escape') close();
    else if (event.key === 'Tab' && !event.shiftKey) take(item, put);
    // What is whole already is sent, not completed.
    else if (event.key === 'Enter' && !event.isComposing && !exact) take(item, put);
    else return false;
    event.preventDefault();
    return true;
  };
  const list = (put: Put) =>
    found && (
      <div class="completions" role="listbox" aria-label="Suggestions" id={id} ref={shown}>
        {found.items.map((item, index) => (
          <div
            key={item.insert}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            class={index === at ? 'completion is-on' : 'completion'}
            onPointerDown={(event) => {
              event.preventDefault();
              take(item, put);
            }}
          >
            <b>{item.label}</b>
            <small>{item.detail}</small>
          </div>
        ))}
      </div>
    );
  const aria = {
    'aria-autocomplete': 'list',
    ...(found ? { 'aria-controls': id, 'aria-activedescendant': `${id}-${at}` } : {}),
  } as const;
  return { look, close, key, list, aria, open: found !== undefined };
}
