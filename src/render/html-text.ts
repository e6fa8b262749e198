const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // An HTML reader turns a bare CR into LF.
  '\r': '&#13;',
};

/** Text as HTML, for between tags and inside quoted attributes. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => REFERENCES[character] ?? character);
}
