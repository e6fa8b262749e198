CREATE TABLE "kept_file" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"n" integer NOT NULL,
	"file" text NOT NULL,
	"bytes" "bytea" NOT NULL,
	"kept_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "kept_file_pkey" PRIMARY KEY("team","incident","n","file")
);
--> statement-breakpoint
CREATE INDEX "fact_captured_at" ON "fact" USING btree ("team",(body::jsonb #>> '{data,channel}'),(body::jsonb #>> '{data,ts}')) WHERE type = 'MessageCaptured';--> statement-breakpoint
CREATE INDEX "fact_amends" ON "fact" USING btree ("team","incident",((body::jsonb #>> '{data,entry}')::int),"seq") WHERE type in ('EntryEdited', 'EntryRetimed', 'EntryStruck', 'MessageEdited', 'MessageDeleted', 'FilesKept');