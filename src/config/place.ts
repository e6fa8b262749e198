import { type Document, isMap, isScalar } from 'yaml';

/** Where a path of keys stands in a YAML file: `tocsin.yml:12`. A path that is not there: the nearest that is. */
export type PlaceOf = (path: readonly PropertyKey[]) => string;

/** @param source what `document` was parsed from */
export function placesIn(document: Document, source: string, file: string): PlaceOf {
  return (path) => {
    let offset = 0;
    for (let length = path.length; length > 0 && offset === 0; length--)
      offset = offsetOf(document, path.slice(0, length)) ?? 0;
    return `${file}:${source.slice(0, offset).split('\n').length}`;
  };
}

/** Of the key where there is one: the value of `store:` may begin on the next line. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent))
    for (const { key } of parent.items)
      if (isScalar(key) && String(key.value) === String(path.at(-1))) return key.range?.[0];
  return (document.getIn(path, true) as { range?: [number, number, number] } | undefined)?.range?.[0];
}
