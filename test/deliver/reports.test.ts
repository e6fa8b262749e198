import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ANA, BO, type Kit, startKit } from './kit.js';

// What people reported of other bots, done to ours: what happened to them, and what is to happen here.
let kit: Kit;
beforeAll(async () => {
  kit = await startKit({ announce: 'C0INCIDENT', invite: { people: [BO.id], groups: [] } });
});
beforeEach(() => kit.act('fault/clear', {}));
afterAll(() => kit.stop());

const CHEN = { id: 'U0CHEN0003', name: 'chen' };
const STRANGER = { id: 'U0NOBODY01', name: 'nobody' };

interface Report {
  /** Where it was reported. */
  link: string;
  /** Method, kind, value and times of what Slack does. */
  faults: Array<[string, string, (string | number)?, number?]>;
  does(incident: number): Promise<unknown>;
  sees(incident: number, said: string): Promise<unknown>;
}

const opens = async () => {};
const members = async (incident: number) => (await kit.channel(incident)).members;
const invites =
  (...people: (typeof BO)[]) =>
  (incident: number) =>
    kit.says({ type: 'InvitePeople', people }, incident);

const REPORTS: Record<string, Report> = {
  'every invitation fails without a word, because people are looked up by a POST of JSON': {
    link: 'https://github.com/opsknight-labs/OpsKnight/pull/258',
    faults: [['conversations.invite', 'error', 'invalid_arguments', 9]],
    does: invites(CHEN),
    async sees(_, said) {
      expect(said).toMatch(/Could not be added: .*invalid_arguments/);
      // Nobody is looked up by their address: people are known by their ids.
      expect(await kit.calls('users.lookupByEmail')).toEqual([]);
    },
  },
  'one bad id of many keeps everybody out': {
    link: 'https://github.com/slackapi/node-slack-sdk/issues/1596',
    faults: [],
    does: invites(CHEN, STRANGER, BO),
    async sees(incident, said) {
      expect(await members(incident)).toEqual(expect.arrayContaining([CHEN.id, BO.id]));
      expect(said).toContain('Could not be added: U0NOBODY01 (not found)');
    },
  },
  'a list of ids that is sent as JSON is nobody': {
    link: 'https://github.com/slackapi/python-slack-sdk/issues/345',
    faults: [],
    does: invites(CHEN, BO),
    async sees() {
      for (const { args } of await kit.calls('conversations.invite'))
        expect(String(args.users)).toMatch(/^[UW][\w,]+$/);
    },
  },
  'a guest of one channel ends the invitations of all who come after': {
    link: 'https://github.com/robby-d/slack-bulkinviter/issues/8',
    faults: [['conversations.invite', 'error', 'ura_max_channels', 2]],
    does: invites(CHEN, BO),
    async sees(incident, said) {
      // As a whole, then alone: the first is the guest, and the other comes in.
      expect(said).toContain('a guest of one channel only');
      expect((await members(incident)).length).toBeGreaterThanOrEqual(3);
    },
  },
  'the name of the channel is taken by an archived one': {
    link: 'https://github.com/monzo/response/pull/23',
    faults: [['conversations.create', 'error', 'name_taken', 1]],
    does: opens,
    async sees(incident) {
      expect((await kit.channel(incident)).name).toMatch(/-2$/);
      expect(await kit.calls('conversations.unarchive')).toEqual([]);
    },
  },
  'a message that is refused is taken for one that was posted': {
    link: 'https://github.com/monzo/response/issues/26',
    faults: [['chat.postMessage', 'body', '{"ok":true}', 1]],
    does: (incident) => kit.notes(incident, 'posted or not'),
    async sees(_, said) {
      expect(said.split('posted or not')).toHaveLength(2);
    },
  },
  'a part that fails stops the whole incident': {
    link: 'https://github.com/Netflix/dispatch/issues/1275',
    faults: [
      ['pins.add', 'error', 'restricted_action', 9],
      ['conversations.setTopic', 'error', 'restricted_action', 9],
      ['usergroups.list', 'error', 'missing_scope', 9],
      ['conversations.invite', 'error', 'too_many_members', 9],
    ],
    does: opens,
    async sees(incident, said) {
      expect((await kit.state(incident)).headline).not.toBeNull();
      expect(said).toMatch(/Could not be added: .*too_many_members/);
      expect((await kit.state(incident)).announcement).not.toBeNull();
    },
  },
  'a long message is refused, and those beside it with it': {
    link: 'https://api.slack.com/methods/chat.postMessage (errors: msg_too_long)',
    faults: [['chat.postMessage', 'error', 'msg_too_long', 2]],
    async does(incident) {
      await kit.notes(incident, 'the long one');
      await kit.notes(incident, 'the short one');
    },
    async sees(incident, said) {
      expect(said).toContain('the short one');
      expect(said).toContain(`Not shown here: INC-${incident} #`);
    },
  },
  'a word for one person goes nowhere, because they are not in the channel': {
    link: 'https://docs.slack.dev/reference/methods/chat.postEphemeral',
    faults: [
      ['conversations.kick', 'error', 'restricted_action', 9],
      ['chat.postEphemeral', 'error', 'user_not_in_channel', 9],
    ],
    async does(incident) {
      await kit.says({ type: 'InvitePeople', people: [CHEN] }, incident);
      await kit.pays(incident);
      await kit.says({ type: 'UninvitePeople', people: [CHEN] }, incident);
    },
    async sees(_, said) {
      expect(said).toContain(`I could not take <@${CHEN.id}>`);
    },
  },
};

test.each(Object.entries(REPORTS))('%s', async (title, { faults, does, sees }) => {
  const incident = await kit.opens(title);
  if (does !== opens) await kit.pays(incident);
  for (const fault of faults) await kit.fault(...fault);
  await does(incident);
  await kit.pays(incident);
  await kit.act('fault/clear', {});
  await sees(incident, (await kit.said(incident)).map(({ text }) => text).join('\n'));
  expect((await members(incident)).includes(ANA.id) || faults.length > 2).toBe(true);
});
