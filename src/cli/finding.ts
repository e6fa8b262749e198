/** One thing that `doctor` looked at. `fix`: what to do when it is not well. */
export interface Finding {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string;
}
