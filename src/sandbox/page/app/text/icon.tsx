const PATHS = {
  picture: 'M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13 7.5h.01',
  file: 'M5 2h7l4 4v12H5zM12 2v4h4',
  trash: 'M3 5h14M8 5V3h4v2M5 5l1 12h8l1-12M8.5 8.5v5M11.5 8.5v5',
  up: 'M3 9h3v8H3zM6 9l4-6c1.5 0 2 1 1.7 2.5L11 8h5c1 0 1.5 1 1.3 2l-1.2 5.5c-.2 1-.9 1.5-1.9 1.5H6',
  down: 'M17 11h-3V3h3zM14 11l-4 6c-1.5 0-2-1-1.7-2.5L9 12H4c-1 0-1.5-1-1.3-2l1.2-5.5C4.1 3.5 4.8 3 5.8 3H14',
  note: 'M3 4h14v10H9l-4 3v-3H3z',
  info: 'M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM10 9v5M10 6h.01',
  warning: 'M10 3 2 17h16zM10 8v4M10 14.5h.01',
  error: 'M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM7 7l6 6M13 7l-6 6',
  success: 'M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6 10l3 3 5-6',
  lock: 'M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3',
  play: 'M6 4l10 6-10 6z',
} as const;

export type IconName = keyof typeof PATHS;

/** A small line drawing in the colour of the text around it. Without words it says nothing to a screen reader. */
export function Icon({ name, words }: { name: IconName; words?: string }) {
  return (
    <svg
      class={`icon icon-${name}`}
      viewBox="0 0 20 20"
      role={words === undefined ? undefined : 'img'}
      aria-label={words}
      aria-hidden={words === undefined}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
