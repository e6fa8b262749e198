/**
 * Something we owe the outside world because of a fact. A row of the outbox; paid in order within its lane.
 * Payloads hold references (sequence and entry numbers), never texts: texts can be erased, payloads are not.
 */
export type Effect =
  /**
   * Make the channel, invite, topic, headline: once per incident, finished if interrupted. `owner`: whose word it was, where
   * a machine spoke, and `typed` the channel where it was typed: for telling somebody that there is no channel.
   */
  | { kind: 'channel.open'; payload: { owner?: string; typed?: string } }
  /** Show entry `n` in the incident's channel; `head` is the chain's hash, shown at state changes. */
  | { kind: 'channel.entry'; payload: { n: number; head: string | null } }
  /** Tell the channel of a correction of entry `n`. */
  | { kind: 'channel.amend'; payload: { n: number; how: 'edited' | 'retimed' | 'struck' } }
  /** Bring headline and topic up to date with the state. */
  | { kind: 'headline.refresh'; payload: Record<string, never> }
  /** Announce the incident, or bring its announcement up to date. In a lane of its own: it needs no channel of the incident's. */
  | { kind: 'announcement.refresh'; payload: Record<string, never> }
  /** Tell the incident's channel what was given up: these rows of the outbox. */
  | { kind: 'channel.notice'; payload: { rows: number[] } }
  /** Tell the incident's channel that these of its entries and runs are in the record no more: from, to. */
  | {
      kind: 'channel.restored';
      payload: { entries: [number, number] | null; runs: [number, number] | null };
    }
  /**
   * Tell a person that what they wait for does not come: that row of the outbox. In a lane of its own. `typed`: the channel
   * where they asked for it, for when they cannot be told directly. `absent`: the channel is there, and Slack's code for not
   * letting them in.
   */
  | { kind: 'person.tell'; payload: { user: string; row: number; typed?: string; absent?: string } }
  | { kind: 'people.invite'; payload: { people: string[] } }
  /** Take people out of the incident's channel; `by`: who is told when Slack refuses. */
  | { kind: 'people.remove'; payload: { people: string[]; by: string } }
  /** Fetch a message that somebody pinned (`by`: their id) and record it, at its own time; `ts` is Slack's, never a float. */
  | { kind: 'message.capture'; payload: { channel: string; ts: string; by: string } }
  /** Send an export file to whoever asked, in the channel where they asked; `asked` when, in ISO 8601. */
  | {
      kind: 'export.send';
      payload: { format: string; zone: string; channel: string; user: string; asked?: string };
    }
  /** Take a run as far as it goes now. In the run's own lane, by workers of runs: it may take long. */
  | { kind: 'run.advance'; payload: { run: number } }
  /** Bring the run's one message in the channel up to date. */
  | { kind: 'run.show'; payload: { run: number } }
  /** Offer, with a button, to plan a runbook on what a drift watch has found. Inputs are names of stores. */
  | { kind: 'run.offer'; payload: { runbook: string; inputs: Record<string, string> } }
  /** Tell everybody who is there, and the announcement channel, that the glass was broken; its reason is with the fact `seq`. */
  | { kind: 'run.alarm'; payload: { run: number; seq: number } }
  /** Send what a step printed as a file; its text is with the fact `seq`. */
  | { kind: 'run.log'; payload: { run: number; step: string; seq: number } }
  /** Post the messages that a step asked for; their texts are with the fact `seq`. */
  | { kind: 'run.post'; payload: { run: number; seq: number; posts: number } };

export type EffectKind = Effect['kind'];
