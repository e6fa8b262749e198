import { useState } from 'preact/hooks';
import { type Fields, listOf } from '../../../fields.js';
import { Blocks } from '../blocks/blocks.js';
import type { Place, Typed } from '../place.js';
import { stillThere, valuesOf } from './view-values.js';

/** The Home tab of an app. */
export function HomeView({ view, place }: { view: Fields; place: Place }) {
  const [typed, setTyped] = useState<Typed>();
  return (
    <div class="home">
      <Blocks
        blocks={listOf(view.blocks)}
        place={place}
        values={typed ? stillThere(view, typed) : valuesOf(view)}
        view={String(view.id)}
        onChange={setTyped}
      />
    </div>
  );
}
