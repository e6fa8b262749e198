import type { Severity } from '../words.js';

/** `alerts.rules` of tocsin.yml, checked. The first that matches wins; where none does, a signal opens nothing. */
export interface Rule {
  readonly name: string;
  readonly match: Match;
  readonly does: { readonly open: Opening } | { readonly attach: true } | { readonly ignore: true };
  /** Labels whose values make the group's key; empty: the rule's name is the key. */
  readonly groupBy: readonly string[];
  /** It opens when it has fired for so long; null: at once. */
  readonly forMs: number | null;
  /** It opens when so many of its group have begun to fire within `withinMs`; null: one is enough. */
  readonly count: { readonly times: number; readonly withinMs: number } | null;
  /** In these hours of the day it opens nothing; what still fires at their end does. `from`, `to`: minutes after midnight. */
  readonly quiet: { readonly from: number; readonly to: number; readonly zone: string } | null;
  /** What is done when no alert of the incident fires any more. */
  readonly resolve: 'suggest' | 'auto';
}

/** All that is given must hold. A pattern is a text in which `*` stands for any characters. */
export interface Match {
  readonly sources: readonly string[];
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

export interface Opening {
  /** With `{{ title }}`, `{{ source }}`, `{{ key }}`, `{{ labels.NAME }}`. */
  readonly title: string;
  readonly severity: {
    readonly label: string | null;
    readonly map: Readonly<Record<string, Severity>>;
    readonly otherwise: Severity | null;
  };
  readonly components: readonly string[];
  readonly private: boolean;
  readonly people: readonly string[];
  readonly groups: readonly string[];
  /** The runbook that is offered; its inputs come from here alone. */
  readonly runbook: { readonly name: string; readonly inputs: Readonly<Record<string, string>> } | null;
}
