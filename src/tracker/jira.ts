import { z } from 'zod';
import {
  type Answered,
  anyObject,
  asked,
  plainWords,
  shaped,
  type Ticket,
  type TicketDraft,
  type Tracker,
  TrackerNo,
} from './tracker.js';

/** What a Jira Cloud needs to be asked. */
export interface JiraSettings {
  /** Of the site, without a slash at the end. */
  readonly url: string;
  readonly project: string;
  readonly email: string;
  /** Of the tickets: `Task`. */
  readonly type: string;
  readonly labels: readonly string[];
}

const STATUS = z.object({ statusCategory: z.object({ key: z.string() }) });
const ISSUE = z.object({ id: z.string(), key: z.string(), fields: z.object({ status: STATUS }) });
const MADE = z.object({ id: z.string(), key: z.string() });
const TRANSITIONS = z.object({ transitions: z.array(z.object({ id: z.string(), to: STATUS })) });
const MAY = z.object({ permissions: z.record(z.string(), z.object({ havePermission: z.boolean() })) });

/** Fields that a project may not have on the screen on which tickets are made: without them it is one all the same. */
const OPTIONAL: ReadonlySet<string> = new Set(['duedate', 'labels']);
/** Theirs. */
const LONGEST_SUMMARY = 255;
const NEEDED = ['BROWSE_PROJECTS', 'CREATE_ISSUES', 'TRANSITION_ISSUES'] as const;

/**
 * Files action items as tickets of one project of Jira Cloud: its REST API, version 3. What is done, and what is not, is told by
 * the category of its status; which statuses there are is the project's own affair.
 * @param token read anew for each request
 */
export function createJira(settings: JiraSettings, token: () => string): Tracker {
  const { url, project, email } = settings;
  const who = 'Jira';
  const call = (
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    json?: unknown,
  ): Promise<Answered> =>
    asked(
      {
        ...{ method, url: `${url}/rest/api/3${path}` },
        headers: {
          Accept: 'application/json',
          Authorization: `Basic ${Buffer.from(`${email}:${token()}`).toString('base64')}`,
        },
        ...(json !== undefined && { json }),
      },
      who,
      signal,
    );
  const browse = (key: string) => `${url}/browse/${key}`;
  const ticketOf = ({ id, key, fields }: z.infer<typeof ISSUE>): Ticket => ({
    ...{ id, name: key, url: browse(key) },
    state: fields.status.statusCategory.key === 'done' ? 'closed' : 'open',
  });
  const no = (answer: Answered) => noOf(answer, settings);

  return {
    kind: 'jira',
    place: `${url}/${project}`.toLowerCase(),
    async find(marker, _since, signal) {
      const jql = `project = "${project}" AND (labels = "${marker}" OR description ~ "${marker}") ORDER BY created ASC`;
      const query = new URLSearchParams({ jql, fields: 'status', maxResults: '5' });
      const answer = await call('GET', `/search/jql?${query}`, signal);
      if (answer.status !== 200) throw no(answer);
      const { issues } = shaped(z.object({ issues: z.array(ISSUE) }), answer, who, false);
      return issues[0] ? ticketOf(issues[0]) : null;
    },
    async create({ title, lines, marker, due }: TicketDraft, signal) {
      const paragraph = (text: string) => ({ type: 'paragraph', content: [{ type: 'text', text }] });
      const said = due === null ? lines : [...lines, `Due ${due}.`];
      const fields: Record<string, unknown> = {
        project: { key: project },
        issuetype: { name: settings.type },
        summary: [...title.replace(/\s+/g, ' ')].slice(0, LONGEST_SUMMARY).join(''),
        description: { type: 'doc', version: 1, content: [...said, marker].map(paragraph) },
        labels: [...settings.labels, marker],
        ...(due !== null && { duedate: due }),
      };
      let answer = await call('POST', '/issue', signal, { fields });
      const wrong = answer.status === 400 ? wrongIn(answer) : [];
      if (wrong.length > 0 && wrong.every((name) => OPTIONAL.has(name))) {
        for (const name of wrong) delete fields[name];
        answer = await call('POST', '/issue', signal, { fields });
      }
      if (answer.status !== 201) throw no(answer);
      const { id, key } = shaped(MADE, answer, who, true);
      return { id, name: key, url: browse(key), state: 'open' };
    },
    async look(id, signal) {
      const answer = await call('GET', `/issue/${id}?fields=status`, signal);
      if (answer.status === 200) return ticketOf(shaped(ISSUE, answer, who, false));
      if (answer.status !== 404) throw no(answer);
      // Where the project cannot be seen either, it is the account that cannot.
      const whole = await call('GET', `/project/${project}`, signal);
      if (whole.status !== 200) throw no(whole);
      return null;
    },
    async set(id, state, _dropped, signal) {
      const answer = await call('GET', `/issue/${id}/transitions`, signal);
      if (answer.status !== 200) throw no(answer);
      const { transitions } = shaped(TRANSITIONS, answer, who, false);
      const towards = state === 'closed' ? ['done'] : ['new', 'indeterminate'];
      const way = towards.flatMap((category) =>
        transitions.filter(({ to }) => to.statusCategory.key === category),
      )[0];
      if (!way)
        throw new TrackerNo(
          `no transition leads from where the ticket stands to ${state === 'closed' ? 'a status that is done' : 'one that is not done'}`,
          'move it by hand, or change the workflow of the project',
        );
      const moved = await call('POST', `/issue/${id}/transitions`, signal, { transition: { id: way.id } });
      if (moved.status !== 204) throw no(moved);
    },
    async check(signal) {
      const query = new URLSearchParams({ projectKey: project, permissions: NEEDED.join(',') });
      const answer = await call('GET', `/mypermissions?${query}`, signal);
      if (answer.status !== 200) return bad(no(answer));
      const { permissions } = shaped(MAY, answer, who, false);
      const missing = NEEDED.filter((name) => !permissions[name]?.havePermission);
      if (missing.length === 0)
        return { ok: true, detail: `${project} can be reached, and the account may write there` };
      return bad(
        new TrackerNo(
          `in ${project} the account of the token lacks ${missing.join(', ')}`,
          'give it a role of that project that has them',
        ),
      );
    },
  };
}

const bad = (no: TrackerNo) => ({ ok: false, detail: no.message, fix: no.next });

function wrongIn({ body }: Answered): string[] {
  return Object.keys(anyObject.parse(anyObject.parse(body).errors));
}

function noOf(answer: Answered, { project, url }: JiraSettings): TrackerNo {
  const { status } = answer;
  switch (status) {
    case 401:
      return new TrackerNo(
        'Jira does not know the account, or its token (401)',
        'put a new API token where the token of `tracker:` in tocsin.yml stands, and see that `email` is that of its account',
      );
    case 403:
      return new TrackerNo(
        `Jira does not let the account write in ${project} (403)`,
        'give it a role of that project that may create and transition tickets',
      );
    case 404:
    case 410:
      return new TrackerNo(
        `Jira shows the account no ${project} at ${url} (${status})`,
        'correct `project` and `url` of `tracker:` in tocsin.yml, or give the account access',
      );
    case 400:
    case 422: {
      const which = plainWords(wrongIn(answer));
      return new TrackerNo(
        `Jira does not take it${which && `: ${which}`} (${status})`,
        'file it by hand; a field that the project demands must have a default there, and `type` of `tracker:` must be one of its types',
      );
    }
    default:
      return new TrackerNo(`Jira answered ${status}`, 'is `tracker: url:` the address of the site?');
  }
}
