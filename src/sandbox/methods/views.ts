import { mustMatch } from '../app/modals.js';
import { checkView } from '../blocks/check.js';
import type { Fields } from '../fields.js';
import { refuse, refuseWith } from '../refuse.js';
import type { Call, Methods } from '../web-api/context.js';

const TRIGGER = ['invalid_trigger_id', 'exchanged_trigger_id', 'expired_trigger_id'];
const VIEW = ['duplicate_external_id', 'view_too_large'];

export const views: Methods = {
  'views.open': {
    tier: 4,
    errors: [...TRIGGER, ...VIEW],
    run: (call) => {
      // The view is checked first: a malformed one does not cost the trigger.
      const source = modal(call);
      const { user } = call.triggers.exchange(trigger(call));
      return { view: call.modals.show(call.modals.open(user, source)) };
    },
  },
  'views.push': {
    tier: 4,
    errors: [...TRIGGER, ...VIEW, 'not_found', 'push_limit_reached'],
    run: (call) => {
      const source = modal(call);
      const { user, view } = call.triggers.exchange(trigger(call));
      const from = view === undefined ? undefined : call.modals.find(view);
      if (!from) refuse('not_found');
      mustMatch(source, from, 'root');
      return { view: call.modals.show(call.modals.push(user, source)) };
    },
  },
  'views.update': {
    tier: 4,
    errors: [...VIEW, 'hash_conflict', 'not_found'],
    run: (call) => {
      const source = viewOf(call);
      const view = call.modals.find(call.args.text('view_id'), call.args.text('external_id'));
      if (!view) refuse('not_found');
      return { view: call.modals.show(call.modals.update(view, source, call.args.text('hash'))) };
    },
  },
  'views.publish': {
    tier: 4,
    errors: [...VIEW, 'hash_conflict', 'not_enabled', 'user_not_found'],
    run: (call) => {
      if (!call.world.manifest.homeTab) refuse('not_enabled');
      const source = viewOf(call);
      if (source.type !== 'home')
        refuseWith('invalid_arguments', ['unsupported type: modal [json-pointer:/view/type]']);
      const user = call.args.need('user_id');
      if (!call.world.users.has(user)) refuse('user_not_found');
      return { view: call.modals.show(call.modals.publish(user, source, call.args.text('hash'))) };
    },
  },
};

function viewOf(call: Call): Fields {
  const source = call.args.json('view', 'invalid_arguments');
  if (source === undefined) refuseWith('invalid_arguments', ['missing required field: view']);
  return checkView(source, call.world.blockRules);
}

function modal(call: Call): Fields {
  const source = viewOf(call);
  if (source.type !== 'modal')
    refuseWith('invalid_arguments', ['unsupported type: home [json-pointer:/view/type]']);
  return source;
}

function trigger(call: Call): string {
  const id = call.args.text('trigger_id');
  if (!id) refuseWith('invalid_arguments', ['missing required field: trigger_id']);
  return id;
}
