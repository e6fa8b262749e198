CREATE TABLE "action_reminder" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"action" integer NOT NULL,
	"owner" text NOT NULL,
	"due" date NOT NULL,
	"stage" integer NOT NULL,
	"told_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "action_reminder_pkey" PRIMARY KEY("team","incident","action")
);
--> statement-breakpoint
CREATE TABLE "ticket" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"action" integer NOT NULL,
	"place" text NOT NULL,
	"ticket" text NOT NULL,
	"seen" text NOT NULL,
	"looked_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"turns" integer DEFAULT 0 NOT NULL,
	"turned_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ticket_pkey" PRIMARY KEY("team","incident","action")
);
--> statement-breakpoint
CREATE INDEX "ticket_named" ON "ticket" USING btree ("team","place","ticket");--> statement-breakpoint
CREATE INDEX "entry_action" ON "entry" USING btree ("team","incident",((detail ->> 'action')::int),"n") WHERE kind = 'action';