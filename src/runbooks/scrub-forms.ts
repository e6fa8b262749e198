/** One way in which a secret may stand in a text. */
export interface Form {
  text: string;
  /** Written in the 64 letters or in hex: programs break such text into lines anywhere. */
  breakable: boolean;
  /** Letters at either end that hold bits of the secret beside those of its neighbours. */
  before: 0 | 1;
  after: 0 | 1;
}

const whole = (text: string): Form => ({ text, breakable: false, before: 0, after: 0 });

/** Every form that is looked for; more than one level deep only where programs do that without being asked (JSON in JSON). */
export function formsOf(secret: string): Form[] {
  const bytes = Buffer.from(secret, 'utf8');
  const forms = [secret, ...quoted(secret), ...urlEncoded(secret, bytes)].map(whole);
  const hex = bytes.toString('hex');
  for (const text of [hex, hex.toUpperCase()]) forms.push({ ...whole(text), breakable: true });
  forms.push(...inBase64(bytes));
  return [...new Map(forms.map((form) => [form.text, form])).values()];
}

/** Inside the quotes of a JSON text: as Node writes it, with `/` escaped, in ASCII only, safe for HTML, and twice. */
function quoted(secret: string): string[] {
  const inside = (text: string) => JSON.stringify(text).slice(1, -1);
  const code = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const once = inside(secret);
  const variants = [
    once,
    once.replaceAll('/', '\\/'),
    once.replace(/[^\0-~]/g, code),
    once.replace(/[<>&\u2028\u2029]/g, code),
    once.replace(/[<>&'+]|[^\0-~]/g, (char) => code(char).toUpperCase().replace('\\U', '\\u')),
  ];
  return variants.flatMap((text) => [text, inside(text)]);
}

/** In an address or a form: the blank as `%20` or `+`, marks left alone or not, the hex digits large or small. */
function urlEncoded(secret: string, bytes: Buffer): string[] {
  const percent = (byte: number) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  const keeping = (kept: RegExp) =>
    Array.from(bytes, (byte) =>
      kept.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percent(byte),
    ).join('');
  const variants = [
    keeping(/[A-Za-z0-9_.!~*'()-]/),
    keeping(/[A-Za-z0-9_.~-]/),
    keeping(/[A-Za-z0-9_.*-]/),
    keeping(/[A-Za-z0-9_.~/:@-]/),
    keeping(/[A-Za-z0-9;,/?:@&=+$_.!~*'()#-]/),
    keeping(/[A-Za-z0-9]/),
    keeping(/[^\0-\xff]/),
    new URLSearchParams([['', secret]]).toString().slice(1),
  ];
  const lower = (text: string) => text.replace(/%../g, (code) => code.toLowerCase());
  const plus = (text: string) => text.replaceAll('%20', '+');
  return variants.flatMap((text) => [text, plus(text)]).flatMap((text) => [text, lower(text)]);
}

/**
 * Within something longer that was encoded as a whole (`user:SECRET` in a header), the secret may begin at any of three
 * places of a group. The letters that hold only bits of it are the form; one beside them may hold a few more.
 */
function inBase64(bytes: Buffer): Form[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = Math.ceil((8 * offset) / 6);
    const end = Math.floor((8 * (offset + bytes.length)) / 6);
    const text = encoded.slice(start, end);
    const form: Omit<Form, 'text'> = {
      breakable: true,
      before: (8 * offset) % 6 === 0 ? 0 : 1,
      after: (8 * (offset + bytes.length)) % 6 === 0 ? 0 : 1,
    };
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')].map((one) => ({ text: one, ...form }));
  });
}
