CREATE SEQUENCE "lane_fence" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
ALTER TABLE "workspace" ADD COLUMN "home" text;--> statement-breakpoint
ALTER TABLE "workspace" ADD COLUMN "restored_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "workspace" ADD COLUMN "numbers_from" integer;--> statement-breakpoint
CREATE INDEX "outbox_done" ON "outbox" USING btree ("done_at") WHERE done_at is not null;--> statement-breakpoint
-- Above every fence that was ever given: until now a lane counted its own, and no lane was ever removed.
SELECT setval('lane_fence', greatest((SELECT max(fence) FROM "lane"), 1));
