/** One component that the public may know of. */
export interface ComponentSettings {
  readonly name: string;
  readonly group: string | null;
  readonly description: string | null;
  /** From when on it was watched (UTC): before that nothing is known of it, unless a fact says something. null: not said. */
  readonly since: string | null;
}

export const LANGUAGES = ['en', 'de', 'fr', 'es', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

/** How the page looks: `status:` of tocsin.yml. */
export interface LookSettings {
  readonly title: string;
  /** Where the public finds the page, without a slash at its end; null: not known. Feeds, mails and the JSON need it. */
  readonly url: string | null;
  readonly language: Language;
  /** IANA. */
  readonly zone: string;
  /** An image in the built folder; null: none. */
  readonly logo: { readonly file: string; readonly alt: string } | null;
  /** `#rrggbb`; null: our own. Whatever has too little contrast was refused when it was read. */
  readonly colours: { readonly accent: string | null; readonly accentDark: string | null };
  readonly links: ReadonlyArray<{ readonly text: string; readonly url: string }>;
  /** A sentence or two under the title; null: none. */
  readonly about: string | null;
}
