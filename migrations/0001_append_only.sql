-- Facts are written once. A text may be erased (salt and text together), which leaves only its commitment.
CREATE FUNCTION "tocsin_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: facts are append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
CREATE FUNCTION "tocsin_erase_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.salt IS NULL AND NEW.text IS NULL
     AND (NEW.team, NEW.incident, NEW.seq, NEW.field) = (OLD.team, OLD.incident, OLD.seq, OLD.field) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'UPDATE of fact_text is refused: a text can only be erased, salt and text together'
    USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
-- Makes one commit statement fail as a whole when it did not do everything that it set out to do.
CREATE FUNCTION "tocsin_refuse"(reason text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', reason USING ERRCODE = 'TC409';
END
$$;
--> statement-breakpoint
CREATE TRIGGER "fact_append_only" BEFORE UPDATE OR DELETE ON "fact"
  FOR EACH ROW EXECUTE FUNCTION "tocsin_append_only"();
--> statement-breakpoint
CREATE TRIGGER "fact_no_truncate" BEFORE TRUNCATE ON "fact"
  FOR EACH STATEMENT EXECUTE FUNCTION "tocsin_append_only"();
--> statement-breakpoint
CREATE TRIGGER "fact_text_erase_only" BEFORE UPDATE ON "fact_text"
  FOR EACH ROW EXECUTE FUNCTION "tocsin_erase_only"();
--> statement-breakpoint
CREATE TRIGGER "fact_text_no_delete" BEFORE DELETE ON "fact_text"
  FOR EACH ROW EXECUTE FUNCTION "tocsin_append_only"();
--> statement-breakpoint
CREATE TRIGGER "fact_text_no_truncate" BEFORE TRUNCATE ON "fact_text"
  FOR EACH STATEMENT EXECUTE FUNCTION "tocsin_append_only"();
--> statement-breakpoint
-- ALWAYS: they also hold where session_replication_role switches ordinary triggers off.
ALTER TABLE "fact" ENABLE ALWAYS TRIGGER "fact_append_only";
--> statement-breakpoint
ALTER TABLE "fact" ENABLE ALWAYS TRIGGER "fact_no_truncate";
--> statement-breakpoint
ALTER TABLE "fact_text" ENABLE ALWAYS TRIGGER "fact_text_erase_only";
--> statement-breakpoint
ALTER TABLE "fact_text" ENABLE ALWAYS TRIGGER "fact_text_no_delete";
--> statement-breakpoint
ALTER TABLE "fact_text" ENABLE ALWAYS TRIGGER "fact_text_no_truncate";
--> statement-breakpoint
-- Summaries and leases are rewritten all the time: room on the page keeps those updates off the indexes.
ALTER TABLE "incident" SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE "lane" SET (fillfactor = 50);
