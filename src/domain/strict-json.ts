/**
 * JSON.parse forgives what a record must not: a member given twice (the last one wins silently), a number that is read as
 * another one (`1e400`, `9007199254740993`), half of a surrogate pair (two texts with one UTF-8 form).
 * @returns the value. @throws SyntaxError, saying what is wrong
 */
export function parseStrict(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // What follows may trust the grammar: JSON.parse has just checked it.
  const open: Array<Set<string> | null> = [];
  let name: string | null = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|-?[0-9][0-9.eE+-]*/g)) {
    const first = token[0];
    if (first === '{') open.push(new Set());
    else if (first === '[') open.push(null);
    else if (first === '}' || first === ']') open.pop();
    else if (first === '"') {
      name = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
      if (/\p{Surrogate}/u.test(name)) throw new SyntaxError('half of a surrogate pair');
    } else if (first === ':') {
      const names = open.at(-1);
      if (name !== null && names?.has(name))
        throw new SyntaxError(`the member ${JSON.stringify(name)} twice`);
      if (name !== null) names?.add(name);
    } else if (first !== ',' && JSON.stringify(Number(token)) !== token) {
      throw new SyntaxError(`the number ${token} in another form than RFC 8785 gives it`);
    }
  }
  return value;
}
