import { useRef, useState } from 'preact/hooks';
import { type Fields, listOf, textOf } from '../../../fields.js';
import type { Form } from '../elements/form.js';
import { elementsIn, initialOf } from '../elements/values.js';
import { Confirm, confirmOf, type Question } from '../forms/confirm.js';
import type { Place, Typed } from '../place.js';
import { Markdown } from '../text/markdown.js';
import { RichText } from '../text/rich-text.js';
import { Alert, CallCard, Card, Carousel, Container, RemoteFile, Video } from './cards.js';
import { Chart } from './chart.js';
import { Actions, type BlockProps, Context, Header, Image, Input, Section } from './plain-blocks.js';
import { DataTable, Table } from './tables.js';
import { Plan, TaskCard } from './tasks.js';

interface BlocksProps {
  blocks: readonly Fields[];
  place: Place;
  /** What was typed; left out: kept here until the blocks go. */
  values?: Typed;
  /** What is wrong, by `block_id`. */
  errors?: Fields;
  /** Id of the view that they stand in. */
  view?: string;
  onChange?(values: Typed): void;
}

/** The blocks of a message or view. */
export function Blocks({ blocks, place, values, errors, view, onChange }: BlocksProps) {
  const [own, setOwn] = useState<Typed>({});
  const [question, setQuestion] = useState<Question>();
  // What is typed between two drawings is there at once.
  const typed = useRef<Typed>(own);
  typed.current = values ?? typed.current;

  const form: Form = {
    place,
    view,
    errors,
    valueOf(block, element) {
      const kept = typed.current[String(block.block_id)]?.[String(element.action_id)];
      return kept === undefined ? beginning(element, place) : kept;
    },
    keep(block, element, value) {
      typed.current = withValue(typed.current, block, element, value);
      if (onChange) onChange(typed.current);
      else setOwn(typed.current);
    },
    around(block, element, value) {
      const now = value === undefined ? typed.current : withValue(typed.current, block, element, value);
      return { values: complete(blocks, now, place), view };
    },
    confirm(element) {
      const confirm = confirmOf(element);
      if (!confirm) return Promise.resolve(true);
      return new Promise((resolve) => {
        const answer = (yes: boolean) => {
          setQuestion(undefined);
          resolve(yes);
        };
        setQuestion({ confirm, answer });
      });
    },
  };
  return (
    <div class="blocks">
      {blocks.map((block, index) => (
        <Block key={textOf(block.block_id) ?? index} block={block} form={form} />
      ))}
      {question && <Confirm {...question} names={place.names} />}
    </div>
  );
}

function beginning(element: Fields, place: Place): unknown {
  const initial = initialOf(element);
  if (initial !== undefined || element.default_to_current_conversation !== true || !place.here)
    return initial;
  return String(element.type).startsWith('multi_') ? [place.here] : place.here;
}

function withValue(typed: Typed, block: Fields, element: Fields, value: unknown): Typed {
  const id = String(block.block_id);
  return { ...typed, [id]: { ...typed[id], [String(element.action_id)]: value } };
}

/** What was typed, with the conversation that some menus begin with: only the page knows which one is open. */
export function complete(blocks: readonly Fields[], typed: Typed, place: Place): Typed {
  let all = typed;
  for (const block of blocks) {
    for (const element of elementsIn(block)) {
      const kept = typed[String(block.block_id)]?.[String(element.action_id)];
      if (element.default_to_current_conversation !== true || kept !== undefined) continue;
      const value = beginning(element, place);
      if (value !== undefined) all = withValue(all, block, element, value);
    }
  }
  return all;
}

function Block(props: BlockProps) {
  const { block, form } = props;
  const { names, open } = form.place;
  switch (block.type) {
    case 'section':
      return <Section {...props} />;
    case 'header':
      return <Header {...props} />;
    case 'divider':
      return <hr class="divider" />;
    case 'context':
      return <Context {...props} />;
    case 'actions':
    case 'context_actions':
      return <Actions {...props} />;
    case 'input':
      return <Input {...props} />;
    case 'image':
      return <Image {...props} />;
    case 'rich_text':
      return <RichText block={block} names={names} open={open} />;
    case 'markdown':
      return <Markdown text={textOf(block.text) ?? ''} names={names} open={open} />;
    case 'table':
      return <Table {...props} />;
    case 'data_table':
      return <DataTable {...props} />;
    case 'data_visualization':
      return <Chart {...props} />;
    case 'video':
      return <Video {...props} />;
    case 'file':
      return <RemoteFile {...props} />;
    case 'alert':
      return <Alert {...props} />;
    case 'card':
      return <Card {...props} />;
    case 'call':
      return <CallCard {...props} />;
    case 'carousel':
      return <Carousel {...props} />;
    case 'container':
      return (
        <Container {...props}>
          {listOf(block.child_blocks).map((child, index) => (
            <Block key={textOf(child.block_id) ?? index} block={child} form={form} />
          ))}
        </Container>
      );
    case 'plan':
      return <Plan {...props} />;
    case 'task_card':
      return <TaskCard {...props} />;
    default:
      return (
        <div class="unknown-block">
          This block cannot be shown: <code class="code">{String(block.type)}</code>
        </div>
      );
  }
}
