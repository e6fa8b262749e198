import type { Fact } from '#domain/fact.js';
import type { IncidentState } from '#domain/state.js';

/** It is in the record. `receipt` is the sentence that says so; a repeat gets the first one again, with no facts. */
export interface Recorded {
  recorded: true;
  team: string;
  incident: number;
  ref: string;
  receipt: string;
  repeated: boolean;
  facts: Fact[];
  state: IncidentState;
}
