import { isDeepStrictEqual } from 'node:util';
import { type Fields, isFields, listOf } from '../fields.js';
import { lengthOf } from '../workspace/text.js';
import { type Complaint, complain } from './complaints.js';
import { blocksIn, elementsIn, optionsOf, type PlacedBlock } from './walk.js';

const MAX_MARKDOWN = 12_000;
const MAX_TABLE = 10_000;
const MAX_DATA_TABLE = 20_000;
const MAX_CHARTS = 2;

/**
 * Rules that hold between members of well-formed blocks: what must stand together, what must be unique, what must fit.
 * @param root json-pointer of the list
 * @param unfurlDomains of the app, which its videos must come from; absent: any
 */
export function ruleComplaints(
  blocks: readonly Fields[],
  root: string,
  unfurlDomains?: readonly string[],
): Complaint[] {
  const placed = blocksIn(blocks, root);
  return [
    ...placed.flatMap((it) => blockRules(it, unfurlDomains)),
    ...pictures(blocks, root),
    ...elementsIn(blocks, root).flatMap(({ element, pointer }) => elementRules(element, pointer)),
    ...sameIds(blocks, root, placed),
    ...markdownTogether(placed),
    ...charts(placed, root),
  ];
}

/** How many tables stand in the blocks; a message may hold one. */
export function tablesIn(blocks: readonly Fields[]): number {
  return blocksIn(blocks).filter(({ block }) => block.type === 'table').length;
}

/** The characters of all texts in the blocks. */
export function sumOfText(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sumOfText(item), 0);
  if (!isFields(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, member]) =>
      sum + (key === 'text' && typeof member === 'string' ? lengthOf(member) : sumOfText(member)),
    0,
  );
}

const missing = (field: string, pointer: string): Complaint => ({
  pointer,
  message: `missing required field: ${field}`,
  constraint: { type: 'required' },
  field,
});

function blockRules({ block, pointer }: PlacedBlock, unfurlDomains?: readonly string[]): Complaint[] {
  switch (block.type) {
    case 'section':
      return block.text === undefined && block.fields === undefined ? [missing('text', pointer)] : [];
    case 'card':
      return ['hero_image', 'title', 'actions', 'body'].every((name) => block[name] === undefined)
        ? [complain(pointer, 'must provide at least one of `hero_image`, `title`, `actions` or `body`')]
        : [];
    case 'container':
      return containerRules(block, pointer);
    case 'video':
      return ownDomain(block.video_url, unfurlDomains)
        ? []
        : [complain(`${pointer}/video_url`, "must be of one of the app's unfurl domains")];
    case 'table':
      return tooLong(block, MAX_TABLE, pointer);
    case 'data_table':
      return [...dataTableRules(block, pointer), ...tooLong(block, MAX_DATA_TABLE, pointer)];
    case 'data_visualization':
      return chartRules(block, pointer);
    case 'input':
      return isFields(block.element) && block.element.type === 'file_input' && block.dispatch_action === true
        ? [complain(`${pointer}/dispatch_action`, 'is not allowed for `file_input`')]
        : [];
    default:
      return [];
  }
}

function containerRules(block: Fields, pointer: string): Complaint[] {
  const untitled = block.title === undefined && block.rich_text_title === undefined;
  const stuck = block.default_collapsed === true && block.is_collapsible !== true;
  return [
    ...(untitled ? [missing('title', pointer)] : []),
    ...(stuck ? [complain(`${pointer}/default_collapsed`, 'requires `is_collapsible` to be true')] : []),
  ];
}

function ownDomain(url: unknown, domains: readonly string[] | undefined): boolean {
  if (domains === undefined) return true;
  const host = URL.canParse(String(url)) ? new URL(String(url)).hostname : '';
  return domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

function tooLong(block: Fields, max: number, pointer: string): Complaint[] {
  if (sumOfText(block.rows) <= max) return [];
  return [
    complain(`${pointer}/rows`, `must be less than ${max + 1} characters`, {
      type: 'max_length',
      expected: max,
    }),
  ];
}

function rowsOf(block: Fields): Fields[][] {
  return Array.isArray(block.rows) ? block.rows.map(listOf) : [];
}

function dataTableRules(block: Fields, pointer: string): Complaint[] {
  const rows = rowsOf(block);
  const columns = rows[0]?.length ?? 0;
  const column = Number(block.row_header_column_index ?? 0);
  return [
    ...rows.flatMap((row, index) =>
      row.length === columns
        ? []
        : [
            complain(
              `${pointer}/rows/${index}`,
              `must have the same number of cells as the header: ${columns}`,
            ),
          ],
    ),
    ...(rows[0] ?? []).flatMap((cell, index) =>
      cell.type === 'rich_text'
        ? [complain(`${pointer}/rows/0/${index}/type`, 'unsupported type: rich_text')]
        : [],
    ),
    ...(column < columns
      ? []
      : [complain(`${pointer}/row_header_column_index`, `must be less than or equal to ${columns - 1}`)]),
  ];
}

function chartRules(block: Fields, pointer: string): Complaint[] {
  const chart = isFields(block.chart) ? block.chart : {};
  const axes = isFields(chart.axis_config) ? chart.axis_config : {};
  const categories = Array.isArray(axes.categories) ? axes.categories : [];
  return listOf(chart.series).flatMap((series, index) =>
    listOf(series.data).flatMap((point, at) =>
      categories.includes(point.label)
        ? []
        : [
            complain(
              `${pointer}/chart/series/${index}/data/${at}/label`,
              'must be one of the categories of `axis_config`',
              { type: 'enum', expected: categories, got: point.label },
            ),
          ],
    ),
  );
}

/** Each picture, wherever it stands, is given by address or by file, and a file by its id or its address. */
function pictures(value: unknown, pointer: string): Complaint[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => pictures(item, `${pointer}/${index}`));
  if (!isFields(value)) return [];
  const inside = Object.entries(value).flatMap(([key, member]) => pictures(member, `${pointer}/${key}`));
  if (value.type !== 'image' || !('alt_text' in value)) return inside;
  const { image_url: url, slack_file: file } = value;
  if ((url === undefined) === (file === undefined))
    return [complain(pointer, 'must provide exactly one of `image_url` or `slack_file`'), ...inside];
  if (isFields(file) && (file.id === undefined) === (file.url === undefined))
    return [complain(`${pointer}/slack_file`, 'must provide exactly one of `id` or `url`'), ...inside];
  return inside;
}

function elementRules(element: Fields, pointer: string): Complaint[] {
  return [
    ...choiceRules(element, pointer),
    ...sameValues(element, pointer),
    ...initials(element, pointer),
    ...bounds(element, pointer),
  ];
}

function choiceRules(element: Fields, pointer: string): Complaint[] {
  if (element.type !== 'static_select' && element.type !== 'multi_static_select') return [];
  const given = [element.options, element.option_groups].filter((choice) => choice !== undefined).length;
  if (given === 1) return [];
  return given === 0
    ? [missing('options', pointer)]
    : [complain(pointer, 'only one of `options` and `option_groups` is allowed')];
}

function sameValues(element: Fields, pointer: string): Complaint[] {
  const lists: Array<[string, Fields[]]> = [
    [`${pointer}/options`, listOf(element.options)],
    ...listOf(element.option_groups).map((group, index): [string, Fields[]] => [
      `${pointer}/option_groups/${index}/options`,
      listOf(group.options),
    ]),
  ];
  const seen = new Set<unknown>();
  return lists.flatMap(([at, options]) =>
    options.flatMap((option, index) => {
      const known = seen.has(option.value);
      seen.add(option.value);
      return known
        ? [complain(`${at}/${index}/value`, `\`value\` "${option.value}" already exists`, { type: 'unique' })]
        : [];
    }),
  );
}

/** What is chosen at first must be one of the options as it stands there, and no more than may be chosen. */
function initials(element: Fields, pointer: string): Complaint[] {
  const max = element.max_selected_items;
  const lists = ['initial_options', 'initial_users', 'initial_conversations', 'initial_channels'];
  const tooMany = lists.flatMap((name) => {
    const chosen = element[name];
    return typeof max === 'number' && Array.isArray(chosen) && chosen.length > max
      ? [
          complain(`${pointer}/${name}`, `no more than ${max} items allowed`, {
            type: 'max_items',
            expected: max,
          }),
        ]
      : [];
  });
  if (String(element.type).includes('external')) return tooMany;
  const options = optionsOf(element).map(bare);
  const known = (chosen: unknown) => options.some((option) => isDeepStrictEqual(option, bare(chosen)));
  const say = (at: string) => complain(at, 'must match one of the options');
  const { initial_option: one, initial_options: several } = element;
  return [
    ...tooMany,
    ...(one === undefined || known(one) ? [] : [say(`${pointer}/initial_option`)]),
    ...listOf(several).flatMap((chosen, index) =>
      known(chosen) ? [] : [say(`${pointer}/initial_options/${index}`)],
    ),
  ];
}

/** An option without what Slack fills in by itself: `emoji` and `verbatim` of its texts. */
function bare(option: unknown): unknown {
  if (!isFields(option)) return option;
  return Object.fromEntries(
    Object.entries(option).map(([key, member]) => {
      if (!isFields(member)) return [key, member];
      const { emoji: _emoji, verbatim: _verbatim, ...text } = member;
      return [key, text];
    }),
  );
}

function bounds(element: Fields, pointer: string): Complaint[] {
  const pairs: Array<[low: string, high: string]> = [
    ['min_length', 'max_length'],
    ['min_value', 'max_value'],
    ['min_lines', 'max_lines'],
  ];
  const wrong = pairs.flatMap(([low, high]) =>
    Number(element[low] ?? Number.NaN) > Number(element[high] ?? Number.NaN)
      ? [complain(`${pointer}/${low}`, `\`${low}\` must be less than or equal to \`${high}\``)]
      : [],
  );
  return [...wrong, ...startingValue(element, pointer)];
}

function startingValue(element: Fields, pointer: string): Complaint[] {
  const { initial_value: initial } = element;
  if (typeof initial !== 'string') return [];
  const at = `${pointer}/initial_value`;
  if (element.type === 'plain_text_input') {
    const max = Number(element.max_length ?? 3000);
    return lengthOf(initial) > max
      ? [complain(at, `must be less than ${max + 1} characters`, { type: 'max_length', expected: max })]
      : [];
  }
  if (element.type !== 'number_input') return [];
  const value = Number(initial);
  const { min_value: min, max_value: max } = element;
  return [
    ...(element.is_decimal_allowed === false && initial.includes('.')
      ? [complain(at, 'must be a whole number')]
      : []),
    ...(min !== undefined && value < Number(min)
      ? [complain(at, `must be greater than or equal to ${min}`, { type: 'minimum', expected: min })]
      : []),
    ...(max !== undefined && value > Number(max)
      ? [complain(at, `must be less than or equal to ${max}`, { type: 'maximum', expected: max })]
      : []),
  ];
}

function sameIds(blocks: readonly Fields[], root: string, placed: readonly PlacedBlock[]): Complaint[] {
  const blockIds = new Set<unknown>();
  // Unique in their block only: `state.values` is keyed by block first.
  const actionIds = new Map<Fields, Set<unknown>>();
  const taken = (name: string, id: unknown, at: string) =>
    complain(`${at}/${name}`, `\`${name}\` "${id}" already exists`, { type: 'unique' });
  const sameBlocks = placed.flatMap(({ block, pointer }) => {
    const { block_id: id } = block;
    if (id === undefined) return [];
    const known = blockIds.has(id);
    blockIds.add(id);
    return known ? [taken('block_id', id, pointer)] : [];
  });
  const sameActions = elementsIn(blocks, root).flatMap(({ block, element, pointer }) => {
    const { action_id: id } = element;
    if (id === undefined) return [];
    const seen = actionIds.get(block) ?? new Set();
    actionIds.set(block, seen);
    const known = seen.has(id);
    seen.add(id);
    return known ? [taken('action_id', id, pointer)] : [];
  });
  return [...sameBlocks, ...sameActions];
}

function markdownTogether(placed: readonly PlacedBlock[]): Complaint[] {
  let sum = 0;
  for (const { block, pointer } of placed) {
    if (block.type !== 'markdown') continue;
    sum += lengthOf(String(block.text));
    if (sum > MAX_MARKDOWN) {
      const constraint = { type: 'max_length', expected: MAX_MARKDOWN };
      return [complain(`${pointer}/text`, `must be less than ${MAX_MARKDOWN + 1} characters`, constraint)];
    }
  }
  return [];
}

function charts(placed: readonly PlacedBlock[], root: string): Complaint[] {
  const found = placed.filter(({ block }) => block.type === 'data_visualization');
  const constraint = { type: 'max_items', expected: MAX_CHARTS };
  return found.length > MAX_CHARTS
    ? [complain(root, `no more than ${MAX_CHARTS} \`data_visualization\` blocks allowed`, constraint)]
    : [];
}
