/**
 * Cut a text to at most `max` UTF-16 units (Slack does not say what it counts; these are never fewer than what it may
 * mean). Never cuts inside a character or an escaped reference.
 * @param tail what stands at the end of a text that was cut; counted in `max`
 */
export function cut(text: string, max: number, tail = '…'): string {
  if (text.length <= max) return text;
  let end = Math.max(0, max - tail.length);
  // A reference such as &amp; is one character to the reader.
  const reference = text.lastIndexOf('&', end - 1);
  if (reference >= 0 && end - reference < 5 && /^&(amp|lt|gt);/.test(text.slice(reference, reference + 5))) {
    if (text.indexOf(';', reference) >= end) end = reference;
  }
  const unit = text.charCodeAt(end - 1);
  if (unit >= 0xd800 && unit <= 0xdbff) end--;
  return text.slice(0, end).trimEnd() + tail.slice(0, max);
}
