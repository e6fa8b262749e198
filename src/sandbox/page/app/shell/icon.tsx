const PATHS = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  hash: 'M9 4L7 20M17 4l-2 16M4 9h16M4 15h16',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 18a7 7 0 1 1 0-14 7 7 0 0 1 0 14zM16 16l5 5',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.500c2.200.8 3.500 2.700 3.500 5.500',
  pin: 'M9 4h6l-.7 6 3.200 3.500v1.500H6.500v-1.500L9.700 10zM12 15v6',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
  canvas: 'M5 4h14v16H5zM8.500 8.500h7M8.500 12h7M8.500 15.500h4',
  info: 'M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM12 11v5M12 7.800v.2',
  smile: 'M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18zM8.500 14c1.800 2.400 5.200 2.400 7 0M9 9.500v.3M15 9.500v.3',
  reply: 'M4 5h16v11H11l-5 4v-4H4zM8 9h8M8 12.500h5',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  bolt: 'M13 3L5 14h6l-1 7 8-11h-6z',
  send: 'M4 12l16-8-5 16-3.500-6.500z',
  clip: 'M8 12.500l6-6a3 3 0 0 1 4.300 4.300l-8 8a5 5 0 0 1-7-7l7.500-7.500',
  at: 'M12 16a4 4 0 1 1 0-8 4 4 0 0 1 0 8zM16 8v5.500c0 3.500 5 3 5-1.500a9 9 0 1 0-3.500 7',
  eye: 'M2.500 12c4-7.500 15-7.500 19 0-4 7.500-15 7.500-19 0zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  traffic: 'M4 8h14l-3.500-3.500M20 16H6l3.500 3.500',
  columns: 'M4 5h16v14H4zM12 5v14',
  home: 'M4 11l8-7 8 7v9h-5.500v-6h-5v6H4z',
  bookmark: 'M7 4h10v17l-5-4-5 4z',
  down: 'M12 5v14M6 13l6 6 6-6',
  again: 'M5 12a7 7 0 1 0 2.500-5.400M5 4v4h4',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 21c0-4.500 3.500-7 7.500-7s7.500 2.500 7.500 7',
} as const;

export type IconName = keyof typeof PATHS;

/** A small drawing that says nothing to screen readers: what holds it has a name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
