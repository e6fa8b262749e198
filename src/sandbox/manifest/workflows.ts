import { z } from 'zod';

/** What only apps use that Slack hosts, or that bring steps for workflows: checked, and nothing follows from it here. */

const primitive = z.enum([
  ...(['integer', 'number', 'boolean', 'string', 'object', 'array'] as const),
  ...([
    'slack#/types/user_context',
    'slack#/types/user_permission',
    'slack#/types/user_id',
    'slack#/types/channel_id',
    'slack#/types/usergroup_id',
    'slack#/types/timestamp',
    'slack#/types/blocks',
    'slack#/types/credential/oauth2',
    'slack#/types/date',
    'slack#/types/interactivity',
    'slack#/types/rich_text',
    'slack#/types/form_input',
    'slack#/types/form_input_object',
    'slack#/types/message_ts',
    'slack#/types/message_context',
  ] as const),
]);

function upTo<T extends z.ZodRecord>(max: number, record: T): T {
  return record.refine((it) => Object.keys(it).length <= max, `must have at most ${max} members`);
}

const named = z.string().min(1);

/** Of version 1: the type may have any name. */
export const typesV1 = upTo(50, z.record(z.string(), typeOf(z.string())));
export const typesV2 = upTo(50, z.record(z.string(), typeOf(primitive)));

function typeOf<T extends z.ZodType>(type: T) {
  return z.looseObject({
    type,
    title: z.string().optional(),
    description: z.string().optional(),
    is_required: z.boolean().optional(),
    is_hidden: z.boolean().optional(),
    hint: z.string().optional(),
  });
}

const parameters = z.looseObject({ properties: typesV2, required: z.array(z.string()).optional() });

const functionOf = <T extends z.ZodType>(inputs: T) =>
  upTo(
    50,
    z.record(
      z.string(),
      z.strictObject({
        title: z.string(),
        description: z.string(),
        input_parameters: inputs,
        output_parameters: inputs,
      }),
    ),
  );

export const functionsV1 = functionOf(typesV1);
export const functionsV2 = functionOf(parameters);

const anything = z.unknown();
const input = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(anything),
  z.record(z.string(), anything),
]);
const stepOne = z.strictObject({ id: z.string(), function_id: z.string(), inputs: z.record(named, input) });
const stepTwo = stepOne.extend({ type: z.enum(['function', 'switch', 'conditional']).optional() });

const template = z.strictObject({
  // The member must be there; what is in it is open.
  value: z.union([input, z.null()]),
  initial_value: z.union([input, z.null()]).optional(),
  locked: z.boolean().optional(),
  hidden: z.boolean().optional(),
});

const trigger = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  type: z.string(),
  inputs: z.record(named, template),
});

const workflowOf = <T extends z.ZodType, S extends z.ZodType>(inputs: T, step: S) =>
  upTo(
    50,
    z.record(
      z.string(),
      z.strictObject({
        title: z.string(),
        description: z.string(),
        input_parameters: inputs.optional(),
        steps: z.array(step),
        suggested_triggers: z.array(trigger).optional(),
      }),
    ),
  );

export const workflowsV1 = workflowOf(typesV1, stepOne);
export const workflowsV2 = workflowOf(parameters, stepTwo);

const attribute = z.looseObject({
  type: named,
  items: z.looseObject({ type: named }).optional(),
  properties: z.record(z.string(), anything).optional(),
});

const https = z
  .string()
  .min(5)
  .max(255)
  .regex(/^https:\/\//, 'must begin with https://');
const client = { client_id: z.string().min(1).max(1024), scope: z.array(z.string()) };
const scope = z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be a scope, without blanks and quotes');
const provider = z.strictObject({
  provider_type: z.enum(['CUSTOM', 'SLACK_PROVIDED']),
  options: z.union([
    z.strictObject(client),
    z.strictObject({
      ...client,
      scope: z.array(scope),
      provider_name: z.string().min(2).max(255),
      authorization_url: https,
      token_url: https,
      authorization_url_extras: z.record(z.string(), anything).optional(),
      identity_config: z.strictObject({
        url: https,
        account_identifier: z
          .string()
          .max(255)
          .regex(/^\$\../, 'must begin with $.'),
        headers: z.record(z.string(), anything).optional(),
      }),
      use_pkce: z.boolean().optional(),
      token_url_config: z.strictObject({ use_basic_auth_scheme: z.boolean().optional() }).optional(),
    }),
  ]),
});

export const machinery = {
  primitive,
  upTo,
  datastores: upTo(
    10,
    z.record(
      named,
      z.strictObject({ primary_key: named, attributes: upTo(100, z.record(named, attribute)) }),
    ),
  ),
  providers: z.strictObject({ oauth2: z.record(z.string(), provider).optional() }),
};
