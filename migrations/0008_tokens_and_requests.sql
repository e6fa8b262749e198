ALTER TABLE "fact" ADD COLUMN "asked" text;--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "expires_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "last_used_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "token" ADD COLUMN "revoked_at" timestamp(3) with time zone;--> statement-breakpoint
-- What was asked is known by a fingerprint, from which a short text could be guessed: it goes when the receipt goes.
CREATE OR REPLACE FUNCTION "tocsin_receipt_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.receipt IS NULL AND to_jsonb(NEW) - 'receipt' - 'asked' = to_jsonb(OLD) - 'receipt' - 'asked' THEN
    NEW.asked := NULL;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'UPDATE of fact is refused: facts are append-only' USING ERRCODE = 'restrict_violation';
END
$$;
