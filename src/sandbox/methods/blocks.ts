import { attachmentComplaints, blockComplaints, tableComplaints, viewComplaints } from '../blocks/check.js';
import { type Complaint, complain } from '../blocks/complaints.js';
import { isFields, listOf } from '../fields.js';
import { SlackError } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';

type Check = (value: unknown, call: Call) => Complaint[];

const CHECKS: Record<string, Check> = {
  // What is given alone is what the pointers start from.
  blocks: (value, { world }) => [
    ...blockComplaints(value, '', world.blockRules),
    ...tableComplaints(listOf(value)),
  ],
  message: (value, { world }) => {
    if (!isFields(value))
      return [complain('', 'must provide an object', { type: 'type', expected: 'object' })];
    const { blocks, attachments } = value;
    return [
      ...(blocks === undefined ? [] : blockComplaints(blocks, '/blocks', world.blockRules)),
      ...(attachments === undefined
        ? []
        : attachmentComplaints(attachments, '/attachments', world.blockRules)),
      ...tableComplaints([...listOf(blocks), ...listOf(attachments).flatMap((it) => listOf(it.blocks))]),
    ];
  },
  view: (value, { world }) => viewComplaints(value, '', world.blockRules),
};

export const blocks: Methods = {
  'blocks.validate': {
    tier: 'special',
    errors: ['invalid_blocks', 'invalid_message', 'invalid_view'],
    run: (call) => {
      const [name, ...others] = Object.keys(CHECKS).filter((it) => call.args.has(it));
      const check = CHECKS[name ?? ''];
      if (name === undefined || check === undefined || others.length > 0) {
        throw new SlackError('invalid_arguments', {
          response_metadata: { messages: ['must provide exactly one of `blocks`, `view`, or `message`'] },
        });
      }
      const found = check(call.args.json(name, 'invalid_arguments'), call);
      if (found.length === 0) return {};
      throw new SlackError(`invalid_${name}`, {
        errors: found.map((it) => ({ code: 'failed_constraint', ...it })),
      });
    },
  },
};
