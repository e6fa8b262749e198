import { z } from 'zod';
import { homeBlocks, messageBlocks, modalBlocks } from '../blocks/block.js';
import { accessories, actionElement, contextAction, inputElement } from '../blocks/elements.js';
import { type Fields, isFields, listOf } from '../fields.js';

/** A kind of block or element: where it may stand, and its limits in words. */
export interface Kind {
  readonly type: string;
  readonly places: readonly string[];
  readonly limits: string;
}

/** Every kind of block that the checker takes, with the surfaces it takes it on. */
export function blockKinds(): Kind[] {
  return kindsOf({ message: messageBlocks, modal: modalBlocks, home: homeBlocks });
}

/** Every kind of element that the checker takes, with the blocks it takes it in. */
export function elementKinds(): Kind[] {
  return kindsOf({
    actions: z.array(actionElement),
    section: z.array(z.discriminatedUnion('type', [...accessories])),
    input: z.array(inputElement),
    context_actions: z.array(contextAction),
  });
}

function kindsOf(lists: Record<string, z.ZodType>): Kind[] {
  const kinds = new Map<string, { places: string[]; limits: string }>();
  for (const [place, list] of Object.entries(lists)) {
    const schema = z.toJSONSchema(list, { io: 'input', unrepresentable: 'any' });
    for (const member of choicesIn(isFields(schema.items) ? schema.items : {})) {
      const type = typeOf(member);
      if (!type) continue;
      const kind = kinds.get(type) ?? { places: [], limits: limitsOf(member) };
      kind.places.push(place);
      kinds.set(type, kind);
    }
  }
  return [...kinds]
    .map(([type, { places, limits }]) => ({ type, places, limits }))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}

function choicesIn(schema: Fields): Fields[] {
  return [...listOf(schema.oneOf), ...listOf(schema.anyOf)];
}

function typeOf(schema: Fields): string | undefined {
  const type = isFields(schema.properties) ? schema.properties.type : undefined;
  return isFields(type) && typeof type.const === 'string' ? type.const : undefined;
}

/** The limits of an object's members, `text ≤ 3000, fields ≤ 10`. Ids have the same limit everywhere. */
function limitsOf(schema: Fields): string {
  if (!isFields(schema.properties)) return '';
  return Object.entries(schema.properties)
    .filter(([name]) => name !== 'block_id' && name !== 'action_id' && name !== 'type')
    .flatMap(([name, member]) => (isFields(member) ? limitOf(name, member) : []))
    .join(', ');
}

function limitOf(name: string, schema: Fields): string[] {
  const { minLength, maxLength, minItems, maxItems, items, properties } = schema;
  if (typeof maxLength === 'number') return [`${name} ${span(minLength, maxLength)}`];
  if (typeof maxItems === 'number') {
    const inner = isFields(items) ? limitOf('each', items) : [];
    return [[`${name} ${span(minItems, maxItems)}`, ...inner].join(', ')];
  }
  const text = isFields(properties) ? properties.text : undefined;
  if (isFields(text) && typeof text.maxLength === 'number') return [`${name} ≤ ${text.maxLength}`];
  return [
    ...new Set(
      choicesIn(schema)
        .filter((it) => typeOf(it)?.match(/^(plain_text|mrkdwn)$/))
        .flatMap((it) => limitOf(name, it)),
    ),
  ];
}

function span(min: unknown, max: number): string {
  return typeof min === 'number' && min > 1 ? `${min}–${max}` : `≤ ${max}`;
}
