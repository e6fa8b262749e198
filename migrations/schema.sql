table action_reminder
  team text not null
  incident integer not null
  action integer not null
  owner text not null
  due date not null
  stage integer not null
  told_at timestamp(3) with time zone not null default now()
  constraint action_reminder_pkey PRIMARY KEY (team, incident, action)
table arrival
  team text not null
  source text not null
  delivery text not null
  received_at timestamp(3) with time zone not null default now()
  constraint arrival_pkey PRIMARY KEY (team, source, delivery)
  CREATE INDEX arrival_received ON arrival USING btree (received_at)
table canvas
  team text not null
  incident integer not null
  canvas text
  seq integer not null
  digest text
  refused text
  settled boolean not null default false
  at timestamp(3) with time zone not null default now()
  constraint canvas_pkey PRIMARY KEY (team, incident)
table entry
  team text not null
  incident integer not null
  n integer not null
  at timestamp(0) with time zone not null
  until timestamp(0) with time zone
  precision text not null
  recorded_at timestamp(3) with time zone not null
  edited_at timestamp(3) with time zone
  kind text not null
  text text
  erased boolean not null
  detail jsonb not null
  struck boolean not null
  by_id text not null
  by_name text
  source text not null
  link text
  constraint entry_pkey PRIMARY KEY (team, incident, n)
  CREATE INDEX entry_action ON entry USING btree (team, incident, (((detail ->> 'action'::text))::integer), n) WHERE (kind = 'action'::text)
  CREATE INDEX entry_alert ON entry USING btree (team, incident, ((detail ->> 'alert'::text))) WHERE (kind = 'alert'::text)
  CREATE INDEX entry_letters ON entry USING gin (tocsin_plain("left"(text, 300)) gin_trgm_ops) WITH (gin_pending_list_limit='512') WHERE ((text IS NOT NULL) AND (NOT struck))
  CREATE INDEX entry_public ON entry USING btree (team, incident, n) WHERE ((kind = 'post'::text) OR ((kind = 'component'::text) AND (detail ? 'state'::text)))
  CREATE INDEX entry_timeline ON entry USING btree (team, incident, at, n)
  CREATE INDEX entry_words ON entry USING gin (to_tsvector('simple'::regconfig, tocsin_plain(text))) WITH (gin_pending_list_limit='512') WHERE ((text IS NOT NULL) AND (NOT struck))
table fact
  team text not null
  incident integer not null
  seq integer not null
  type text not null
  v integer not null
  recorded_at timestamp(3) with time zone not null
  body text not null
  hash text not null
  key text
  receipt text
  asked text
  constraint fact_pkey PRIMARY KEY (team, incident, seq)
  CREATE INDEX fact_amends ON fact USING btree (team, incident, ((((body)::jsonb #>> '{data,entry}'::text[]))::integer), seq) WHERE (type = ANY (ARRAY['EntryEdited'::text, 'EntryRetimed'::text, 'EntryStruck'::text, 'MessageEdited'::text, 'MessageDeleted'::text, 'FilesKept'::text]))
  CREATE INDEX fact_captured ON fact USING btree (team, incident, (((body)::jsonb #>> '{data,channel}'::text[])), (((body)::jsonb #>> '{data,ts}'::text[]))) WHERE (type = 'MessageCaptured'::text)
  CREATE INDEX fact_captured_at ON fact USING btree (team, (((body)::jsonb #>> '{data,channel}'::text[])), (((body)::jsonb #>> '{data,ts}'::text[]))) WHERE (type = 'MessageCaptured'::text)
  CREATE UNIQUE INDEX fact_key ON fact USING btree (team, key) WHERE (key IS NOT NULL)
  CREATE INDEX fact_run ON fact USING btree (team, incident, ((((body)::jsonb #>> '{data,run}'::text[]))::integer), seq) WHERE (type ~ '^(Run|Step)'::text)
  CREATE TRIGGER fact_append_only BEFORE UPDATE ON fact FOR EACH ROW EXECUTE FUNCTION tocsin_receipt_only() (always)
  CREATE TRIGGER fact_no_delete BEFORE DELETE ON fact FOR EACH ROW EXECUTE FUNCTION tocsin_append_only() (always)
  CREATE TRIGGER fact_no_truncate BEFORE TRUNCATE ON fact FOR EACH STATEMENT EXECUTE FUNCTION tocsin_append_only() (always)
table fact_text
  team text not null
  incident integer not null
  seq integer not null
  field text not null
  salt text
  text text
  constraint fact_text_pkey PRIMARY KEY (team, incident, seq, field)
  CREATE TRIGGER fact_text_erase_only BEFORE UPDATE ON fact_text FOR EACH ROW EXECUTE FUNCTION tocsin_erase_only() (always)
  CREATE TRIGGER fact_text_no_delete BEFORE DELETE ON fact_text FOR EACH ROW EXECUTE FUNCTION tocsin_append_only() (always)
  CREATE TRIGGER fact_text_no_truncate BEFORE TRUNCATE ON fact_text FOR EACH STATEMENT EXECUTE FUNCTION tocsin_append_only() (always)
table incident with (fillfactor=50)
  team text not null
  number integer not null
  seq integer not null
  head text not null
  state jsonb not null
  open boolean not null
  private boolean not null
  channel_id text
  updated_at timestamp(3) with time zone not null
  epoch integer not null default 0
  constraint incident_pkey PRIMARY KEY (team, number)
  CREATE INDEX incident_channel ON incident USING btree (team, channel_id) WHERE (channel_id IS NOT NULL)
  CREATE INDEX incident_open ON incident USING btree (team, number) WHERE open
  CREATE INDEX incident_paging ON incident USING btree (team, number) WHERE ((state -> 'pages'::text) ? 'waiting'::text)
  CREATE INDEX incident_promising ON incident USING btree (team, number) WHERE (state ? 'promised'::text)
table kept_file
  team text not null
  incident integer not null
  n integer not null
  file text not null
  bytes bytea not null
  kept_at timestamp(3) with time zone not null default now()
  constraint kept_file_pkey PRIMARY KEY (team, incident, n, file)
table lane with (fillfactor=50)
  team text not null
  lane text not null
  owner text
  fence bigint not null default 0
  lease_until timestamp(3) with time zone
  next_at timestamp(3) with time zone
  set_at timestamp(3) with time zone not null default now()
  constraint lane_pkey PRIMARY KEY (team, lane)
table migration
  id bigint not null
  applied_at timestamp with time zone not null default now()
  constraint migration_pkey PRIMARY KEY (id)
table mute
  team text not null
  grp text not null
  key text not null
  from_at timestamp(3) with time zone not null
  until_at timestamp(3) with time zone not null
  by_id text not null
  by_name text
  constraint mute_pkey PRIMARY KEY (team, grp)
table outbox
  team text not null
  id bigint not null generated always as identity
  lane text not null
  incident integer not null
  seq integer not null
  kind text not null
  payload jsonb not null
  due_at timestamp(3) with time zone not null default now()
  attempts integer not null default 0
  started_at timestamp(3) with time zone
  done_at timestamp(3) with time zone
  dead_at timestamp(3) with time zone
  error text
  result jsonb
  key text
  set_at timestamp(3) with time zone not null default now()
  owed_at timestamp(3) with time zone not null default now()
  constraint outbox_pkey PRIMARY KEY (team, id)
  CREATE INDEX outbox_dead ON outbox USING btree (team, lane, id) WHERE (dead_at IS NOT NULL)
  CREATE INDEX outbox_done ON outbox USING btree (done_at) WHERE (done_at IS NOT NULL)
  CREATE UNIQUE INDEX outbox_key ON outbox USING btree (team, key) WHERE (key IS NOT NULL)
  CREATE INDEX outbox_open ON outbox USING btree (team, lane, id) WHERE ((done_at IS NULL) AND (dead_at IS NULL))
  CREATE INDEX outbox_page ON outbox USING btree (team, id) WHERE (kind = 'status.page'::text)
table person
  team text not null
  id text not null
  name text not null
  handle text
  real_name text
  tz text
  is_bot boolean not null
  deleted boolean not null
  updated_at timestamp(3) with time zone not null default now()
  kind text
  constraint person_pkey PRIMARY KEY (team, id)
  CREATE INDEX person_handle ON person USING btree (team, lower(handle))
  CREATE INDEX person_name ON person USING btree (team, lower(name))
  CREATE INDEX person_real_name ON person USING btree (team, lower(real_name))
table public_change
  team text not null
  n bigint not null generated by default as identity
  incident integer not null
  seq integer not null
  noted_at timestamp(3) with time zone not null default now()
  constraint public_change_pkey PRIMARY KEY (team, n)
  CREATE UNIQUE INDEX public_change_fact ON public_change USING btree (team, incident, seq)
  CREATE INDEX public_change_noted ON public_change USING btree (noted_at)
table run_target
  team text not null
  target text not null
  incident integer not null
  run integer not null
  since timestamp(3) with time zone not null default now()
  constraint run_target_pkey PRIMARY KEY (team, target)
table schedule
  team text not null
  name text not null
  spec text not null
  next_at timestamp(3) with time zone not null
  last_at timestamp(3) with time zone
  outcome text
  due_at timestamp(3) with time zone
  set_at timestamp(3) with time zone not null default now()
  constraint schedule_pkey PRIMARY KEY (team, name)
table sign_ups
  team text not null
  what text not null
  hour timestamp(3) with time zone not null
  count integer not null
  constraint sign_ups_pkey PRIMARY KEY (team, what, hour)
  CREATE INDEX sign_ups_hour ON sign_ups USING btree (hour)
table signal
  team text not null
  id text not null
  n bigint not null generated by default as identity
  source text not null
  alert text not null
  status text not null
  since timestamp(0) with time zone not null
  until timestamp(0) with time zone
  begun_at timestamp(3) with time zone not null
  received_at timestamp(3) with time zone not null default now()
  rule text
  key text not null
  grp text not null
  shadow boolean not null
  body jsonb not null
  outcome text
  incident integer
  settled_at timestamp(3) with time zone
  fires boolean not null default false
  constraint signal_pkey PRIMARY KEY (team, id)
  CREATE INDEX signal_begun ON signal USING btree (team, grp, begun_at) WHERE (status = 'firing'::text)
  CREATE INDEX signal_ended ON signal USING btree (team, alert, n) WHERE (status = 'resolved'::text)
  CREATE INDEX signal_firing ON signal USING btree (team, grp, n) WHERE fires
  CREATE INDEX signal_live ON signal USING btree (team, alert, n) WHERE ((outcome IS NULL) OR fires)
  CREATE INDEX signal_received ON signal USING btree (received_at)
  CREATE INDEX signal_stands ON signal USING btree (team, alert, n) WHERE (outcome = ANY (ARRAY['opened'::text, 'attached'::text]))
  CREATE INDEX signal_waiting ON signal USING btree (team, grp, n) WHERE (outcome IS NULL)
table status_component
  team text not null
  name text not null
  since timestamp(0) with time zone not null
  constraint status_component_pkey PRIMARY KEY (team, name)
table subscriber
  team text not null
  id text not null
  kind text not null
  address text not null
  components text[] not null default '{}'::text[]
  language text not null
  state text not null default 'asked'::text
  share smallint not null
  created_at timestamp(3) with time zone not null default now()
  asked_at timestamp(3) with time zone
  confirmed_at timestamp(3) with time zone
  secret text
  cursor bigint not null default 0
  upto bigint
  told_at timestamp(3) with time zone
  tries integer not null default 0
  bounces integer not null default 0
  returned integer not null default 0
  failures integer not null default 0
  last_error text
  retry_at timestamp(3) with time zone
  constraint subscriber_pkey PRIMARY KEY (team, id)
  CREATE UNIQUE INDEX subscriber_address ON subscriber USING btree (team, kind, address)
  CREATE INDEX subscriber_share ON subscriber USING btree (team, share, id)
  CREATE INDEX subscriber_unconfirmed ON subscriber USING btree (created_at) WHERE (state = 'asked'::text)
table subscriber_token
  team text not null
  hash text not null
  subscriber text not null
  kind text not null
  created_at timestamp(3) with time zone not null default now()
  constraint subscriber_token_pkey PRIMARY KEY (team, hash)
  constraint subscriber_token_subscriber FOREIGN KEY (team, subscriber) REFERENCES subscriber(team, id) ON DELETE CASCADE
  CREATE INDEX subscriber_token_of ON subscriber_token USING btree (team, subscriber)
table ticket
  team text not null
  incident integer not null
  action integer not null
  place text not null
  ticket text not null
  seen text not null
  looked_at timestamp(3) with time zone not null default now()
  turns integer not null default 0
  turned_at timestamp(3) with time zone not null default now()
  constraint ticket_pkey PRIMARY KEY (team, incident, action)
  CREATE INDEX ticket_named ON ticket USING btree (team, place, ticket)
table token
  team text not null
  name text not null
  hash text not null
  scope text not null
  private boolean not null
  created_at timestamp(3) with time zone not null default now()
  owner text
  expires_at timestamp(3) with time zone
  last_used_at timestamp(3) with time zone
  revoked_at timestamp(3) with time zone
  constraint token_pkey PRIMARY KEY (team, name)
  CREATE INDEX token_hash ON token USING btree (hash)
table workspace
  team text not null
  slack_team text
  created_at timestamp(3) with time zone not null default now()
  home text
  restored_at timestamp(3) with time zone
  numbers_from integer
  constraint workspace_pkey PRIMARY KEY (team)
  CREATE UNIQUE INDEX workspace_slack_team ON workspace USING btree (slack_team)
CREATE OR REPLACE FUNCTION tocsin_append_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION '% of % is refused: facts are append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$function$

CREATE OR REPLACE FUNCTION tocsin_erase_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NEW.salt IS NULL AND NEW.text IS NULL
     AND (NEW.team, NEW.incident, NEW.seq, NEW.field) = (OLD.team, OLD.incident, OLD.seq, OLD.field) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'UPDATE of fact_text is refused: a text can only be erased, salt and text together'
    USING ERRCODE = 'restrict_violation';
END
$function$

CREATE OR REPLACE FUNCTION tocsin_plain(text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN translate(lower(unaccent('unaccent'::regdictionary, $1)), '.,:;!?''"`´()[]{}<>|/\@#$%^&*+=~_-–—·•“”„‘’«»'::text, '                                            '::text)

CREATE OR REPLACE FUNCTION tocsin_receipt_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF NEW.receipt IS NULL AND to_jsonb(NEW) - 'receipt' - 'asked' = to_jsonb(OLD) - 'receipt' - 'asked' THEN
    NEW.asked := NULL;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'UPDATE of fact is refused: facts are append-only' USING ERRCODE = 'restrict_violation';
END
$function$

CREATE OR REPLACE FUNCTION tocsin_refuse(reason text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION '%', reason USING ERRCODE = 'TC409';
END
$function$

CREATE OR REPLACE FUNCTION tocsin_search_setup()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
$function$

