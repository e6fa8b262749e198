/** Epoch seconds as the wall clock of a zone shows them: `YYYY-MM-DDTHH:mm`. Without a zone: the device's. */
export function toWall(seconds: number, tz: string | undefined): string {
  const parts = new Map(
    new Intl.DateTimeFormat('en-US', {
      ...(tz === undefined ? {} : { timeZone: tz }),
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
      hourCycle: 'h23',
    })
      .formatToParts(new Date(seconds * 1000))
      .map((part) => [part.type, part.value]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  return `${of('year').padStart(4, '0')}-${of('month')}-${of('day')}T${of('hour')}:${of('minute')}`;
}

/** The epoch seconds of a wall clock in a zone; of a time that a change of the clocks skips, the one an hour later. */
export function fromWall(wall: string, tz: string | undefined): number {
  const asUtc = Date.parse(`${wall}Z`) / 1000;
  const shift = (at: number) => Date.parse(`${toWall(at, tz)}Z`) / 1000 - at;
  const guess = asUtc - shift(asUtc);
  // The first guess may stand on the other side of a change of the clocks.
  return asUtc - shift(guess);
}
