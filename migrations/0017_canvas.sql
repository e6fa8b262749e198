CREATE TABLE "canvas" (
	"team" text NOT NULL,
	"incident" integer NOT NULL,
	"canvas" text,
	"seq" integer NOT NULL,
	"digest" text,
	"refused" text,
	"settled" boolean DEFAULT false NOT NULL,
	"at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "canvas_pkey" PRIMARY KEY("team","incident")
);
