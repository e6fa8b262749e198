import type { InputProblem } from './run/inputs.js';
import { inputForm, inputNames, SECRET_STANDS } from './run/runbook.js';
import type { PostPreview } from './status/publish.js';
import type { Status } from './words.js';

/** A *no*: a value, not an exception. `sentence` says what is wrong, `next` what to type instead. */
export interface Refusal {
  readonly refused: true;
  readonly code: RefusalCode;
  readonly sentence: string;
  readonly next: string;
  /** Where it asks whether to publish: what the public would see. */
  readonly preview?: PostPreview;
}

export type RefusalCode = keyof typeof SENTENCES;
type Params<C extends RefusalCode> = Parameters<(typeof SENTENCES)[C]>[0];

/**
 * @param code one of the codes of above, the only list there is
 * @param params what that code's sentence speaks of
 */
export function refuse<C extends RefusalCode>(code: C, params: Params<C>): Refusal {
  const { sentence, next } = (SENTENCES[code] as (p: Params<C>) => { sentence: string; next: string })(
    params,
  );
  return { refused: true, code, sentence, next };
}

/** @returns `a, b and 3 more` */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `“${name}”`);
  return `${shown.join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}

/** A *no* that says nothing about what was asked for: the same may be taken in a moment, or when somebody has mended what is broken. */
const PASSING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'NOT_RECORDED',
  'DATABASE_REFUSES',
  'NOT_CONFIRMED',
]);

/** Was it the database that could not, now, rather than we who would not? */
export function isPassing({ code }: Pick<Refusal, 'code'>): boolean {
  return PASSING.has(code);
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;
}

/**
 * Every refusal there is, in one list; docs/refusals.md is compared with it by a test. A retired code is never reused.
 * None uses the word of a receipt (*recorded*): people look for it. `sentence`: what is wrong, `next`: what to do instead.
 */
export const SENTENCES = {
  // -- the grammar --
  /** `lines`: whole lines that may have been meant, where the word alone says more than its letters do. */
  UNKNOWN_VERB: (p: { verb: string; closest: string[]; lines?: string[] }) => ({
    sentence: `There is no \`${p.verb}\`.`,
    next: p.lines?.length
      ? `Did you mean ${p.lines.map((line) => `\`${line}\``).join(' or ')}? \`help\` lists all verbs.`
      : p.closest.length
        ? `Did you mean ${p.closest.map((c) => `\`${c}\``).join(' or ')}? \`help\` lists all verbs.`
        : '`help` lists all verbs.',
  }),
  MISSING_ARGUMENT: (p: { verb: string; what: string; form: string }) => ({
    sentence: `\`${p.verb}\` needs ${p.what}.`,
    next: `Type \`${p.form}\`.`,
  }),
  BAD_ARGUMENT: (p: { what: string; got: string; form: string }) => ({
    sentence: `“${p.got}” is not ${p.what}.`,
    next: `Type \`${p.form}\`.`,
  }),
  BAD_FLAG: (p: { flag: string; why: string; form: string }) => ({
    sentence: `\`${p.flag}\` ${p.why}.`,
    next: `Type \`${p.form}\`.`,
  }),
  UNKNOWN_VALUE: (p: { flag: string; got: string; known: readonly string[]; form: string }) => ({
    sentence: `“${p.got}” is nothing that \`${p.flag}\` knows.`,
    next: p.known.length > 0 ? `It knows ${listed(p.known)}.` : `Type \`${p.form}\`.`,
  }),
  BAD_TEXT: (p: { what: string }) => ({
    sentence: `That text holds ${p.what}, which cannot be kept.`,
    next: 'Paste it as plain text, or attach the file in the channel and pin the message.',
  }),
  TEXT_TOO_LONG: (p: { what: string; length: number; limit: number }) => ({
    sentence: `${p.what} has ${p.length.toLocaleString('en')} characters; at most ${p.limit.toLocaleString('en')} are kept.`,
    next: 'Shorten it, or split it over several entries.',
  }),
  TOO_MANY: (p: { what: string; count: number; limit: number; next: string }) => ({
    sentence: `${p.count.toLocaleString('en')} ${p.what} are too many; at most ${p.limit.toLocaleString('en')} fit.`,
    next: p.next,
  }),
  BAD_LOG_LINES: (p: { lines: Array<{ line: number; why: string }>; more: number }) => ({
    sentence: `Nothing was kept. ${p.lines.map((l) => `Line ${l.line}: ${l.why}`).join(' ')}${p.more ? ` And ${p.more} more.` : ''}`,
    next: 'Every line is `TIME TEXT`, for example `01:41 requests start to fail`. Mend those lines and paste all of it again.',
  }),
  // -- times --
  TIME_UNKNOWN: (p: { got: string; next?: string | undefined }) => ({
    sentence: `“${p.got}” is not a time that can be known.`,
    next: p.next ?? TIMES,
  }),
  TIME_ZONE_AMBIGUOUS: (p: { zone: string; next: string }) => ({
    sentence: `\`${p.zone}\` is the abbreviation of a time zone, and abbreviations mean different things to different people.`,
    next: p.next,
  }),
  TIME_ZONE_UNKNOWN: (p: { zone: string; next?: string }) => ({
    sentence: `“${p.zone}” is not a time zone.`,
    next: p.next ?? 'Write `UTC`, an offset such as `+02:00`, or an area such as `Europe/Berlin`.',
  }),
  TIME_TWICE: (p: { time: string; zone: string; first: string; second: string }) => ({
    sentence: `${p.time} happened twice in ${p.zone} that night, when the clocks went back.`,
    next: `Write \`${p.first}\` for the first or \`${p.second}\` for the second.`,
  }),
  TIME_SKIPPED: (p: { time: string; zone: string; before: string; after: string }) => ({
    sentence: `${p.time} never happened in ${p.zone}: the clocks went forward over it.`,
    next: `Write \`${p.before}\` or \`${p.after}\`.`,
  }),
  TIME_DAY_OPEN: (p: { time: string; days: readonly string[] }) => ({
    sentence: `${p.time} may be of ${p.days.join(' or of ')}: it is hours away from the line above it.`,
    next: `Put the date before it: \`${p.days.at(-1) ?? ''} ${p.time}\`.`,
  }),
  TIME_IN_FUTURE: (p: { time: string }) => ({
    sentence: `${p.time} has not happened yet.`,
    next: 'Write the time at which it happened, with the date if it was on another day; begin with `--` if the text itself starts with a time.',
  }),
  TIME_RANGE_BACKWARDS: (p: { from: string; to: string }) => ({
    sentence: `The range ends (${p.to}) before it begins (${p.from}).`,
    next: 'Write the earlier time first, with dates if it runs over midnight; if the end is meant as an offset, put a space before it, as in `10:00 -05:00`.',
  }),
  TIME_WITHOUT_TEXT: (p: { verb: string; time: string }) => ({
    sentence: `There is a time (${p.time}) but no text.`,
    next: `Say what happened: \`${p.verb} ${p.time} requests start to fail\`.`,
  }),
  // -- which incident --
  NO_SUCH_INCIDENT: (p: { ref: string }) => ({
    sentence: `There is no ${p.ref} that you can see.`,
    next: '`list` shows the open incidents.',
  }),
  WHICH_INCIDENT: (p: { verb: string; open: Array<{ ref: string; title: string }>; more?: number }) => ({
    sentence: `Which incident? ${p.open.map((o) => `*${o.ref}* ${o.title}`).join(' · ')}${p.more ? ` · and ${p.more} more: \`list\`` : ''}`,
    next: `Type it in the incident's channel, or name it: \`${p.verb} ${p.open[0]?.ref ?? 'INC-1'} …\`.`,
  }),
  /** `declare` false: they may not open one. */
  NO_OPEN_INCIDENT: (p: {
    verb: string;
    recent?: Array<{ ref: string; title: string }>;
    declare?: boolean;
  }) => ({
    sentence: `No incident is open that you can see.${p.recent?.length ? ` The last: ${p.recent.map((o) => `*${o.ref}* ${o.title}`).join(' · ')}.` : ''}`,
    next: `${p.declare === false ? 'Name' : 'Open one with `open TITLE`, or name'} an older one: \`${p.verb} ${p.recent?.[0]?.ref ?? 'INC-1'} …\`.`,
  }),
  SEARCH_GONE: (_: Record<string, never>) => ({
    sentence: 'What search stands on is not in this database any more.',
    next: 'Whoever runs Tocsin: `tocsin rebuild` makes it anew. Meanwhile `list --since 7d` shows what was opened lately.',
  }),
  // -- who may --
  NOT_PERMITTED: (p: { doing: string; why: string; who: string; reach: string }) => ({
    sentence: `${p.doing} is for ${p.who}; ${p.why}.`,
    next: p.reach,
  }),
  ACCOUNT_UNKNOWN: (p: { doing: string }) => ({
    sentence: `${p.doing} is for full members of the workspace, and Slack has not said yet whether you are one.`,
    next: 'Type it again in a moment; if that does not help, `tocsin doctor` says what the bot may not read.',
  }),
  OWNER_NEEDED: (p: { doing: string }) => ({
    sentence: `${p.doing} is for people, and nobody answers for this token.`,
    next: 'Make one with an owner: `tocsin token create --name NAME --scope write --owner @ana`; or do it in Slack.',
  }),
  NOT_A_MEMBER: (p: { ref: string; people: string }) => ({
    sentence: `${p.people} is not a member of ${p.ref}.`,
    next: 'Nothing needs to be done.',
  }),
  // -- deciding --
  STATUS_UNCHANGED: (p: { ref: string; status: string }) => ({
    sentence: `${p.ref} is ${p.status} already.`,
    next:
      p.status === 'resolved'
        ? 'Correct its time with `mark resolved TIME`, or type `reopen REASON`.'
        : `Add a text to give an update: \`status ${p.status} TEXT\`.`,
  }),
  NOT_RESOLVED: (p: { ref: string; status: string }) => ({
    sentence: `${p.ref} is ${p.status}, not resolved.`,
    next: 'There is nothing to reopen; change the status with `status`.',
  }),
  SEVERITY_UNCHANGED: (p: { ref: string; severity: string }) => ({
    sentence: `${p.ref} is ${p.severity} already.`,
    next: 'Record a remark with `note`.',
  }),
  ROLE_UNCHANGED: (p: { ref: string; role: string; person: string }) => ({
    sentence: `${p.person} is ${p.role} of ${p.ref} already.`,
    next: 'Name somebody else, or carry on.',
  }),
  CHANGED_SINCE: (p: { ref: string; now: string }) => ({
    sentence: `${p.ref} is ${p.now} by now: somebody changed it after this was shown to you. Nothing was kept.`,
    next: 'If it is to be changed all the same, send the form again, or type it.',
  }),
  UNKNOWN_PERSON: (p: { name: string; unsaid?: string; both?: boolean }) => ({
    sentence: `${
      p.both
        ? `“${p.name}” is the name of a person and of a user group.`
        : `Nobody here is called “${p.name}”, or more than one person is.`
    }${p.unsaid ? ` Whether a user group is, could not be found out (${p.unsaid}).` : ''}`,
    next: `Pick them from the list that Slack offers after \`@\`; where there is no such list, write the id, such as \`@U012AB3CD\`${
      p.unsaid || p.both ? ', or `@S012AB3CD` for a group' : ''
    }.`,
  }),
  GROUP_IS_NOBODY: (p: { group: string; verb: string; form: string }) => ({
    sentence: `${p.group} is a user group, and \`${p.verb}\` is about people.`,
    next: `Name one of its people: \`${p.form}\`.${p.verb === 'uninvite' ? '' : ` To bring all of them in: \`invite ${p.group}\`.`}`,
  }),
  BRIDGE_UNSET: (_: Record<string, never>) => ({
    sentence: 'Nothing here says where a call is held.',
    next: 'Type `bridge https://…` with its address; `bridge:` in tocsin.yml saves you that the next time.',
  }),
  BRIDGE_OPEN: (p: { ref: string; channel: string | null }) => ({
    sentence: `${p.ref} has a bridge already${p.channel === null ? '' : `: its link is in the headline of #${p.channel}`}.`,
    next: '`strike N REASON` of its entry ends it; then open another one.',
  }),
  BRIDGE_RESOLVED: (p: { ref: string }) => ({
    sentence: `${p.ref} is resolved, and a bridge ends with its incident.`,
    next: 'Post the link itself where you need it, or `reopen REASON`.',
  }),
  TITLE_UNCHANGED: (p: { ref: string }) => ({
    sentence: `${p.ref} has that title already.`,
    next: '`show` shows the incident.',
  }),
  COMPONENT_PRESENT: (p: { ref: string; component: string }) => ({
    sentence: `“${p.component}” is a component of ${p.ref} already.`,
    next: '`show` lists its components.',
  }),
  COMPONENT_ABSENT: (p: { ref: string; component: string; components: string[] }) => ({
    sentence: `“${p.component}” is not a component of ${p.ref}.`,
    next: p.components.length
      ? `Its components: ${p.components.join(', ')}.`
      : 'It has no components yet: `component add NAME`.',
  }),
  IMPACT_EMPTY: (p: { form: string }) => ({
    sentence: 'An impact needs a text or a number.',
    next: `Type \`${p.form}\`.`,
  }),
  IMPACT_CONTRADICTS: (p: { why: string }) => ({
    sentence: `Those numbers contradict each other: ${p.why}.`,
    next: 'Type the impact again with numbers that agree.',
  }),
  MEASURE_WINDOW: (p: { from: string; to: string; start: string; end: string }) => ({
    sentence: `From ${p.from} (${p.start}) to ${p.to} (${p.end}) nothing can be measured: it is less than a second, or more than 7 days.`,
    next: 'Say from when to when: `impact measure --from TIME --to TIME`.',
  }),
  MEASURE_UNSET: (_: Record<string, never>) => ({
    sentence: 'tocsin.yml does not say what is to be measured.',
    next: 'Write it there under `impact:` (docs/impact.md): where Prometheus is, and what counts as failed and as total. `impact --failed N` takes a figure that somebody counted.',
  }),
  MEASURE_COMPONENT: (p: { component: string; known: readonly string[] }) => ({
    sentence: `“${p.component}” is no component that is measured.`,
    next:
      p.known.length > 0
        ? `These are: ${p.known.join(', ')}.`
        : '`component_label:` under `impact:` in tocsin.yml says which label names it.',
  }),
  NO_SUCH_ACTION: (p: { ref: string; action: number }) => ({
    sentence: `${p.ref} has no action item ${p.action}.`,
    next: '`actions` lists them.',
  }),
  ACTION_DONE: (p: { ref: string; action: number }) => ({
    sentence: `Action item ${p.action} of ${p.ref} is done already.`,
    next: '`actions` lists what is left.',
  }),
  ACTION_OPEN: (p: { ref: string; action: number }) => ({
    sentence: `Action item ${p.action} of ${p.ref} is open.`,
    next: '`actions` lists what is left.',
  }),
  ACTION_NOT_YOURS: (p: { ref: string; action: number }) => ({
    sentence: `Action item ${p.action} of ${p.ref} is not yours any more.`,
    next: '`actions` shows whose it is.',
  }),
  ACTION_UNCHANGED: (p: { ref: string; action: number }) => ({
    sentence: `Action item ${p.action} of ${p.ref} has that owner and that due date already.`,
    next: '`actions` shows them; `action N @NAME --due friday` changes them.',
  }),
  MINE_UNKNOWN: (_: Record<string, never>) => ({
    sentence:
      'Whose action items are meant is not known: a command line, or a token without an owner, is nobody.',
    next: 'Name the person: `actions --mine --owner @ana`, or a token that has an owner.',
  }),
  DUE_UNKNOWN: (p: { got: string }) => ({
    sentence: `“${p.got}” is no day that something can be due on.`,
    next: 'Write a day such as today, tomorrow, friday, 3d, 2w or 2026-12-05; `none` takes it away.',
  }),
  DUE_PAST: (p: { due: string }) => ({
    sentence: `${p.due} is over, where you are.`,
    next: 'Write a day to come: today, tomorrow, friday, 3d, 2w or 2026-12-05.',
  }),
  NO_SUCH_ENTRY: (p: { ref: string; entry: number }) => ({
    sentence: `${p.ref} has no entry #${p.entry}.`,
    next: '`timeline` shows the entries with their numbers.',
  }),
  ENTRY_STRUCK: (p: { ref: string; entry: number }) => ({
    sentence: `Entry #${p.entry} of ${p.ref} has been struck.`,
    next: 'Record it anew with `note`.',
  }),
  ENTRY_NOT_EDITABLE: (p: { entry: number; kind: string; next: string }) => ({
    sentence: `Entry #${p.entry} records a change (${p.kind}); its words cannot be edited.`,
    next: p.next,
  }),
  NOTHING_TO_UNDO: (p: { ref: string }) => ({
    sentence: `You have no entry in ${p.ref} that could be undone.`,
    next: 'Strike any entry with `strike N REASON`.',
  }),
  ALREADY_CAPTURED: (p: { ref: string; entry: number; by: string }) => ({
    sentence: `That message is in the timeline of ${p.ref} already, as #${p.entry}: ${p.by} put it there.`,
    next: `Correct it with \`edit ${p.entry} TEXT\` or \`strike ${p.entry} REASON\`.`,
  }),
  NO_LINES: (p: { entry: number | null }) => ({
    sentence: `${p.entry === null ? 'That message' : `Entry #${p.entry}`} is no message with several lines that begin with a time.`,
    next: '`log` takes lines that you paste, each `TIME TEXT`.',
  }),
  LINES_TAKEN_IN: (p: { ref: string; entry: number; as: string }) => ({
    sentence: `The lines of #${p.entry} are in the timeline of ${p.ref} already, ${p.as}.`,
    next: 'Correct them one by one: `edit N TEXT`, `time N TIME`, `strike N REASON`.',
  }),
  LINES_KNOWN: (p: { ref: string; count: number }) => ({
    sentence: `You have put ${p.count === 1 ? 'that line' : `all ${p.count.toLocaleString('en')} lines`} into the timeline of ${p.ref} before, at the same ${p.count === 1 ? 'time' : 'times'}.`,
    next: 'Look at `timeline`; where one happened again at the same time, `note TIME TEXT` says so.',
  }),
  OWN_MESSAGE: (_: Record<string, never>) => ({
    sentence: 'I wrote that message myself: what it says comes from the record.',
    next: '`note TEXT` adds words of yours, and `timeline` shows what is there.',
  }),
  PUBLISH_NEEDS_CONFIRMATION: (p: {
    preview: string;
    warnings: readonly string[];
    drill: boolean;
    unseen?: boolean;
  }) => ({
    sentence: `The public would read:\n${p.preview}${p.warnings.length ? `\nBefore it goes out: ${p.warnings.join(' ')}` : ''}`,
    next: p.unseen
      ? 'The template took words of the record into it that were written for us, so `--yes` is not enough: look at it in Slack and click *Publish*, or type the text itself in place of the template.'
      : p.drill
        ? 'Type it again with `--yes`. It is a drill: no public page shows it.'
        : p.warnings.length
          ? 'Change it; or, if the public may read that, type it again with `--yes --anyway "WHY"`.'
          : 'Type it again with `--yes`.',
  }),
  POST_LEAKS: (p: { warnings: readonly string[] }) => ({
    sentence: `Nothing was published. ${p.warnings.join(' ')}`,
    next: 'Change it; or, if the public may read that, type it again with `--anyway "WHY"`.',
  }),
  COMPONENT_NOT_PUBLIC: (p: { component: string; known: readonly string[] }) => ({
    sentence: `“${p.component}” is no component that the public page shows.`,
    next: p.known.length
      ? `These are: ${listed(p.known)}. Others go under \`status: components:\` of tocsin.yml.`
      : 'None is; name some under `status: components:` of tocsin.yml.',
  }),
  POST_NAMES_NOTHING: (_: Record<string, never>) => ({
    sentence: 'A state was given, and the post names no component that it could be of.',
    next: 'Name it: `--state "NAME=partial"`, or `component add NAME` first.',
  }),
  NEXT_UPDATE_PAST: (p: { next: string }) => ({
    sentence: `The next update cannot be promised by ${p.next}: that has passed.`,
    next: 'Write a time that comes: `30m`, `14:30`.',
  }),
  NO_UPDATE_DUE: (p: { ref: string }) => ({
    sentence: `${p.ref} is resolved: nobody waits for an update, and nobody is reminded of one.`,
    next: 'Leave it at that, or take the incident up again: `reopen REASON`.',
  }),
  NO_UPDATE_PROMISED: (p: { ref: string }) => ({
    sentence: `No next update of ${p.ref} is promised.`,
    next: 'Promise one: `next 30m`, `next 14:30`.',
  }),
  NOT_SNOOZED: (p: { ref: string }) => ({
    sentence: `Reminders in ${p.ref} are not snoozed.`,
    next: 'Snooze them: `snooze 30m`, `snooze 14:30`.',
  }),
  NOT_WITHIN: (p: { at: string; within: string; form: string }) => ({
    sentence: `${p.at} is no time that comes within ${p.within}.`,
    next: `Write one that is: \`${p.form}\`.`,
  }),
  STANDING_HAS_NO_POSTS: (_: Record<string, never>) => ({
    sentence:
      'INC-0 is the record of planned and scheduled work, and no incident that the public could be told of.',
    next: 'Name the incident: `publish INC-7 …`; of planned work: `maintenance MNT-1 post TEXT`.',
  }),
  NOT_A_POST: (p: { entry: number; kind: string }) => ({
    sentence: `Entry #${p.entry} is no public post (${p.kind}).`,
    next: '`timeline` shows the entries; `edit` and `strike` correct those that are not public.',
  }),
  POST_IS_PUBLIC: (p: { entry: number; how: 'edit' | 'strike' | 'time' }) => ({
    sentence: `Entry #${p.entry} stands on the public page, and only those who publish may change what is there.`,
    next:
      p.how === 'edit'
        ? `Correct it with \`publish --correct ${p.entry} TEXT\`.`
        : p.how === 'time'
          ? `Correct it with \`publish --correct ${p.entry} TIME\`.`
          : `Withdraw it with \`publish --withdraw ${p.entry} REASON\`.`,
  }),
  NO_SUCH_TEMPLATE: (p: { template: string; known: readonly string[] }) => ({
    sentence: `There is no template “${p.template}” for public posts.`,
    next: `These are: ${listed(p.known)}. Others go under \`status: templates:\` of tocsin.yml.`,
  }),
  BAD_TEMPLATE: (p: { template: string; why: string }) => ({
    sentence: `The template “${p.template}” cannot be used: ${p.why}`,
    next: 'Type the text, with that filled in; or mend the template under `status: templates:` of tocsin.yml.',
  }),
  TEMPLATE_ELSEWHERE: (p: { template: string; state: string; planned: boolean }) => ({
    sentence: p.planned
      ? `The template “${p.template}” is of planned work (${p.state}), and this is a post of an incident.`
      : `The template “${p.template}” is no announcement of planned work: its state is ${p.state}.`,
    next: p.planned
      ? 'Name another one; `maintenance TITLE --template NAME --from TIME --to TIME` announces planned work.'
      : 'Name one whose state is scheduled, such as `maintenance`.',
  }),
  // -- planned work --
  NO_SUCH_MAINTENANCE: (p: { ref: string; known: readonly string[] }) => ({
    sentence: `There is no ${p.ref} that is planned or under way.`,
    next: p.known.length
      ? `These are: ${listed(p.known)}.`
      : 'None is. Plan one: `maintenance TITLE --from TIME --to TIME`.',
  }),
  MAINTENANCE_STATE: (p: { ref: string; state: string; wanted: string }) => ({
    sentence: `${p.ref} is ${p.state}; it cannot be ${p.wanted} now.`,
    next: `\`maintenance ${p.ref} post TEXT\` says something of it; \`maintenance ${p.ref} end\` ends it.`,
  }),
  MAINTENANCE_WINDOW: (p: { from: string; to: string; why: 'backwards' | 'past' | 'long' }) => ({
    sentence: {
      backwards: `It cannot end (${p.to}) before it begins (${p.from}).`,
      past: `It would be over by now (${p.to}).`,
      long: `From ${p.from} to ${p.to} is more than 31 days.`,
    }[p.why],
    next: 'Write when it begins and ends: `--from "2026-12-01 22:00 UTC" --to "2026-12-01 23:00 UTC"`.',
  }),
  // -- watching --
  NOTHING_TO_WATCH: (_: Record<string, never>) => ({
    sentence: 'tocsin.yml names nothing that could be watched.',
    next: 'Name probes or queries there under `watch:`; docs/watch.md has an example.',
  }),
  NO_SUCH_WATCHED: (p: { what: 'probe' | 'query'; name: string; closest: string[] }) => ({
    sentence: `tocsin.yml names no ${p.what} “${p.name}” under \`watch:\`.`,
    next: p.closest.length
      ? `The closest: ${p.closest.map((name) => `\`--${p.what} ${name}\``).join(', ')}.`
      : `Leave \`--${p.what}\` out: it names no ${p.what === 'probe' ? 'probes' : 'queries'}.`,
  }),
  /** `status` null: it is no incident, but what is done outside of them. */
  WATCH_TOO_EARLY: (p: { ref: string; status: Status | null }) => ({
    sentence: `${p.ref} is ${p.status ?? 'the record of scheduled work'}; a watch is for what is held to be over.`,
    next:
      p.status === null
        ? 'Name the incident: `watch INC-7`.'
        : '`status monitoring` or `resolve` first, then `watch`.',
  }),
  NOT_WATCHED: (p: { ref: string }) => ({
    sentence: `Nothing is being watched for ${p.ref}.`,
    next: '`watch 30m` begins it.',
  }),
  // -- alerts --
  DISMISSED_ALREADY: (p: { ref: string }) => ({
    sentence: `${p.ref} is a false alarm already.`,
    next: 'If it was an incident after all: `reopen REASON`.',
  }),
  NO_SUCH_ALERTS: (p: { ref: string; keys: string[] }) => ({
    sentence: `${p.ref} has no alerts of that key.`,
    next: p.keys.length
      ? `Type one of its keys: ${p.keys
          .slice(0, 10)
          .map((key) => `\`${key}\``)
          .join(', ')}${p.keys.length > 10 ? ` and ${p.keys.length - 10} more` : ''}.`
      : 'It has none at all; `list` shows where alerts fire.',
  }),
  ALERTS_MOVED: (p: { ref: string }) => ({
    sentence: `Those alerts are at home in ${p.ref} no more.`,
    next: 'They are looked for anew.',
  }),
  ALERTS_RESOLVED: (p: { ref: string }) => ({
    sentence: `${p.ref} is resolved, and an alert that begins belongs to an open incident.`,
    next: 'One is looked for, or opened.',
  }),
  ALERTS_HERE: (p: { ref: string }) => ({
    sentence: `Those alerts are in ${p.ref} already.`,
    next: 'Name the incident that they are to go to: `attach KEY INC-7`.',
  }),
  ALERTS_NOWHERE: (p: { ref: string }) => ({
    sentence: `${p.ref} is resolved, and what fires belongs to an open incident.`,
    next: `Reopen it (\`reopen REASON\`), or give them one of their own: \`split KEY\`.`,
  }),
  // -- other incidents --
  LINK_TO_ITSELF: (p: { ref: string }) => ({
    sentence: `${p.ref} cannot be linked with itself.`,
    next: 'Name another one: `link INC-7 INC-9 REASON`.',
  }),
  LINK_PRIVATE: (p: { ref: string; other: string; hidden: string }) => ({
    sentence: `${p.ref} and ${p.other} cannot be linked or merged: ${p.hidden} is private, and its number would stand where people read it who are not in it.`,
    next: 'Bring people in with `invite @NAME`, and say in words of your own what they must know.',
  }),
  LINKED_ALREADY: (p: { ref: string; other: string; entry: number }) => ({
    sentence: `${p.ref} and ${p.other} are linked already: entry #${p.entry} of ${p.ref} says so.`,
    next: `\`strike ${p.entry} REASON\` in ${p.ref} takes that back.`,
  }),
  MERGED: (p: { ref: string; into: string }) => ({
    sentence: `${p.ref} is merged into ${p.into}, and goes on there.`,
    next: `Type it in the channel of ${p.into}, or name it: \`note ${p.into} TEXT\`. \`reopen ${p.ref} REASON\` takes the merge back.`,
  }),
  MERGE_DRILL: (p: { ref: string; into: string }) => ({
    sentence: `One of ${p.ref} and ${p.into} is a drill, and the other is not.`,
    next: `Link them: \`link ${p.ref} ${p.into} REASON\`.`,
  }),
  MERGE_UNDER_WAY: (p: { ref: string; what: readonly string[]; next: string }) => ({
    sentence: `In ${p.ref} something is under way: ${p.what.join(', ')}.`,
    next: `Let it end, or end it: ${p.next}. Then merge.`,
  }),
  MERGE_INTO_RESOLVED: (p: { ref: string; into: string }) => ({
    sentence: `${p.into} is resolved, and ${p.ref} would have nowhere to go on.`,
    next: `Reopen it (\`reopen ${p.into} REASON\`), or link them: \`link ${p.ref} ${p.into} REASON\`.`,
  }),
  MERGE_PUBLIC: (p: { ref: string; into: string }) => ({
    sentence: `The public was told of ${p.ref}, and not yet that it is over.`,
    next: `Tell them: \`publish ${p.ref} resolved TEXT\`. Or leave it as it stands: \`merge ${p.ref} into ${p.into} --leave-public\`.`,
  }),
  // -- paging --
  PAGE_WHOM: (p: { known: readonly string[] }) => ({
    sentence: 'It does not say who is to be paged.',
    next: p.known.length
      ? `Name a policy (${listed(p.known)}) or people: \`page ${p.known[0]} REASON\`, \`page @NAME REASON\`.`
      : 'Name people: `page @NAME REASON`. Policies go under `paging:` of tocsin.yml (docs/paging.md).',
  }),
  NO_SUCH_POLICY: (p: { policy: string; known: readonly string[] }) => ({
    sentence: `There is no policy “${p.policy}” that could be paged.`,
    next: p.known.length
      ? `These are: ${listed(p.known)}. People are named with \`@\`: \`page @NAME REASON\`.`
      : 'None is; they go under `paging:` of tocsin.yml (docs/paging.md). People are named with `@`: `page @NAME REASON`.',
  }),
  PAGED_ALREADY: (p: { page: number; minutes: number; by: string | null; policy: string | null }) => ({
    sentence: `The same was paged ${p.minutes} min ago (page ${p.page}), and ${p.by === null ? 'nobody has acknowledged yet' : `${p.by} has acknowledged`}.`,
    next: `If it is to be paged once more: \`page ${p.policy ?? '@NAME'} --again\`.`,
  }),
  /** `page` null: it is about a new one. */
  PAGE_OVER: (p: { ref: string; page: number | null }) => ({
    sentence:
      p.page === null
        ? `${p.ref} is resolved, and nobody is paged for what is over.`
        : `Page ${p.page} is over: ${p.ref} was resolved.`,
    next:
      p.page === null ? 'If it goes on: `reopen REASON`, then `page` again.' : 'Nothing needs to be done.',
  }),
  PAGE_DRILL: (p: { ref: string; policy: string }) => ({
    sentence: `${p.ref} is a drill, which pages nobody outside of Slack, and “${p.policy}” is for services alone.`,
    next: 'Name people: `page @NAME REASON`.',
  }),
  NO_PAGE: (p: { ref: string; page: number | null }) => ({
    sentence: p.page === null ? `Nobody was paged for ${p.ref}.` : `${p.ref} has no page ${p.page}.`,
    next:
      p.page === null
        ? '`page @NAME REASON` pages somebody.'
        : '`show` says which wait; `ack` takes all of them.',
  }),
  PAGE_ACKNOWLEDGED: (p: { page: number; by: string; at: string }) => ({
    sentence: `Page ${p.page} was acknowledged at ${p.at} UTC, by ${p.by}.`,
    next: 'Nobody else is paged for it.',
  }),
  // -- runs --
  NO_SUCH_RUNBOOK: (p: { runbook: string; closest: string[] }) => ({
    sentence: `There is no runbook called “${p.runbook}”.`,
    next: p.closest.length
      ? `The closest: ${p.closest.map((name) => `\`${name}\``).join(', ')}.`
      : 'Put its definition into the folder of runbooks.',
  }),
  BAD_RUNBOOK: (p: { runbook: string; problems: string[] }) => ({
    sentence: `The definition of ${p.runbook} cannot be used: ${p.problems.slice(0, 3).join(' · ')}${p.problems.length > 3 ? ` · and ${p.problems.length - 3} more` : ''}`,
    next: 'Mend it; `tocsin runbook lint` lists everything that is wrong.',
  }),
  BAD_INPUT: (p: InputProblem & { runbook: string }) => ({
    sentence: `The input \`${p.input}\` of ${p.runbook} ${p.why}.`,
    next: p.names ? inputNames(p.names) : inputForm(p.input, p.values),
  }),
  SECRET_TYPED: (p: { what: string; from: 'slack' | 'elsewhere' | 'file' }) => ({
    sentence: `The ${p.what} holds a secret, so nothing was kept.`,
    next: `Refer to secrets by their name in tocsin.yml; think of changing that one, ${SECRET_STANDS[p.from]}.`,
  }),
  NO_SUCH_RUN: (p: { ref: string; run: string; known: string[] }) => ({
    sentence: `${p.ref} has no ${p.run}.`,
    next: p.known.length ? `Under way: ${p.known.join(', ')}. \`runs\` lists all.` : '`runs` lists its runs.',
  }),
  RUN_FORGOTTEN: (p: { ref: string; run: string }) => ({
    sentence: `${p.run} of ${p.ref} ended too long ago, and too much has run since.`,
    next: 'Run the runbook that leads where you want to be.',
  }),
  RUN_TARGET_BUSY: (p: { target: string; of: { ref: string; run: string } | null }) => ({
    sentence: `${p.of ? `${p.of.run} of ${p.of.ref}` : 'Another run'} holds \`${p.target}\`: one run at a time.`,
    next: p.of
      ? `Wait for it, or type \`cancel ${p.of.run}\` in ${p.of.ref}; \`--plan\` shows what would be done.`
      : 'Wait for it; `--plan` shows what would be done.',
  }),
  RUN_NEEDS_A_PERSON: (p: { run: string }) => ({
    sentence: `${p.run} can only be approved by a person in Slack.`,
    next: `Press *Approve* under the plan, or type \`approve ${p.run}\` in the incident's channel.`,
  }),
  RUN_NOT_WAITING: (p: { run: string; how: string }) => ({
    sentence: `${p.run} ${p.how}; there is nothing to approve or reject.`,
    next: '`runs` shows how the runs stand.',
  }),
  RUN_PLAN_CHANGED: (p: { run: string; plan: string }) => ({
    sentence: `That plan of ${p.run} is out of date: the world has moved since.`,
    next: `Look at the new plan (${p.plan}) and approve that.`,
  }),
  RUN_NO_SUCH_PLAN: (p: { run: string; hash: string; plan: string }) => ({
    sentence: `No plan of ${p.run} begins with “${p.hash}”.`,
    next: `Look at the plan that waits (${p.plan}) and approve that.`,
  }),
  RUN_APPROVAL_EXPIRED: (p: { run: string; at: string; runbook: string }) => ({
    sentence: `The plan of ${p.run} could be approved until ${p.at}.`,
    next: `Ask again: \`run ${p.runbook}\`.`,
  }),
  RUN_APPROVER_GONE: (p: { run: string }) => ({
    sentence: `${p.run} cannot be approved by an account that was deactivated.`,
    next: 'Ask somebody who is here.',
  }),
  RUN_APPROVED_ALREADY: (p: { run: string; more: number }) => ({
    sentence: p.more ? `You have approved ${p.run} already.` : `${p.run} is approved already.`,
    next: p.more ? `${p.more} more must agree: other people.` : '`runs` shows how it goes.',
  }),
  RUN_OWN: (p: { run: string }) => ({
    sentence: `You asked for ${p.run}, so somebody else must approve it.`,
    next: `Nobody there? \`approve ${p.run} --break-glass REASON\` goes on alone, loudly, and is kept.`,
  }),
  RUN_NOT_AN_APPROVER: (p: { run: string; from: string[] }) => ({
    sentence: `${p.run} is to be approved by ${p.from.join(' or ')}.`,
    next: `Ask one of them. Nobody there? \`approve ${p.run} --break-glass REASON\` goes on, loudly, and is kept.`,
  }),
  RUN_ROLES_CHANGED: (p: { run: string; role: string; runbook: string }) => ({
    sentence: `You have changed who is ${p.role} since the plan of ${p.run} was shown, so your yes does not count for it.`,
    next: `Somebody else must agree; or plan it again: \`run ${p.runbook}\`.`,
  }),
  RUN_ROLE_LATE: (p: { run: string; role: string; runbook: string }) => ({
    sentence: `You became ${p.role} after the plan of ${p.run} was shown, so your yes does not count for it.`,
    next: `Somebody else must agree; or cancel it and plan it again: \`cancel ${p.run}\`, \`run ${p.runbook}\`.`,
  }),
  RUN_ENDED: (p: { run: string; how: string }) => ({
    sentence: `${p.run} ${p.how}.`,
    next: '`runs` shows what came of it.',
  }),
  RUN_CANCELLED_ALREADY: (p: { run: string }) => ({
    sentence: `${p.run} was cancelled already and is coming to its end.`,
    next: '`runs` shows how it stands.',
  }),
  RUN_BUSY: (p: { run: string; how: string }) => ({
    sentence: `${p.run} ${p.how}.`,
    next: `\`cancel ${p.run}\` stops it; then \`undo ${p.run}\`.`,
  }),
  RUN_NOTHING_TO_UNDO: (p: { run: string; how: string }) => ({
    sentence: `${p.run} ${p.how}; there is nothing of it to undo.`,
    next: '`runs` shows how the runs stand.',
  }),
  RUN_NOT_ASKING: (p: { run: string; how: string }) => ({
    sentence: `${p.run} ${p.how}; it asks nothing.`,
    next: '`runs` shows how the runs stand.',
  }),
  RUN_WANTS_AN_ANSWER: (p: { run: string; step: string; choices: string[] }) => ({
    sentence: `Step ${p.step} of ${p.run} asks a question.`,
    next: `Type ${p.choices.map((choice) => `\`answer ${p.run} ${choice}\``).join(' or ')}.`,
  }),
  RUN_MOVED_ON: (p: { run: string; why: string }) => ({
    sentence: `${p.run} has moved on: ${p.why}.`,
    next: '`runs` shows how it stands.',
  }),
  // -- programs --
  KEY_USED_BEFORE: (p: { ref: string }) => ({
    sentence: `Nothing was kept: that key stands for another request already, one about ${p.ref}.`,
    next: 'Give each request a key of its own; send one again with its key only as it was.',
  }),
  ONLY_LOOKS: (p: { verb: string }) => ({
    sentence: `\`${p.verb}\` changes something, and this token may only read: its scope is read.`,
    next: 'Use one with the scope write: `tocsin token create --name NAME --scope write`.',
  }),
  ONLY_WRITES: (p: { verb: string }) => ({
    sentence: `\`${p.verb}\` changes what the public reads, and this token was not made for that.`,
    next: 'Make one that was: `tocsin token create --name NAME --scope publish`.',
  }),
  BAD_OWNER: (p: { who: string; why: string }) => ({
    sentence: `“${p.who}” cannot be the owner: ${p.why}.`,
    next: 'Name a full member of the workspace: `--owner @ana`, or by the id in their profile, `--owner U012AB3CD`.',
  }),
  // -- recording --
  NOT_RECORDED: (p: { why: string }) => ({
    sentence: `Nothing was kept: ${p.why}.`,
    next: 'Type it again in a moment; the time at which it happened can be given: `note 14:32 TEXT`.',
  }),
  DATABASE_REFUSES: (p: { why: string; fix: string }) => ({
    sentence: `Nothing was kept. The database answers, but takes nothing: ${p.why}.`,
    next: `Whoever runs Tocsin: ${p.fix}. Then type it again; the time at which it happened can be given: \`note 14:32 TEXT\`.`,
  }),
  NOT_CONFIRMED: (_: Record<string, never>) => ({
    sentence: 'Not confirmed: the answer of the database was lost.',
    next: 'Look at `timeline` before you type it again.',
  }),
  NOT_READ: (p: { why: string }) => ({
    sentence: `That could not be looked up: ${p.why}.`,
    next: 'Ask again in a moment.',
  }),
} as const;

const TIMES =
  'Write `14:32`, `~14:32` for about, `-12m`, `yesterday 23:50` or `2024-11-10 01:41 UTC`; if it is text and no time, put `--` before it.';
