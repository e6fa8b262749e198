interface PagerProps {
  /** Where one is: "Rows 1–5 of 12". */
  words: string;
  first: boolean;
  last: boolean;
  move(by: 1 | -1): void;
}

/** Two buttons to leaf through what does not fit; they stay in place at the ends, so that the focus does. */
export function Pager({ words, first, last, move }: PagerProps) {
  return (
    <div class="pager">
      <button
        type="button"
        class="button icon"
        aria-label="Previous"
        aria-disabled={first}
        onClick={() => !first && move(-1)}
      >
        ‹
      </button>
      <span aria-live="polite">{words}</span>
      <button
        type="button"
        class="button icon"
        aria-label="Next"
        aria-disabled={last}
        onClick={() => !last && move(1)}
      >
        ›
      </button>
    </div>
  );
}
