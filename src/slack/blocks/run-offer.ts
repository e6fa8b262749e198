import { type CarriedOffer, packOffer } from '../buttons/offer.js';
import { escaped, type Message, plain, section } from './text.js';

/** Under which Slack tells us that somebody wants the plan. */
export const OFFER_ACTION = 'offer:plan';

/** Offers to plan a runbook. What would be done is then shown as a run's plan, and nothing is done without approval. */
export function runOfferMessage(offer: CarriedOffer, command: string): Message {
  const inputs = Object.entries(offer.inputs).map(([name, value]) => `${name}=${value}`);
  const line = `${command} run ${[offer.runbook, ...inputs].join(' ')}`;
  const text = `\`${escaped(offer.runbook)}\` can mend this: \`${escaped(line)}\``;
  const value = packOffer(offer);
  return {
    text,
    blocks: [
      section(text),
      ...(value === null
        ? []
        : [
            {
              type: 'actions' as const,
              elements: [
                {
                  type: 'button' as const,
                  action_id: OFFER_ACTION,
                  text: plain(`Plan ${offer.runbook}`.slice(0, 75)),
                  value,
                },
              ],
            },
          ]),
    ],
  };
}
