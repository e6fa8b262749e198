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

/** What a GitHub needs to be asked. */
export interface GithubSettings {
  readonly repo: string;
  /** Of its REST API, without a slash at the end. */
  readonly url: string;
  readonly labels: readonly string[];
}

const ISSUE = z.object({
  number: z.int().positive(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  body: z.string().nullish(),
  pull_request: z.unknown().optional(),
});
const REPO = z.object({
  has_issues: z.boolean().optional(),
  archived: z.boolean().optional(),
});

const PER_PAGE = 100;
/** Issues that changed since an action item was written down: more than this in a few minutes are none that people made. */
const MOST_PAGES = 10;
/** Clocks differ. */
const SKEW_MS = 5 * 60_000;
/** Theirs. */
const LONGEST_TITLE = 256;

/**
 * Files action items as issues of one repository: its REST API, version 2022-11-28.
 *
 * What was filed is looked for among the issues that changed since, and not by their search, which learns of an issue only
 * after a while.
 * @param token read anew for each request
 */
export function createGithub(settings: GithubSettings, token: () => string): Tracker {
  const { repo, url } = settings;
  const who = 'GitHub';
  const call = (
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    signal: AbortSignal,
    json?: unknown,
  ): Promise<Answered> =>
    asked(
      {
        ...{ method, url: `${url}/repos/${repo}${path}` },
        headers: {
          Accept: 'application/vnd.github+json',
          Authorization: `Bearer ${token()}`,
          'User-Agent': 'tocsin',
          'X-GitHub-Api-Version': '2022-11-28',
        },
        ...(json !== undefined && { json }),
      },
      who,
      signal,
      isLimited,
    );
  const ticketOf = ({ number, html_url, state }: z.infer<typeof ISSUE>): Ticket => ({
    ...{ id: String(number), name: `${repo}#${number}`, url: html_url, state },
  });
  const no = (answer: Answered) => noOf(answer, repo);

  return {
    kind: 'github',
    place: `${url}/${repo}`.toLowerCase(),
    async find(marker, since, signal) {
      const from = new Date(since.getTime() - SKEW_MS).toISOString().replace(/\.\d+/, '');
      const query = `state=all&sort=created&direction=asc&since=${from}&per_page=${PER_PAGE}`;
      for (let page = 1; page <= MOST_PAGES; page++) {
        const answer = await call('GET', `/issues?${query}&page=${page}`, signal);
        if (answer.status !== 200) throw no(answer);
        const issues = shaped(z.array(ISSUE), answer, who, false);
        // Theirs holds pull requests too.
        const found = issues.find(({ body, pull_request: pull }) => !pull && body?.includes(marker));
        if (found) return ticketOf(found);
        if (issues.length < PER_PAGE) break;
      }
      return null;
    },
    async create({ title, lines, marker, due }: TicketDraft, signal) {
      const words = due === null ? lines : [...lines, `Due ${due}.`];
      const answer = await call('POST', '/issues', signal, {
        title: [...title.replace(/\s+/g, ' ')].slice(0, LONGEST_TITLE).join(''),
        body: `${words.map(literally).join('\n\n')}\n\n<!-- ${marker} -->\n`,
        ...(settings.labels.length > 0 && { labels: settings.labels }),
      });
      if (answer.status !== 201) throw no(answer);
      return ticketOf(shaped(ISSUE, answer, who, true));
    },
    async look(id, signal) {
      const answer = await call('GET', `/issues/${id}`, signal);
      if (answer.status === 200) return ticketOf(shaped(ISSUE, answer, who, false));
      // Deleted, or moved to another repository; where the repository cannot be seen either, it is the token that cannot.
      if (![301, 404, 410].includes(answer.status)) throw no(answer);
      const whole = await call('GET', '', signal);
      if (whole.status !== 200) throw no(whole);
      return null;
    },
    async set(id, state, dropped, signal) {
      const reason = state === 'open' ? 'reopened' : dropped ? 'not_planned' : 'completed';
      const answer = await call('PATCH', `/issues/${id}`, signal, { state, state_reason: reason });
      if (answer.status !== 200) throw no(answer);
    },
    async check(signal) {
      const answer = await call('GET', '', signal);
      if (answer.status !== 200) return bad(no(answer));
      const { has_issues: has, archived } = shaped(REPO, answer, who, false);
      if (archived)
        return bad(new TrackerNo(`${repo} is archived`, 'unarchive it, or name another as `tracker: repo:`'));
      if (has === false) return bad(noOf({ ...answer, status: 410 }, repo));
      // What a fine-grained token may is not told; a classic one says its scopes.
      const scopes = answer.headers['x-oauth-scopes'];
      const may = scopes === undefined || scopes === '' || /(^|[\s,])(public_)?repo(?=$|[\s,])/.test(scopes);
      if (!may) return bad(noOf({ ...answer, status: 403 }, repo));
      const issues = await call('GET', '/issues?per_page=1', signal);
      if (issues.status !== 200) return bad(no(issues));
      return { ok: true, detail: `${repo} can be reached, and its issues be read` };
    },
  };
}

const bad = (no: TrackerNo) => ({ ok: false, detail: no.message, fix: no.next });

/** A primary limit says that nothing remains; a secondary one says how long to wait, or only so in words. */
function isLimited({ status, headers, body }: Answered): boolean {
  if (status !== 403) return false;
  if (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0') return true;
  const { message } = anyObject.parse(body);
  return typeof message === 'string' && /secondary rate limit|abuse detection/i.test(message);
}

function noOf({ status, body }: Answered, repo: string): TrackerNo {
  const token = 'the token of `tracker:` in tocsin.yml';
  switch (status) {
    case 401:
      return new TrackerNo(
        'GitHub does not know the token (401)',
        `put a new one where ${token} stands: it may have expired`,
      );
    case 403:
      return new TrackerNo(
        `GitHub does not let the token write issues of ${repo} (403)`,
        'give it “Issues: read and write” (fine-grained), or the scope repo (classic); of an organisation with single sign-on, authorise it there',
      );
    case 301:
    case 302:
    case 307:
    case 308:
      return new TrackerNo(
        `${repo} has another name now (${status})`,
        'write the new one as `tracker: repo:` in tocsin.yml',
      );
    case 404:
      return new TrackerNo(
        `GitHub shows the token no ${repo} (404)`,
        'correct `tracker: repo:` in tocsin.yml, or give the token access to that repository',
      );
    case 410:
      return new TrackerNo(
        `${repo} has its issues switched off (410)`,
        'switch them on in its settings, under Features',
      );
    case 422: {
      const { errors } = anyObject.parse(body);
      const each = Array.isArray(errors) ? errors.map((one) => anyObject.parse(one)) : [];
      const which = plainWords(each.flatMap(({ field, code }) => [field, code]));
      return new TrackerNo(
        `GitHub does not take it${which && `: ${which}`} (422)`,
        'file it by hand, and look at `labels` under `tracker:` in tocsin.yml',
      );
    }
    default:
      return new TrackerNo(`GitHub answered ${status}`, 'is `tracker: url:` the address of its REST API?');
  }
}

/** Nobody is notified, and no other issue is linked, because of a word that somebody said in an incident. */
function literally(text: string): string {
  return text
    .replace(/([\\`*_{}[\]<>#|~])/g, '\\$1')
    .replaceAll('@', '@\u2060')
    .replace(/(\bGH)-(?=\d)/gi, '$1\u2060-');
}
