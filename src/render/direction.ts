const OPENS = /[\u202A\u202B\u202D\u202E\u2066\u2067\u2068]/;
const [PDF, PDI] = ['\u202C', '\u2069'];

/**
 * A text that sets a direction of writing and does not end it (U+202E, U+2066 …) would turn what is written behind it:
 * the name of who said it, even what follows. What ends it is no part of the text, and stands between the two.
 * @returns the text, and behind it what ends whatever it left open
 */
export function closed(text: string): string {
  if (!OPENS.test(text)) return text;
  const open: string[] = [];
  for (const character of text) {
    if (/[\u202A\u202B\u202D\u202E]/.test(character)) open.push(PDF);
    else if (/[\u2066-\u2068]/.test(character)) open.push(PDI);
    else if (character === PDF && open.at(-1) === PDF) open.pop();
    // It ends the isolate with everything that was left open in it.
    else if (character === PDI && open.includes(PDI)) open.length = open.lastIndexOf(PDI);
  }
  return text + open.reverse().join('');
}
