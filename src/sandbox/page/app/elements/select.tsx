import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Fields, isFields, textOf } from '../../../fields.js';
import type { Choice, Place, Suggested } from '../place.js';
import { emojiText } from '../text/emoji.js';
import { wordsOf } from '../text/plain.js';
import { Trouble } from './buttons.js';
import { Combobox, type Item, type ItemGroup } from './combobox.js';
import { type ElementProps, groupsOf, troubleOf, useTalk } from './form.js';
import { listOfValues, optionsOf, optionValue } from './values.js';

// Slack asks the app once somebody pauses.
const PAUSE_MS = 250;
const MIN_QUERY = 3;
/** Longer lists are cut: typing finds the rest. */
const MOST_SHOWN = 100;

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  users: 'Choose a person',
  conversations: 'Choose a conversation',
  channels: 'Choose a channel',
};

/** Every kind of select and multi-select. */
export function Select(props: ElementProps) {
  const { form, block, element, naming } = props;
  const talk = useTalk(props);
  const [query, setQuery] = useState<string>();
  const type = String(element.type);
  const many = type.startsWith('multi_');
  const source = type.replace('multi_', '').replace('_select', '');
  const suggested = useSuggestions(props, source === 'external' ? query : undefined);
  const groups = useGroups(form.place, element, source, suggested.found);
  const value = form.valueOf(block, element);
  // A select opened without typing shows everything, whatever is chosen.
  const shown = source === 'external' ? groups : matching(groups, query ?? '');
  const all = groups.flatMap((group) => group.items);
  const chosen = listOfValues(value).map((id, index) =>
    itemOf(id, Array.isArray(value) ? value[index] : value, all, form.place),
  );
  const options = [
    ...optionsOf(element),
    ...(suggested.found.options ?? []),
    ...(suggested.found.groups ?? []).flatMap((it) => optionsOf(it)),
  ];
  const keepable = (id: string): unknown => {
    if (source !== 'external') return id;
    const before = Array.isArray(value) ? value : [value];
    return [...options, ...before].find((it) => optionValue(it) === id) ?? id;
  };
  return (
    <span class="with-trouble">
      <Combobox
        naming={naming}
        placeholder={placeholderOf(props, source)}
        groups={shown}
        chosen={chosen}
        most={many ? Number(element.max_selected_items ?? Number.POSITIVE_INFINITY) : undefined}
        clearable={block.type === 'input'}
        busy={talk.busy || suggested.loading}
        focus={element.focus_on_load === true}
        action={textOf(element.action_id)}
        note={suggested.note}
        onQuery={setQuery}
        onChoose={(items) => {
          const values = items.map((it) => keepable(it.id));
          void talk.change(many ? values : (values[0] ?? null));
        }}
      />
      <Trouble talk={talk} />
    </span>
  );
}

function placeholderOf({ form, element }: ElementProps, source: string): string {
  const words = wordsOf(element.placeholder);
  return words ? emojiText(words, form.place.names.emoji) : (PLACEHOLDERS[source] ?? 'Choose an option');
}

function useGroups(place: Place, element: Fields, source: string, found: Suggested): ItemGroup[] {
  const { people, channels, conversations, names } = place;
  return useMemo(() => {
    const words = (text: unknown) => emojiText(wordsOf(text) ?? '', names.emoji);
    const toItem = (option: Fields): Item => ({
      id: String(option.value),
      label: words(option.text),
      detail: option.description === undefined ? undefined : words(option.description),
    });
    const toGroup = ({ label, options }: ReturnType<typeof groupsOf>[number]): ItemGroup => ({
      label: label === undefined ? undefined : words(label),
      items: options.map(toItem),
    });
    switch (source) {
      case 'users':
        return [{ items: people }];
      case 'channels':
        return [{ items: channels.filter((it) => it.kind === undefined || it.kind === 'public') }];
      case 'conversations':
        return [{ items: conversations.filter((it) => passes(it, element.filter)) }];
      case 'external':
        return groupsOf(found.options, found.groups).map(toGroup);
      default: {
        const groups = Array.isArray(element.option_groups)
          ? element.option_groups.filter(isFields)
          : undefined;
        return groupsOf(optionsOf(element), groups).map(toGroup);
      }
    }
  }, [people, channels, conversations, names, element, source, found]);
}

/** Whether a conversation passes the `filter` of a menu. */
function passes(choice: Choice, filter: unknown): boolean {
  if (!isFields(filter)) return true;
  const { include } = filter;
  if (Array.isArray(include) && choice.kind !== undefined && !include.includes(choice.kind)) return false;
  if (filter.exclude_bot_users === true && choice.bot) return false;
  return !(filter.exclude_external_shared_channels === true && choice.shared);
}

function matching(groups: readonly ItemGroup[], query: string): ItemGroup[] {
  const wanted = query.trim().replace(/^[@#]/, '').toLowerCase();
  let room = MOST_SHOWN;
  return groups.map((group) => {
    const fits = wanted === '' ? group.items : group.items.filter((it) => hits(it, wanted));
    const items = fits.slice(0, room);
    room -= items.length;
    return { ...group, items };
  });
}

function hits({ label, detail }: Item, wanted: string): boolean {
  return label.toLowerCase().includes(wanted) || (detail?.toLowerCase().includes(wanted) ?? false);
}

/** What is chosen, with its words: from the list, from the option itself, or from the workspace. */
function itemOf(id: string, value: unknown, all: readonly Item[], place: Place): Item {
  const known = all.find((it) => it.id === id);
  if (known) return known;
  if (isFields(value)) return { id, label: wordsOf(value.text) ?? id };
  const others = [...place.people, ...place.channels, ...place.conversations];
  return { id, label: others.find((it) => it.id === id)?.label ?? id };
}

interface Suggestions {
  readonly found: Suggested;
  readonly loading: boolean;
  readonly note?: string;
}

const NOTHING: Suggested = {};

/** Asks the app for options while somebody types; only the last question counts. */
function useSuggestions({ form, block, element }: ElementProps, query: string | undefined): Suggestions {
  const [found, setFound] = useState<Suggested>(NOTHING);
  const [loading, setLoading] = useState(false);
  const asked = useRef(0);
  const least = Number(element.min_query_length ?? MIN_QUERY);
  const enough = query !== undefined && query.length >= least;
  // A question is asked for what is typed, not for every drawing.
  useEffect(() => {
    asked.current += 1;
    const mine = asked.current;
    setFound(NOTHING);
    setLoading(enough);
    if (!enough) return;
    const timer = setTimeout(
      async () => {
        const around = form.around(block, element, form.valueOf(block, element));
        const answer = await form.place
          .suggest(block, element, query, around)
          .catch((): Suggested => ({ error: 'connection_failed' }));
        if (asked.current !== mine) return;
        setFound(answer);
        setLoading(false);
      },
      query === '' ? 0 : PAUSE_MS,
    );
    return () => clearTimeout(timer);
  }, [query, enough]);
  const note =
    query === undefined
      ? undefined
      : !enough
        ? `Type ${least} or more characters to see options.`
        : loading
          ? 'Loading…'
          : found.error && troubleOf(found.error);
  return { found, loading, note };
}
