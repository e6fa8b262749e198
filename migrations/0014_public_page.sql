CREATE TABLE "status_component" (
	"team" text NOT NULL,
	"name" text NOT NULL,
	"since" timestamp(0) with time zone NOT NULL,
	CONSTRAINT "status_component_pkey" PRIMARY KEY("team","name")
);
--> statement-breakpoint
CREATE INDEX "entry_public" ON "entry" USING btree ("team","incident","n") WHERE kind = 'post' or kind = 'component' and detail ? 'state';--> statement-breakpoint
CREATE INDEX "outbox_page" ON "outbox" USING btree ("team","id") WHERE kind = 'status.page';