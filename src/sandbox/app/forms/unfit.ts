import { elementsIn } from '../../blocks/walk.js';
import { type Fields, isFields } from '../../fields.js';
import { lengthOf } from '../../workspace/text.js';
import { type StateValues, slotOf } from './view-state.js';

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * What the client refuses before anything is sent: empty required inputs, texts of a wrong length, numbers out of
 * bounds, bad addresses, too many choices or files.
 * @returns a sentence for each input block that does not fit, by its id
 */
export function unfit(blocks: readonly Fields[], state: StateValues): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const { block, element } of elementsIn(blocks)) {
    if (block.type !== 'input') continue;
    const blockId = String(block.block_id);
    const content = state[blockId]?.[String(element.action_id)]?.[slotOf(element) ?? ''];
    const problem = isEmpty(content)
      ? block.optional !== true && 'Please complete this required field.'
      : problemOf(element, content);
    if (problem) problems[blockId] = problem;
  }
  return problems;
}

function isEmpty(content: unknown): boolean {
  return (
    content === null ||
    content === undefined ||
    content === '' ||
    (Array.isArray(content) && content.length === 0)
  );
}

function problemOf(element: Fields, content: unknown): string | undefined {
  if (Array.isArray(content)) return listProblem(element, content);
  if (typeof content !== 'string') return undefined;
  switch (element.type) {
    case 'plain_text_input':
      return lengthProblem(element, content);
    case 'number_input':
      return numberProblem(element, content);
    case 'email_text_input':
      return EMAIL.test(content) ? undefined : 'Please enter a valid email address.';
    case 'url_text_input':
      return isAddress(content) ? undefined : 'Please enter a valid URL.';
    default:
      return undefined;
  }
}

function lengthProblem(element: Fields, text: string): string | undefined {
  const max = Number(element.max_length ?? 3000);
  const min = Number(element.min_length ?? 0);
  if (lengthOf(text) > max) return `Must be no more than ${max} characters.`;
  return lengthOf(text) < min ? `Must be at least ${min} characters.` : undefined;
}

function numberProblem(element: Fields, text: string): string | undefined {
  if (!NUMBER.test(text)) return 'Please enter a number.';
  if (element.is_decimal_allowed !== true && text.includes('.')) return 'Please enter a whole number.';
  const { min_value: min, max_value: max } = element;
  if (min !== undefined && Number(text) < Number(min)) return `Must be at least ${min}.`;
  return max !== undefined && Number(text) > Number(max) ? `Must be no more than ${max}.` : undefined;
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return ['http:', 'https:'].includes(new URL(text).protocol);
}

function listProblem(element: Fields, items: readonly unknown[]): string | undefined {
  if (element.type === 'file_input') return fileProblem(element, items.filter(isFields));
  const max = Number(element.max_selected_items ?? Number.POSITIVE_INFINITY);
  return items.length > max
    ? `Please select no more than ${max} ${max === 1 ? 'item' : 'items'}.`
    : undefined;
}

function fileProblem(element: Fields, files: readonly Fields[]): string | undefined {
  const max = Number(element.max_files ?? 10);
  if (files.length > max) return `Please upload no more than ${max} ${max === 1 ? 'file' : 'files'}.`;
  if (files.some((file) => file.name === undefined)) return 'This file is not there any more.';
  if (!Array.isArray(element.filetypes)) return undefined;
  const types = element.filetypes.map((type) => String(type).toLowerCase().replace(/^\./, ''));
  const fits = (file: Fields) => {
    const ending = /\.([^.]+)$/.exec(String(file.name))?.[1]?.toLowerCase() ?? '';
    return types.includes(ending) || types.includes(String(file.filetype).toLowerCase());
  };
  return files.every(fits) ? undefined : `Only files of these types can be uploaded: ${types.join(', ')}.`;
}
