import { useState } from 'preact/hooks';
import { isFields } from '../../../fields.js';

const OPEN_DEPTH = 2;
const LONG = 200;

/** A JSON value that unfolds, level by level. */
export function Json({ value }: { value: unknown }) {
  const [copied, setCopied] = useState(false);
  if (value === undefined || value === '') return <p class="muted">Nothing</p>;
  const copy = async () => {
    await navigator.clipboard.writeText(JSON.stringify(value, null, 2)).catch(() => {});
    setCopied(true);
  };
  return (
    <div class="json">
      <button type="button" class="text-button" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </button>
      <Value value={value} depth={0} />
    </div>
  );
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (Array.isArray(value)) {
    return (
      <Members
        open="["
        end="]"
        depth={depth}
        all={value.map((it, at): [string, unknown] => [String(at), it])}
      />
    );
  }
  if (isFields(value)) return <Members open="{" end="}" depth={depth} all={Object.entries(value)} />;
  if (typeof value === 'string') return <Text text={value} />;
  return <span class="json-plain">{String(value)}</span>;
}

function Members({
  open,
  end,
  all,
  depth,
}: {
  open: string;
  end: string;
  all: ReadonlyArray<[string, unknown]>;
  depth: number;
}) {
  if (all.length === 0) return <span class="json-plain">{`${open}${end}`}</span>;
  return (
    <details open={depth < OPEN_DEPTH}>
      <summary>
        {open}
        <span class="muted">
          {' '}
          {all.length} {end}
        </span>
      </summary>
      <ul>
        {all.map(([name, value]) => (
          <li key={name}>
            <span class="json-name">{name}</span>: <Value value={value} depth={depth + 1} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Text({ text }: { text: string }) {
  const [whole, setWhole] = useState(text.length <= LONG);
  return (
    <span class="json-text">
      {JSON.stringify(whole ? text : text.slice(0, LONG))}
      {!whole && (
        <button type="button" class="text-button" onClick={() => setWhole(true)}>
          … all {text.length} characters
        </button>
      )}
    </span>
  );
}
