CREATE TABLE "entry" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"n" integer NOT NULL,
	"at" timestamp(0) with time zone NOT NULL,
	"until" timestamp(0) with time zone,
	"precision" text NOT NULL,
	"recorded_at" timestamp(3) with time zone NOT NULL,
	"edited_at" timestamp(3) with time zone,
	"kind" text NOT NULL,
	"text" text,
	"erased" boolean NOT NULL,
	"detail" jsonb NOT NULL,
	"struck" boolean NOT NULL,
	"by_id" text NOT NULL,
	"by_name" text,
	"source" text NOT NULL,
	"link" text,
	CONSTRAINT "entry_pkey" PRIMARY KEY("team","incident","n")
);
--> statement-breakpoint
CREATE TABLE "fact" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"seq" integer NOT NULL,
	"type" text NOT NULL,
	"v" integer NOT NULL,
	"recorded_at" timestamp(3) with time zone NOT NULL,
	"body" text NOT NULL,
	"hash" text NOT NULL,
	"key" text,
	"receipt" text,
	CONSTRAINT "fact_pkey" PRIMARY KEY("team","incident","seq")
);
--> statement-breakpoint
CREATE TABLE "fact_text" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"seq" integer NOT NULL,
	"field" text NOT NULL,
	"salt" text,
	"text" text,
	CONSTRAINT "fact_text_pkey" PRIMARY KEY("team","incident","seq","field")
);
--> statement-breakpoint
CREATE TABLE "incident" (
	"team" text NOT NULL,
	"number" integer NOT NULL,
	"seq" integer NOT NULL,
	"head" text NOT NULL,
	"state" jsonb NOT NULL,
	"open" boolean NOT NULL,
	"private" boolean NOT NULL,
	"channel_id" text,
	"updated_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "incident_pkey" PRIMARY KEY("team","number")
);
--> statement-breakpoint
CREATE TABLE "lane" (
	"team" text NOT NULL,
	"lane" text NOT NULL,
	"owner" text,
	"fence" bigint DEFAULT 0 NOT NULL,
	"lease_until" timestamp(3) with time zone,
	"next_at" timestamp(3) with time zone,
	CONSTRAINT "lane_pkey" PRIMARY KEY("team","lane")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"team" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"lane" text NOT NULL,
	"incident" integer NOT NULL,
	"seq" integer NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"due_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp(3) with time zone,
	"done_at" timestamp(3) with time zone,
	"dead_at" timestamp(3) with time zone,
	"error" text,
	"result" jsonb,
	CONSTRAINT "outbox_pkey" PRIMARY KEY("team","id")
);
--> statement-breakpoint
CREATE TABLE "person" (
	"team" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"handle" text,
	"real_name" text,
	"tz" text,
	"is_bot" boolean NOT NULL,
	"deleted" boolean NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "person_pkey" PRIMARY KEY("team","id")
);
--> statement-breakpoint
CREATE TABLE "token" (
	"team" text NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"scope" text NOT NULL,
	"private" boolean NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "token_pkey" PRIMARY KEY("team","name")
);
--> statement-breakpoint
CREATE TABLE "workspace" (
	"team" text PRIMARY KEY NOT NULL,
	"slack_team" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "entry_timeline" ON "entry" USING btree ("team","incident","at","n");--> statement-breakpoint
CREATE UNIQUE INDEX "fact_key" ON "fact" USING btree ("team","key") WHERE key is not null;--> statement-breakpoint
CREATE INDEX "fact_captured" ON "fact" USING btree ("team","incident",(body::jsonb #>> '{data,channel}'),(body::jsonb #>> '{data,ts}')) WHERE type = 'MessageCaptured';--> statement-breakpoint
CREATE INDEX "incident_open" ON "incident" USING btree ("team","number") WHERE open;--> statement-breakpoint
CREATE INDEX "incident_channel" ON "incident" USING btree ("team","channel_id") WHERE channel_id is not null;--> statement-breakpoint
CREATE INDEX "outbox_open" ON "outbox" USING btree ("team","lane","id") WHERE done_at is null and dead_at is null;--> statement-breakpoint
CREATE INDEX "outbox_dead" ON "outbox" USING btree ("team","lane","id") WHERE dead_at is not null;--> statement-breakpoint
CREATE INDEX "person_name" ON "person" USING btree ("team",lower(name));--> statement-breakpoint
CREATE INDEX "person_handle" ON "person" USING btree ("team",lower(handle));--> statement-breakpoint
CREATE INDEX "person_real_name" ON "person" USING btree ("team",lower(real_name));--> statement-breakpoint
CREATE INDEX "token_hash" ON "token" USING btree ("hash");--> statement-breakpoint
CREATE UNIQUE INDEX "workspace_slack_team" ON "workspace" USING btree ("slack_team");