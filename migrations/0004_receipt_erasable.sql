-- A receipt quotes what was said, so it goes when the text goes. It is not part of the fact: nothing else of the row may change.
CREATE FUNCTION "tocsin_receipt_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.receipt IS NULL AND to_jsonb(NEW) - 'receipt' = to_jsonb(OLD) - 'receipt' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'UPDATE of fact is refused: facts are append-only' USING ERRCODE = 'restrict_violation';
END
$$;
--> statement-breakpoint
DROP TRIGGER "fact_append_only" ON "fact";
--> statement-breakpoint
CREATE TRIGGER "fact_append_only" BEFORE UPDATE ON "fact" FOR EACH ROW EXECUTE FUNCTION "tocsin_receipt_only"();
--> statement-breakpoint
CREATE TRIGGER "fact_no_delete" BEFORE DELETE ON "fact" FOR EACH ROW EXECUTE FUNCTION "tocsin_append_only"();
--> statement-breakpoint
ALTER TABLE "fact" ENABLE ALWAYS TRIGGER "fact_append_only";
--> statement-breakpoint
ALTER TABLE "fact" ENABLE ALWAYS TRIGGER "fact_no_delete";
