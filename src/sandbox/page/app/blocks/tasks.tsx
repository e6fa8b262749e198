import { type Fields, isFields, listOf, textOf } from '../../../fields.js';
import { Link } from '../text/pieces.js';
import { wordsOf } from '../text/plain.js';
import { RichText } from '../text/rich-text.js';
import type { BlockProps } from './plain-blocks.js';

const STATES: Readonly<Record<string, readonly [sign: string, words: string]>> = {
  pending: ['○', 'Pending'],
  in_progress: ['◐', 'In progress'],
  complete: ['✓', 'Complete'],
  error: ['✕', 'Failed'],
};

/** One task of an app that works for somebody: its state, details and sources. */
export function TaskCard({ block, form }: BlockProps) {
  const { names, open } = form.place;
  const status = textOf(block.status) ?? 'pending';
  const [sign, words] = STATES[status] ?? STATES.pending ?? ['', ''];
  const parts = [block.details, block.output].filter(isFields);
  const sources = listOf(block.sources);
  const head = (
    <>
      <span class={`task-state ${status}`} role="img" aria-label={words}>
        {sign}
      </span>
      <span class="task-title">{titleOf(block)}</span>
    </>
  );
  if (parts.length === 0 && sources.length === 0) return <div class="task-card">{head}</div>;
  return (
    <details class="task-card" open={status !== 'complete'}>
      <summary>{head}</summary>
      <div class="task-body">
        {parts.map((part, index) => (
          <RichText key={index} block={part} names={names} open={open} />
        ))}
        {sources.length > 0 && (
          <div class="sources">
            {sources.map((source, index) => (
              <Link key={index} href={String(source.url)}>
                {textOf(source.text) ?? String(source.url)}
              </Link>
            ))}
          </div>
        )}
      </div>
    </details>
  );
}

/** Tasks under a title. */
export function Plan({ block, form }: BlockProps) {
  return (
    <div class="plan">
      <div class="card-title">{titleOf(block)}</div>
      <ul>
        {listOf(block.tasks).map((task, index) => (
          <li key={textOf(task.task_id) ?? index}>
            <TaskCard block={task} form={form} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Slack's types say text, its samples sometimes a text object. */
function titleOf(block: Fields): string {
  return textOf(block.title) ?? wordsOf(block.title) ?? '';
}
