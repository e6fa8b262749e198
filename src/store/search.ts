import type pg from 'pg';
import type { Entry } from '#domain/incident/entry.js';
import type { IncidentState } from '#domain/incident/state.js';
import type { Severity, Status } from '#domain/words.js';
import { type Queryable, queryable, transaction, withConnection } from './pools.js';

// Entries are found by indexes over their texts as they stand now (migrations/0016_search.sql): what is corrected, struck, erased
// or rebuilt is so in them too, and nothing has to be kept beside them.

/** An incident that was found. `score`: how well; only for comparing. */
export interface Found {
  incident: number;
  score: number;
}

/** An entry of one that was found. */
export interface FoundEntry extends Pick<Entry, 'n' | 'kind' | 'at' | 'precision'> {
  incident: number;
  text: string;
}

/** Words beyond these narrow nothing down. */
const MOST_WORDS = 8;
/** Incidents are ranked up to there; whoever wants more of them has to say more. */
const MOST_FOUND = 1_000;
/** Lines of each that are shown. */
const LINES = 2;

// Written like the indexes entry_words and entry_letters, or these would not be used.
const TEXT = 'e.text is not null and not e.struck';
const WORDS = "to_tsvector('simple', tocsin_plain(e.text))";
const LETTERS = 'tocsin_plain("left"(e.text, 300))';
const WEIGHT = `case e.kind when 'opened' then 8 when 'title' then 8 when 'cause' then 5 else 2 end`;

/** Private incidents of others are passed over at once, so that they are not among those that are counted off. `$3` null: none are. */
const MAY_SEE = "($3::text is null or not i.private or i.state -> 'members' ? $3)";

/**
 * All of these words must be in an incident, each in any of its entries. A title counts more than a cause, a cause more than
 * anything else, and what is said often a little more than what is said once. Numbers stand for words that are to be the same; of
 * others the beginning is enough.
 * @public a test reads its plan
 */
export const FOUND_SQL = `
with asked as materialized (
  select ord, to_tsquery('simple', '''' || word || '''' || case when length(word) > 2 then ':*' else '' end) as query
  from unnest($2::text[]) with ordinality as a(word, ord)
), wanted as materialized (
  select * from asked where numnode(query) > 0
), hit as (
  select w.ord, e.incident, max(${WEIGHT}) + least(count(*), 10) / 10.0 as score
  from wanted w join entry e on ${WORDS} @@ w.query
  where e.team = $1 and e.incident > 0 and ${TEXT}
  group by w.ord, e.incident
), found as materialized (
  select incident, sum(score)::float8 as score from hit
  group by incident having count(*) = (select count(*) from wanted)
)
select incident, score from found f
where $3::text is null or exists (
  select from incident i where i.team = $1 and i.number = f.incident and ${MAY_SEE})
order by score desc, incident desc limit ${MOST_FOUND}`;

const LINES_SQL = `
with asked as materialized (
  select to_tsquery('simple', '''' || word || '''' || case when length(word) > 2 then ':*' else '' end) as query
  from unnest($3::text[]) as a(word)
), hit as (
  select e.incident, e.n, e.kind, e.at, e.precision, e.text, count(*) * 10 + max(${WEIGHT}) as score
  from entry e join asked a on ${WORDS} @@ a.query
  where e.team = $1 and e.incident = any($2::int[]) and ${TEXT}
  group by e.team, e.incident, e.n
), ranked as (
  select *, row_number() over (partition by incident order by score desc, n) as place from hit where kind <> 'opened'
)
select incident, n, kind, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, precision, left(text, 4000) as text
from ranked where place <= ${LINES} order by incident, n`;

/** How alike a word must be to one of a text, as \`word_similarity\` of pg_trgm has it: test/store/search.test.ts measures it. */
const ALIKE = 0.45;
/** Texts that are looked through for a word that is like a misspelt one: a common word is in any of them. */
const LOOKED_THROUGH = 200;

/**
 * Texts that hold something like the word, and of these the words that are most like it. Bounded, because a misspelt common word is
 * like thousands of texts: what is found here is the word that was meant, and by that the incidents are found.
 */
const MEANT_SQL = `
with near as (
  select ${LETTERS} as text from entry e join incident i on i.team = e.team and i.number = e.incident
  where e.team = $1 and ${TEXT} and $2 <% ${LETTERS} and ${MAY_SEE} limit ${LOOKED_THROUGH}
), word as (
  select distinct w as word from near, regexp_split_to_table(text, '\\s+') as w where length(w) between 2 and 40
)
select word from word where similarity(word, $2) >= 0.3 order by similarity(word, $2) desc, word limit 1`;

/** What search stands on beside PostgreSQL itself. */
export interface SearchParts {
  unaccent: boolean;
  trigrams: boolean;
  /** Made before an extension that is there by now, or gone with one: `tocsin rebuild` makes it anew. */
  stale: boolean;
}

const PARTS_SQL = `
select
  exists (select from pg_extension where extname = 'unaccent') as unaccent,
  to_regoperator('<%(text,text)') is not null as trigrams,
  exists (select from pg_extension where extname = 'unaccent')
    is distinct from obj_description(to_regprocedure('tocsin_plain(text)'), 'pg_proc') like '%unaccent%'
  or to_regclass('entry_words') is null
  or exists (select from pg_extension where extname = 'pg_trgm') and to_regclass('entry_letters') is null as stale`;

/** Which incidents a list shows. */
export interface ListFilter {
  /** Empty: any. */
  statuses: readonly Status[];
  open?: boolean;
  severities: readonly Severity[];
  /** When they were opened: from, and up to but without. */
  from: string | null;
  to: string | null;
  /** Somebody who opened it, was brought in or has a role. */
  of: string | null;
  lead: string | null;
  drills: boolean;
  /** In any case; any of them. */
  components: readonly string[];
}

const LIST_SQL = `
select state from incident
where team = $1 and number > 0 and ($2::int is null or number < $2)
  and ($3::boolean is null or open = $3) and (cardinality($4::text[]) = 0 or state ->> 'status' = any($4))
  and (cardinality($5::text[]) = 0 or state ->> 'severity' = any($5))
  and ($6::text is null or (state #>> '{opened,at}') collate "C" >= $6)
  and ($7::text is null or (state #>> '{opened,at}') collate "C" < $7)
  and ($8::text is null or state -> 'members' ? $8) and ($9::text is null or state #>> '{roles,lead,id}' = $9)
  and (not $10::boolean or (state -> 'drill')::boolean)
  and (cardinality($11::text[]) = 0 or exists (
    select from jsonb_array_elements_text(state -> 'components') c where lower(c) = any($11)))
order by number desc limit $12`;

/** Whoever drops an extension, or restores into a database that has none, takes away what was made with it. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('database error 42883');
}

/** Looking for incidents. Private ones are among what is found: who may see them is decided in `read`. */
export function search(pool: pg.Pool, db: Queryable) {
  const ask = async <R extends object>(name: string, text: string, values: unknown[]): Promise<R[]> =>
    (await db.query<R>({ name, text, values })).rows;
  const parts = async (): Promise<SearchParts> => {
    const [there] = await ask<SearchParts>('search_parts', PARTS_SQL, []);
    return there ?? { unaccent: false, trigrams: false, stale: false };
  };
  return {
    searchParts: parts,
    /** @returns the words of a text, as they stand in the index; each once, as many as are looked for. Null: there is none here */
    async wordsIn(text: string): Promise<string[] | null> {
      const sql = 'select tocsin_plain($1) as plain';
      const [row] = await ask<{ plain: string }>('search_plain', sql, [text]).catch((error: unknown) => {
        if (isGone(error)) return [null];
        throw error;
      });
      if (row === null) return null;
      return [...new Set((row?.plain ?? '').split(/\s+/).filter(Boolean))].slice(0, MOST_WORDS);
    },
    /** @returns incidents in which all of these words are, the best first. `member`: whose private ones are among them; null: everybody's */
    found: (team: string, words: readonly string[], member: string | null): Promise<Found[]> =>
      ask('search_found', FOUND_SQL, [team, words, member]),
    states: async (team: string, numbers: readonly number[]): Promise<IncidentState[]> => {
      const sql = 'select state from incident where team = $1 and number = any($2::int[])';
      return (await ask<{ state: IncidentState }>('search_states', sql, [team, numbers])).map(
        ({ state }) => state,
      );
    },
    /** @returns the lines of these incidents that hold most of the words, two of each at most; their titles are not among them */
    foundIn: (team: string, incidents: readonly number[], words: readonly string[]): Promise<FoundEntry[]> =>
      ask('search_lines', LINES_SQL, [team, incidents, words]),
    /** @returns for each word one that is recorded and most like it; itself where none is, or nothing can be said */
    async meant(team: string, words: readonly string[], member: string | null): Promise<string[]> {
      if (!(await parts()).trigrams) return [...words];
      return withConnection(pool, (client) => {
        const own = queryable(client);
        return transaction(own, async () => {
          await own.query(`select set_config('pg_trgm.word_similarity_threshold', $1, true)`, [
            String(ALIKE),
          ]);
          const meant: string[] = [];
          for (const word of words) {
            const { rows } = await own.query<{ word: string }>({
              name: 'search_meant',
              text: MEANT_SQL,
              values: [team, word, member],
            });
            meant.push(rows[0]?.word ?? word);
          }
          return meant;
        });
      });
    },
    /** @returns incidents that pass the filter, newest first; `before`: only numbers below, for the next page */
    chosen: async (
      team: string,
      filter: ListFilter,
      { before, limit }: { before: number | null; limit: number },
    ): Promise<IncidentState[]> => {
      const { statuses, open, severities, from, to, of, lead, drills, components } = filter;
      const small = components.map((name) => name.toLowerCase());
      const values = [
        team,
        before,
        open ?? null,
        statuses,
        severities,
        from,
        to,
        of,
        lead,
        drills,
        small,
        limit,
      ];
      return (await ask<{ state: IncidentState }>('list_chosen', LIST_SQL, values)).map(({ state }) => state);
    },
    /** @returns the newest incidents, those that are open first; as many as may be like one that is opened now */
    recent: async (team: string, limit: number): Promise<IncidentState[]> => {
      const sql = `select state from incident where team = $1 and number > 0 and open order by number desc limit $2`;
      const over = `select state from incident where team = $1 and number > 0
        and updated_at > now() - interval '1 day' order by number desc limit $2`;
      const [open, lately] = await Promise.all([
        ask<{ state: IncidentState }>('recent_open', sql, [team, limit]),
        ask<{ state: IncidentState }>('recent_over', over, [team, limit]),
      ]);
      const seen = new Map([...open, ...lately].map(({ state }) => [state.number, state]));
      return [...seen.values()];
    },
    /** Makes what search stands on, as far as this database lets us: it may let us more than when it was migrated. */
    async setUp(): Promise<void> {
      await db.query('select tocsin_search_setup()');
    },
  };
}
