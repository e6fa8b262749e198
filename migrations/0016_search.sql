-- Texts as they are searched: without accents where `unaccent` is there, in small letters, in words. What stands between words
-- goes, whatever it is: `tts-auth.eu`, `tts_auth` and `tts/auth` are found by `auth`.
--
-- The extensions come with PostgreSQL, and are made if that is permitted here: search does without what is missing. This function
-- may be called at any time, and does nothing where all stands as it should; `tocsin rebuild` calls it, because an extension may
-- be made later. What it makes depends on them, so that whoever drops one is told, and with CASCADE takes no more away than search.
CREATE FUNCTION "tocsin_search_setup"() RETURNS void LANGUAGE plpgsql AS $setup$
DECLARE
  plain text := '$1';
  place text;
  marks constant text := '.,:;!?''"`´()[]{}<>|/\@#$%^&*+=~_-–—·•“”„‘’«»';
BEGIN
  BEGIN
    CREATE EXTENSION IF NOT EXISTS unaccent;
  EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'search does without unaccent: %', SQLERRM;
  END;
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
  EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'search does without pg_trgm: %', SQLERRM;
  END;
  SELECT quote_ident(n.nspname) INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'unaccent';
  IF place IS NOT NULL THEN
    plain := format('%s.unaccent(%L::regdictionary, $1)', place, place || '.unaccent');
  END IF;
  plain := format('translate(lower(%s), %L, %L)', plain, marks, repeat(' ', length(marks)));
  -- How it was made stands beside it: its source is not kept as it was written.
  IF plain IS DISTINCT FROM (SELECT obj_description(to_regprocedure('tocsin_plain(text)'), 'pg_proc')) THEN
    EXECUTE 'CREATE OR REPLACE FUNCTION tocsin_plain(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN ' || plain;
    EXECUTE format('COMMENT ON FUNCTION tocsin_plain(text) IS %L', plain);
    IF to_regclass('entry_words') IS NOT NULL THEN
      REINDEX INDEX entry_words;
    END IF;
    IF to_regclass('entry_letters') IS NOT NULL THEN
      REINDEX INDEX entry_letters;
    END IF;
  END IF;
  -- Struck and erased texts are not in them, so they are not found. What is new waits in a list that is short: whoever fills it
  -- sorts it in, and that is a commit which somebody waits for.
  CREATE INDEX IF NOT EXISTS entry_words ON entry USING gin (to_tsvector('simple', tocsin_plain(text)))
    WITH (gin_pending_list_limit = 512) WHERE text IS NOT NULL AND NOT struck;
  SELECT quote_ident(n.nspname) INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
  IF place IS NOT NULL THEN
    EXECUTE format('CREATE INDEX IF NOT EXISTS entry_letters ON entry USING gin (tocsin_plain("left"(text, 300)) %s.gin_trgm_ops)
      WITH (gin_pending_list_limit = 512) WHERE text IS NOT NULL AND NOT struck', place);
  END IF;
END
$setup$;
--> statement-breakpoint
SELECT tocsin_search_setup();
