CREATE TABLE "run_target" (
	"team" text NOT NULL,
	"target" text NOT NULL,
	"incident" integer NOT NULL,
	"run" integer NOT NULL,
	"since" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "run_target_pkey" PRIMARY KEY("team","target")
);
--> statement-breakpoint
CREATE TABLE "schedule" (
	"team" text NOT NULL,
	"name" text NOT NULL,
	"spec" text NOT NULL,
	"next_at" timestamp(3) with time zone NOT NULL,
	"last_at" timestamp(3) with time zone,
	"outcome" text,
	CONSTRAINT "schedule_pkey" PRIMARY KEY("team","name")
);
--> statement-breakpoint
CREATE INDEX "fact_run" ON "fact" USING btree ("team","incident",((body::jsonb #>> '{data,run}')::int),"seq") WHERE type ~ '^(Run|Step)';