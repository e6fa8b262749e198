import { type Fields, isFields, listOf } from '../fields.js';
import { refuse, refuseWith, SlackError } from '../refuse.js';
import { attachmentList } from './attachment.js';
import { messageBlocks, viewSchema } from './block.js';
import { type Complaint, complain, complaints, worded } from './complaints.js';
import { ruleComplaints, sumOfText, tablesIn } from './rules.js';
import { elementsIn } from './walk.js';

// Slack documents no sum; measured refusals lie between 11,000 and 13,200 characters.
const BLOCK_TEXT_CAP = 13_000;
const MAX_VIEW_BYTES = 250_000;
const MAX_ATTACHMENTS = 100;

/** What the checks need to know of the workspace and the app. */
export interface BlockRules {
  /** Most characters of all texts of a message's blocks together; null: no such cap. Default 13,000. */
  readonly textCap?: number | null;
  /** Domains that the app may show videos of; absent: any. */
  readonly unfurlDomains?: readonly string[];
}

/**
 * Checks the blocks of a message.
 * @throws SlackError `invalid_blocks_format`, `invalid_blocks`, `invalid_attachments` (two tables), `msg_blocks_too_long`
 */
export function checkMessageBlocks(value: unknown, rules: BlockRules = {}): Fields[] {
  if (!Array.isArray(value)) throw new SlackError('invalid_blocks_format');
  refuseFor('invalid_blocks', blockComplaints(value, '/blocks', rules));
  const blocks = listOf(value);
  oneTable(blocks);
  const { textCap = BLOCK_TEXT_CAP } = rules;
  if (textCap !== null && sumOfText(blocks) > textCap) refuse('msg_blocks_too_long');
  return blocks;
}

/**
 * Checks the attachments of a message, and the blocks in them.
 * @param beside the blocks of the same message: there is one table in all
 * @throws SlackError `invalid_attachments`, `too_many_attachments`
 */
export function checkAttachments(
  value: unknown,
  rules: BlockRules = {},
  beside: readonly Fields[] = [],
): Fields[] {
  if (!Array.isArray(value) || !value.every(isFields)) refuse('invalid_attachments');
  if (value.length > MAX_ATTACHMENTS) refuse('too_many_attachments');
  refuseFor('invalid_attachments', attachmentComplaints(value, '/attachments', rules));
  const attachments = listOf(value);
  oneTable([...beside, ...attachments.flatMap((attachment) => listOf(attachment.blocks))]);
  return attachments;
}

/**
 * Checks a view.
 * @throws SlackError `invalid_arguments` with its reasons, `view_too_large`
 */
export function checkView(value: unknown, rules: BlockRules = {}): Fields {
  if (!isFields(value)) refuseWith('invalid_arguments', ['must provide an object [json-pointer:/view]']);
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_VIEW_BYTES) refuse('view_too_large');
  refuseFor('invalid_arguments', viewComplaints(value, '/view', rules));
  return value;
}

/** What is wrong with a list of blocks for a message. */
export function blockComplaints(value: unknown, root: string, rules: BlockRules = {}): Complaint[] {
  const parsed = messageBlocks.safeParse(value);
  if (!parsed.success) return complaints(parsed.error.issues, root, value);
  return ruleComplaints(listOf(value), root, rules.unfurlDomains);
}

/** What is wrong with a list of attachments. */
export function attachmentComplaints(value: unknown, root: string, rules: BlockRules = {}): Complaint[] {
  const parsed = attachmentList.safeParse(value);
  if (!parsed.success) return complaints(parsed.error.issues, root, value);
  return listOf(value).flatMap((attachment, index) =>
    ruleComplaints(listOf(attachment.blocks), `${root}/${index}/blocks`, rules.unfurlDomains),
  );
}

/** What is wrong with a view. */
export function viewComplaints(value: unknown, root: string, rules: BlockRules = {}): Complaint[] {
  const parsed = viewSchema.safeParse(value);
  if (!parsed.success) return complaints(parsed.error.issues, root, value);
  if (!isFields(value)) return [];
  const blocks = listOf(value.blocks);
  const pointer = `${root}/blocks`;
  return [
    ...ruleComplaints(blocks, pointer, rules.unfurlDomains),
    ...missingSubmit(value, blocks, pointer),
    ...secondFocus(blocks, pointer),
  ];
}

/** The complaint about a second table, if there is one: a message shows one. */
export function tableComplaints(blocks: readonly Fields[]): Complaint[] {
  return tablesIn(blocks) > 1
    ? [complain('', 'only_one_table_allowed', { type: 'max_items', expected: 1 })]
    : [];
}

function oneTable(blocks: readonly Fields[]): void {
  refuseFor('invalid_attachments', tableComplaints(blocks));
}

function refuseFor(code: string, found: readonly Complaint[]): void {
  if (found.length > 0) refuseWith(code, found.map(worded));
}

function missingSubmit(view: Fields, blocks: Fields[], root: string): Complaint[] {
  if (view.type !== 'modal' || view.submit !== undefined) return [];
  const index = blocks.findIndex((block) => block.type === 'input');
  if (index < 0) return [];
  return [complain(`${root}/${index}/input`, 'must define `submit` to use an `input` block in modals')];
}

function secondFocus(blocks: Fields[], root: string): Complaint[] {
  const focused = elementsIn(blocks).filter(({ element }) => element.focus_on_load === true);
  return focused.length > 1 ? [complain(root, 'only one element may have `focus_on_load`')] : [];
}
