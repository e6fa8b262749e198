/** An example of each meaning: the offset, and one place that has it. */
const MEANINGS: Record<string, ReadonlyArray<readonly [offset: string, area: string]>> = {
  PST: [['-08:00', 'America/Los_Angeles']],
  PDT: [['-07:00', 'America/Los_Angeles']],
  MST: [['-07:00', 'America/Denver']],
  MDT: [['-06:00', 'America/Denver']],
  CST: [
    ['-06:00', 'America/Chicago'],
    ['+08:00', 'Asia/Shanghai'],
  ],
  CDT: [
    ['-05:00', 'America/Chicago'],
    ['-04:00', 'America/Havana'],
  ],
  EST: [
    ['-05:00', 'America/New_York'],
    ['+10:00', 'Australia/Brisbane'],
  ],
  EDT: [
    ['-04:00', 'America/New_York'],
    ['+11:00', 'Australia/Sydney'],
  ],
  BST: [
    ['+01:00', 'Europe/London'],
    ['+06:00', 'Asia/Dhaka'],
  ],
  IST: [
    ['+05:30', 'Asia/Kolkata'],
    ['+01:00', 'Europe/Dublin'],
    ['+02:00', 'Asia/Jerusalem'],
  ],
  CET: [['+01:00', 'Europe/Berlin']],
  CEST: [['+02:00', 'Europe/Berlin']],
  AEST: [['+10:00', 'Australia/Sydney']],
  AEDT: [['+11:00', 'Australia/Sydney']],
};

/** Abbreviations of which people in different places think different things. */
export const AMBIGUOUS: ReadonlySet<string> = new Set(Object.keys(MEANINGS));

/**
 * @param typed the time in front of the abbreviation; '' where a zone stands alone
 * @returns the sentence that says how to write what may have been meant
 */
export function exampleZones(abbreviation: string, typed: string): string {
  const before = typed && `${typed} `;
  const examples = (MEANINGS[abbreviation] ?? []).map(
    ([offset, area]) => `\`${before}${area}\` (or \`${before}${offset}\`)`,
  );
  const text = typed && ` If ${abbreviation} begins the text, put \`--\` before it.`;
  return `Write the place or the offset: ${examples.join(', ')}.${text}`;
}
