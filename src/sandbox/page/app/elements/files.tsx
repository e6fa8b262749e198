import { useState } from 'preact/hooks';
import { textOf } from '../../../fields.js';
import { Icon } from '../text/icon.js';
import { aria, type ElementProps } from './form.js';
import { listOfValues } from './values.js';

/** Files to upload: each goes to the workspace when it is chosen, and the form holds their ids. */
export function FileInput({ form, block, element, naming }: ElementProps) {
  const { upload } = form.place;
  const [named, setNamed] = useState<Readonly<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const most = Number(element.max_files ?? 10);
  const types = Array.isArray(element.filetypes)
    ? element.filetypes.map((it) => String(it).toLowerCase())
    : [];
  const ids = listOfValues(form.valueOf(block, element));
  const take = async (files: readonly File[]) => {
    if (!upload) return;
    const refused = files.filter((it) => types.length > 0 && !types.includes(endingOf(it.name)));
    const fitting = files.filter((it) => !refused.includes(it));
    if (refused.length > 0)
      setWrong(`Not of the type asked for (${types.join(', ')}): ${refused.map((it) => it.name).join(', ')}`);
    else if (ids.length + fitting.length > most)
      setWrong(`You can add at most ${most} ${most === 1 ? 'file' : 'files'}.`);
    else setWrong(undefined);
    setBusy(true);
    const now = [...ids];
    for (const file of fitting.slice(0, Math.max(0, most - ids.length))) {
      try {
        const { id, name } = await upload(file);
        now.push(id);
        setNamed((before) => ({ ...before, [id]: name }));
        form.keep(block, element, [...now]);
      } catch {
        setWrong(`${file.name} could not be uploaded.`);
      }
    }
    setBusy(false);
  };
  return (
    <span class="with-trouble wide">
      <input
        {...aria(naming, 'Files')}
        class="input file"
        type="file"
        multiple={most > 1}
        accept={types.map((it) => `.${it}`).join(',') || undefined}
        disabled={!upload}
        aria-busy={busy}
        data-action={textOf(element.action_id)}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // The same file can be chosen again after it was removed.
          event.currentTarget.value = '';
          void take(files);
        }}
      />
      {ids.length > 0 && (
        <ul class="file-list">
          {ids.map((id) => (
            <li key={id}>
              <Icon name="file" /> {named[id] ?? id}
              <button
                type="button"
                aria-label={`Remove ${named[id] ?? id}`}
                onClick={() =>
                  form.keep(
                    block,
                    element,
                    ids.filter((it) => it !== id),
                  )
                }
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <span role="status" class={wrong ? 'trouble' : 'hint'}>
        {busy ? 'Uploading…' : (wrong ?? '')}
      </span>
    </span>
  );
}

function endingOf(name: string): string {
  return name.includes('.') ? (name.split('.').at(-1) ?? '').toLowerCase() : '';
}
