ALTER TABLE "outbox" ADD COLUMN "key" text;--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_key" ON "outbox" USING btree ("team","key") WHERE key is not null;