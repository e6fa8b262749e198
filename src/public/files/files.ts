import type { PublicPage } from '#domain/status/page.js';
import type { PublicFile } from '../folder.js';
import { assets, htmlFiles } from '../pages/pages.js';
import type { StatusSettings } from '../settings.js';
import type { Words } from '../words/words.js';
import { apiFiles } from './api.js';
import { badgeFile } from './badge.js';
import { feedFiles } from './feeds.js';

/** Every file of the page. @param subscribe makes the page where people subscribe; null: nobody can */
export async function* filesOf(
  page: PublicPage,
  only: ReadonlySet<string> | null,
  { look, logo }: StatusSettings,
  words: Words,
  idOf: (of: string) => string,
  subscribe: PublicFile | null,
): AsyncGenerator<PublicFile> {
  const naming = { idOf, titleOf: (incident: Parameters<Words['titleOf']>[0]) => words.titleOf(incident) };
  yield* assets(look);
  if (look.logo && logo) yield [look.logo.file, logo.content];
  yield badgeFile(page, look, {
    label: words.say('badge'),
    overall: ({ kind }) => words.say(`overall.${kind}`),
  });
  // What leads to a page stands behind it: incidents first, the first page last.
  const pages = [...htmlFiles(page, look, { refs: only, subscribe: subscribe !== null })];
  yield* pages.filter(([path]) => path !== 'index.html');
  if (subscribe) yield subscribe;
  yield* feedFiles(page, look, {
    ...naming,
    stateOf: (state) => words.say(`post.${state}`),
    componentStateOf: (state) => words.say(`state.${state}`),
    withdrawnAt: (time) => `${words.say('withdrawn', { time })}. ${words.say('withdrawn.words')}`,
    erased: words.say('erased.words'),
    correctedAt: (time) => words.say('corrected', { time }),
    nextBy: (time) => words.say('next', { time }),
    planned: (from, to) => `${words.say('planned')}: ${words.say('range', { from, to })}`,
  });
  yield* apiFiles(page, look, naming);
  yield* pages.filter(([path]) => path === 'index.html');
}
